//! The country of an IP address: who is asked, and what an answer looks like.

mod address;
#[cfg(feature = "country")]
mod registries;
mod table;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

pub use table::{CountryTable, CountryTableError};

/// Two capital letters that stand for a country (ISO 3166-1 alpha-2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// The code in this text, whatever the case of its letters; `None` unless it is two ASCII letters.
    ///
    /// ```
    /// use statsig::CountryCode;
    ///
    /// assert_eq!(CountryCode::new("de").map(|code| code.to_string()), Some("DE".to_owned()));
    /// assert_eq!(CountryCode::new("-"), None);
    /// ```
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let letters: [u8; 2] = text.as_bytes().try_into().ok()?;
        letters
            .iter()
            .all(u8::is_ascii_alphabetic)
            .then(|| Self(letters.map(|letter| letter.to_ascii_uppercase())))
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Letters of ASCII are text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Knows the country of an IP address.
///
/// Conditions on the country of a user ask it when the user carries none. By default that is a table made from the
/// statistics of the internet registries, which come without obligations (feature `country`). Tables of different origin
/// disagree on about 7 of 100 addresses. Statsig's other SDKs use IP2Location LITE: where their buckets must match to the last
/// address, load that table as a [`CountryTable`], or implement this trait over a database that you have.
///
/// It is called on the caller's thread, at most once for each user and client: it must not wait.
///
/// ```
/// use std::net::IpAddr;
/// use std::sync::Arc;
/// use statsig::{CountryCode, CountryLookup, StatsigOptions};
///
/// #[derive(Debug)]
/// struct Office;
///
/// impl CountryLookup for Office {
///     fn country_of(&self, address: IpAddr) -> Option<CountryCode> {
///         matches!(address, IpAddr::V4(v4) if v4.is_private()).then(|| CountryCode::new("NL"))?
///     }
/// }
///
/// let options = StatsigOptions::builder().country_lookup(Arc::new(Office)).build()?;
/// # let _ = options;
/// # Ok::<(), statsig::OptionsError>(())
/// ```
pub trait CountryLookup: fmt::Debug + Send + Sync + 'static {
    /// The country of an address. IPv4 addresses that are mapped into IPv6 come as IPv4.
    fn country_of(&self, address: IpAddr) -> Option<CountryCode>;
}

/// Where one client looks countries up.
#[derive(Debug, Clone)]
pub(crate) struct Countries {
    lookup: Option<Arc<dyn CountryLookup>>,
    /// Told apart by this, so that what a user remembers of one client is not taken for another's.
    id: u64,
}

impl Countries {
    /// Looks countries up here; without a lookup, in the registries' table if it is compiled in.
    pub(crate) fn new(lookup: Option<Arc<dyn CountryLookup>>) -> Self {
        match lookup {
            Some(lookup) => Self {
                lookup: Some(lookup),
                id: fastrand::u64(1..),
            },
            None => Self::registries(),
        }
    }

    /// Knows no country.
    pub(crate) fn disabled() -> Self {
        Self {
            lookup: None,
            id: 0,
        }
    }

    #[cfg(feature = "country")]
    fn registries() -> Self {
        Self {
            lookup: Some(Arc::new(registries::Registries)),
            id: 0,
        }
    }

    #[cfg(not(feature = "country"))]
    fn registries() -> Self {
        Self::disabled()
    }

    pub(crate) fn can_look_up(&self) -> bool {
        self.lookup.is_some()
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The country of the address in this text.
    pub(crate) fn country_of(&self, ip: &str) -> Option<CountryCode> {
        let lookup = self.lookup.as_deref()?;
        lookup.country_of(address::parse(ip)?)
    }
}
