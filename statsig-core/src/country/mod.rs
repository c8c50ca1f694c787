//! The country of an IP address: the lookup and its result.

mod address;
mod table;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

pub use table::{CountryTable, CountryTableError};

/// Two capital letters for a country (ISO 3166-1 alpha-2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// Parses a code of two ASCII letters in any case. Returns `None` for other texts.
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
        // ASCII letters are valid UTF-8.
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

/// Looks up the country of an IP address.
///
/// Conditions on the country use it for a user without a country. Tables of different publishers
/// disagree on about 7 of 100 addresses. So the default is the table in Statsig's other SDKs
/// (feature `country`), and all SDKs assign a user to the same country. To use another table, load
/// a [`CountryTable`], or implement this trait for your database.
///
/// This site or product includes IP2Location LITE data available from
/// <https://lite.ip2location.com>. A product with the feature `country` must show this sentence;
/// see the crate `statsig-country`.
///
/// The SDK calls it on the caller's thread, at most once for each user and client. It must not
/// block.
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
    /// The country of an address. IPv6 addresses arrive only with `ipv6_countries`. IPv4-mapped
    /// addresses arrive as IPv4.
    fn country_of(&self, address: IpAddr) -> Option<CountryCode>;
}

/// The country lookup of one client.
#[derive(Debug, Clone)]
pub struct Countries {
    lookup: Option<Arc<dyn CountryLookup>>,
    /// Whether IPv6 addresses are looked up.
    reads_ipv6: bool,
    /// Identifies the lookup. A user caches its country with this ID, and another client does not
    /// use the cached value.
    id: u64,
}

impl Countries {
    /// A lookup by the application, for IPv4 addresses.
    #[must_use]
    pub fn of_application(lookup: Arc<dyn CountryLookup>) -> Self {
        Self {
            id: fastrand::u64(2..),
            ..Self::built_in(lookup)
        }
    }

    /// A lookup with equal results for all clients, for IPv4 addresses.
    #[must_use]
    pub fn built_in(lookup: Arc<dyn CountryLookup>) -> Self {
        Self {
            lookup: Some(lookup),
            ..Self::disabled()
        }
    }

    /// The same lookup, also for IPv6 addresses.
    #[must_use]
    pub fn with_ipv6(self) -> Self {
        Self {
            reads_ipv6: true,
            // The built-in table has different results with and without IPv6.
            id: self.id.max(1),
            ..self
        }
    }

    /// A lookup that never finds a country.
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

    /// Two lookups with the same ID have equal results.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The country of an address in text form.
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

    /// A test lookup: France for IPv4 addresses, Sweden for IPv6 addresses.
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
        let countries = Countries::of_application(Arc::new(Everywhere));
        for ip in [
            "::ffff:8.8.8.8",
            "::FFFF:808:808",
            "2001:4860:4860::8888",
            "2A00:1450::1",
            "::1",
        ] {
            assert_eq!(found(&countries, ip), None, "{ip}");
        }
        assert_eq!(found(&countries, "8.8.8.8").as_deref(), Some("FR"));
    }

    #[test]
    fn ipv6_addresses_are_looked_up_on_request() {
        let countries = Countries::of_application(Arc::new(Everywhere)).with_ipv6();
        for (ip, country) in [
            ("8.8.8.8", Some("FR")),
            ("::ffff:8.8.8.8", Some("FR")),
            ("2001:4860:4860::8888", Some("SE")),
            ("no address", None),
        ] {
            assert_eq!(found(&countries, ip).as_deref(), country, "{ip}");
        }
    }
}
