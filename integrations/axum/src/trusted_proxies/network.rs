//! A range of addresses.

use std::fmt;
use std::net::IpAddr;

/// The addresses with the same first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    /// The bits of an IPv6 address. An IPv4 address is stored as its IPv4-mapped IPv6 address.
    bits: u128,
    mask: u128,
}

impl Network {
    /// A network such as `10.0.0.0/8`, or a single address.
    pub(super) fn new(text: &str) -> Result<Self, InvalidNetwork> {
        let network = || {
            let text = text.trim();
            let (address, length) = match text.split_once('/') {
                Some((address, length)) => (address, Some(length)),
                None => (text, None),
            };
            let address: IpAddr = address.parse().ok()?;
            let most: u32 = if address.is_ipv4() { 32 } else { 128 };
            let length = length.map_or(Some(most), |length| length.parse().ok())?;
            let free_bits = most.checked_sub(length)?;
            let mask = u128::MAX.checked_shl(free_bits).unwrap_or(0);
            let bits = bits_of(address) & mask;
            Some(Self { bits, mask })
        };
        network().ok_or_else(|| InvalidNetwork {
            found: text.chars().take(MAX_SHOWN_CHARS).collect(),
        })
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        bits_of(address) & self.mask == self.bits
    }
}

fn bits_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

const MAX_SHOWN_CHARS: usize = 100;

/// A text that is not a network.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidNetwork {
    /// The beginning of the text.
    pub found: String,
}

impl fmt::Display for InvalidNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected a network such as `10.0.0.0/8`, `fd00::/8` or `192.0.2.7`, found `{}`",
            self.found.escape_debug()
        )
    }
}

impl std::error::Error for InvalidNetwork {}
