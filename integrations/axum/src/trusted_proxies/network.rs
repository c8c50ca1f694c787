//! A range of addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// The addresses with the same first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    /// The bits of an IPv6 address. An IPv4 address is stored as its IPv4-mapped IPv6 address.
    bits: u128,
    mask: u128,
}

/// The bits of a mapped IPv4 address before the address.
const MAPPED_BITS: u32 = 96;

impl Network {
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        bits_of(address) & self.mask == self.bits
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let network = || {
            let (address, length) = match text.trim().split_once('/') {
                Some((address, length)) => (address, Some(length)),
                None => (text.trim(), None),
            };
            let address: IpAddr = address.parse().ok()?;
            let (before, most) = match address {
                IpAddr::V4(_) => (MAPPED_BITS, 32),
                IpAddr::V6(_) => (0, 128),
            };
            let length: u32 = match length {
                Some(length) => length.parse().ok()?,
                None => most,
            };
            if length > most {
                return None;
            }
            let mask = u128::MAX.checked_shl(128 - before - length).unwrap_or(0);
            Some(Self {
                bits: bits_of(address) & mask,
                mask,
            })
        };
        network().ok_or_else(|| InvalidNetwork {
            found: text.chars().take(MAX_SHOWN_CHARS).collect(),
        })
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
