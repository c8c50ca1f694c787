//! The address of a forward proxy: checks it, and hides its secrets.

use http::Uri;

/// The form of a usable address, for errors.
pub(crate) const EXPECTED: &str = "an address such as http://host:50051";

const MASK: &str = "*****";
/// The longest address that is shown, in characters.
const MAX_SHOWN: usize = 200;

/// Whether a connection to this address is possible. The scheme may be missing.
pub(crate) fn is_usable(url: &str) -> bool {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let is_http = ["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    // Checked with a scheme, because a URI without one may also be a path.
    let parsed = format!("http://{rest}").parse::<Uri>();
    let port_is_valid = |uri: &Uri| {
        let authority = uri.authority()?;
        let after_host = authority.as_str().rsplit_once(authority.host())?.1;
        Some(after_host.is_empty() || authority.port_u16().is_some_and(|port| port > 0))
    };
    is_http
        && !url.contains('#')
        && parsed.is_ok_and(|uri| {
            uri.host().is_some_and(|host| !host.is_empty()) && port_is_valid(&uri) == Some(true)
        })
}

/// The scheme, the host and the port: without credentials, path and query, and without text that
/// looks like a key.
pub(crate) fn shown(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    // The text before an `@` may be a password, even after a `/` without encoding.
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let place = rest.split('/').next().unwrap_or_default();
    let shown = format!("{scheme}{place}");
    if shown.contains("secret-") || shown.contains("client-") {
        return MASK.to_owned();
    }
    if shown.chars().count() > MAX_SHOWN {
        return shown.chars().take(MAX_SHOWN).chain(['…']).collect();
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_no_other_scheme() {
        for url in [
            "",
            "unix:///run/proxy",
            "http://",
            "h:port",
            "a b",
            "h:0",
            "http://h:x",
            "h#",
        ] {
            assert!(!is_usable(url), "{url}");
        }
        for url in [
            "http://h:50051",
            "h:50051",
            "h",
            "https://h",
            "HTTPS://h/",
            "http://[::1]:50051",
        ] {
            assert!(is_usable(url), "{url}");
        }
    }

    #[test]
    fn no_password_token_or_key_is_shown() {
        let cases = [
            (
                "http://user:PASSWORD@proxy:8080/secret-KEY/v1?token=TOKEN",
                "http://proxy:8080",
            ),
            ("http://user:p/w@proxy:1", "http://proxy:1"),
            ("proxy:50051", "proxy:50051"),
            ("https://proxy", "https://proxy"),
            ("secret-KEY", MASK),
            ("", ""),
        ];
        for (url, expected) in cases {
            assert_eq!(shown(url), expected, "{url}");
        }
        let long = "x".repeat(10_000);
        assert_eq!(shown(&long).chars().count(), MAX_SHOWN + 1);
    }
}
