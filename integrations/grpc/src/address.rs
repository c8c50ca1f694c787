//! The address of a forward proxy.

use statsig::transport::is_usable_url;

/// The form of a usable address, for errors.
pub(crate) const EXPECTED: &str = "an address such as http://host:50051";

/// The URL, with the scheme by which tonic decides whether to encrypt. The scheme of the address
/// may be missing. `None` if the address is unusable.
pub(crate) fn url(address: &str, is_encrypted: bool) -> Option<String> {
    let (scheme, rest) = address.split_once("://").unwrap_or(("http", address));
    let scheme = match (scheme.to_ascii_lowercase().as_str(), is_encrypted) {
        ("https", _) | ("http", true) => "https",
        ("http", false) => "http",
        _ => return None,
    };
    let url = format!("{scheme}://{rest}");
    is_usable_url(&url).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_no_other_scheme() {
        for address in [
            "",
            "unix:///run/proxy",
            "http://",
            "h:port",
            "a b",
            "h:0",
            "http://h:x",
            "h#",
        ] {
            assert_eq!(url(address, false), None, "{address}");
        }
    }

    #[test]
    fn the_scheme_follows_what_is_configured_and_never_drops_encryption() {
        for (address, plain, encrypted) in [
            ("http://h:50051", "http://h:50051", "https://h:50051"),
            ("h:80", "http://h:80", "https://h:80"),
            ("h", "http://h", "https://h"),
            ("https://h", "https://h", "https://h"),
            ("HTTPS://h/", "https://h/", "https://h/"),
            ("http://[::1]:1", "http://[::1]:1", "https://[::1]:1"),
        ] {
            assert_eq!(url(address, false).as_deref(), Some(plain), "{address}");
            assert_eq!(url(address, true).as_deref(), Some(encrypted), "{address}");
        }
    }
}
