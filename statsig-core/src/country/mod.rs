//! The country of an IP address: who is asked, and what an answer looks like.

mod address;
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
    /// use statsig::country::CountryCode;
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
/// Conditions on the country use it for a user without a country of their own. Tables of different origin disagree on about 7 of 100
/// addresses. So the default is the table that Statsig's other SDKs embed (feature `country`), and all of them see a user in the same
/// country. To use another table, load it as a [`CountryTable`], or implement this trait over a database of yours.
///
/// This site or product includes IP2Location LITE data available from <https://lite.ip2location.com>. A product with the feature
/// `country` must show this sentence; see the crate `statsig-country`.
///
/// It is called on the caller's thread, at most once for each user and client: it must not wait.
///
/// ```
/// use std::net::IpAddr;
/// use std::sync::Arc;
/// use statsig::country::{CountryCode, CountryLookup};
/// use statsig::StatsigOptions;
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
    /// The country of an address. IPv6 addresses come only with
    /// [`ipv6_countries`](crate::StatsigOptionsBuilder::ipv6_countries); those that map an IPv4 address come as IPv4.
    fn country_of(&self, address: IpAddr) -> Option<CountryCode>;
}

/// Where one client looks countries up.
#[derive(Debug, Clone)]
pub struct Countries {
    lookup: Option<Arc<dyn CountryLookup>>,
    /// Whether IPv6 addresses are looked up.
    reads_ipv6: bool,
    /// Told apart by this, so that what a user remembers of one client is not taken for another's.
    id: u64,
}

impl Countries {
    /// The application's look-up, for IPv4 addresses.
    #[must_use]
    pub fn of_application(lookup: Arc<dyn CountryLookup>) -> Self {
        Self {
            lookup: Some(lookup),
            reads_ipv6: false,
            id: fastrand::u64(2..),
        }
    }

    /// A look-up that answers equally for all clients, for IPv4 addresses.
    #[must_use]
    pub fn built_in(lookup: Arc<dyn CountryLookup>) -> Self {
        Self {
            lookup: Some(lookup),
            ..Self::disabled()
        }
    }

    /// The same for IPv6 addresses too.
    #[must_use]
    pub fn with_ipv6(self) -> Self {
        Self {
            reads_ipv6: true,
            // The built-in table answers differently with and without.
            id: self.id.max(1),
            ..self
        }
    }

    /// Knows no country.
    #[must_use]
    pub fn disabled() -> Self {
        Self {
            lookup: None,
            reads_ipv6: false,
            id: 0,
        }
    }

    /// Whether any address may have a country.
    #[must_use]
    pub fn can_look_up(&self) -> bool {
        self.lookup.is_some()
    }

    /// Two look-ups with the same number answer equally.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The country of the address in this text.
    #[must_use]
    pub fn country_of(&self, ip: &str) -> Option<CountryCode> {
        let lookup = self.lookup.as_deref()?;
        let address = match address::parse_v4(ip) {
            Some(address) => address.into(),
            None if self.reads_ipv6 => address::parse_v6(ip)?,
            None => return None,
        };
        lookup.country_of(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Knows where every address is.
    #[derive(Debug)]
    struct Everywhere;

    impl CountryLookup for Everywhere {
        fn country_of(&self, address: IpAddr) -> Option<CountryCode> {
            CountryCode::new(if address.is_ipv4() { "FR" } else { "SE" })
        }
    }

    fn found(countries: &Countries, ip: &str) -> Option<String> {
        Some(countries.country_of(ip)?.to_string())
    }

    #[test]
    fn ipv6_addresses_have_no_country_as_in_other_statsig_sdks() {
        let brought = Countries::of_application(Arc::new(Everywhere));
        for ip in [
            "::ffff:8.8.8.8",
            "::FFFF:808:808",
            "2001:4860:4860::8888",
            "2A00:1450::1",
            "::1",
        ] {
            assert_eq!(found(&brought, ip), None, "{ip}");
        }
        assert_eq!(found(&brought, "8.8.8.8").as_deref(), Some("FR"));
    }

    #[test]
    fn ipv6_addresses_are_looked_up_on_request() {
        let brought = Countries::of_application(Arc::new(Everywhere)).with_ipv6();
        for (ip, country) in [
            ("8.8.8.8", Some("FR")),
            ("::ffff:8.8.8.8", Some("FR")),
            ("2001:4860:4860::8888", Some("SE")),
            ("no address", None),
        ] {
            assert_eq!(found(&brought, ip).as_deref(), country, "{ip}");
        }
    }
}
