//! Addresses: the check whether a request can go there, and their text without secrets.

use std::cell::Cell;
use std::fmt;
use std::ops::Deref;

use url::{SyntaxViolation, Url};

use crate::mask;

const MASK: &str = "*****";
/// The form of a usable address, for errors.
pub(crate) const EXPECTED: &str = "a URL such as https://host:443/path, without white space or `#`";

/// A URL. Its `Debug` shows the host and the path, but no credentials, keys or query.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address(String);

impl Address {
    /// The address without the white space around it; `None` when the rest is empty or `null`.
    pub(crate) fn given(url: &str) -> Option<Self> {
        let url = url.trim();
        (!url.is_empty() && !url.eq_ignore_ascii_case("null")).then(|| Self(url.to_owned()))
    }
}

impl Deref for Address {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Address {
    fn from(url: &str) -> Self {
        Self(url.to_owned())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", shown(self))
    }
}

/// Reads a URL with a host, unless it needs a repair.
///
/// The `url` crate repairs URLs as browsers do: it drops tabs, reads `\` as `/`, and skips slashes.
/// Another HTTP library may read such a URL differently, so this function rejects it.
pub(crate) fn parse(text: &str) -> Option<Url> {
    let is_repaired = Cell::new(false);
    let note = |violation| {
        use SyntaxViolation::{
            Backslash, C0SpaceIgnored, ExpectedDoubleSlash, TabOrNewlineIgnored,
        };

        let is_repair = matches!(
            violation,
            Backslash | C0SpaceIgnored | ExpectedDoubleSlash | TabOrNewlineIgnored
        );
        is_repaired.set(is_repaired.get() || is_repair);
    };
    let parsing = Url::options()
        .syntax_violation_callback(Some(&note))
        .parse(text);
    let url = parsing.ok().filter(Url::has_host)?;
    (!is_repaired.get()).then_some(url)
}

/// Like `parse`, but only for `http` and `https`.
pub(crate) fn parse_http(text: &str) -> Option<Url> {
    parse(text).filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Whether requests can go to this URL.
#[must_use]
pub fn is_usable(text: &str) -> bool {
    let is_clean = !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#');
    is_clean && parse_http(text).is_some_and(|url| url.port() != Some(0))
}

/// Whether this is a host, or a host and a port.
pub(crate) fn is_host_and_port(text: &str) -> bool {
    let is_bare = !text.contains(['/', '?', '@']);
    is_bare && is_usable(&format!("http://{text}"))
}

/// Whether a segment of a path is a version of the service's API: `v2`.
pub(crate) fn is_version(segment: &str) -> bool {
    let digits = segment.strip_prefix('v').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The shown form of a URL: without credentials and query, and without parts that look like a key.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut place = place(text);
    if text.contains(['?', '#']) {
        place.push('?');
        place.push_str(MASK);
    }
    mask::shown(place)
}

/// The shown form without a mark for a query.
pub(crate) fn shown_without_query(text: &str) -> String {
    mask::shown(place(text))
}

/// The shown form without the last segment of the path, which in requests for specs is an SDK key
/// of any form.
pub(crate) fn shown_without_file(text: &str) -> String {
    let Some(mut url) = parse(text).map(without_secrets) else {
        return MASK.to_owned();
    };
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop().push(MASK);
    }
    mask::shown(url)
}

fn place(text: &str) -> String {
    // A password with an unencoded `/` looks like a host, a port and a path.
    let url = parse(text).filter(|url| !url.path().contains('@'));
    match url {
        Some(url) => without_secrets(url).into(),
        // A relative address, or not a URL: the text after a possible password.
        None => {
            let path = text.split(['?', '#']).next().unwrap_or_default();
            masked_path(path.rsplit('@').next().unwrap_or_default())
        }
    }
}

fn without_secrets(mut url: Url) -> Url {
    // They fail only for URLs without a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    let path = masked_path(url.path());
    url.set_path(&path);
    url
}

fn masked_path(path: &str) -> String {
    let is_key = |part: &str| part.contains("secret-") || part.contains("client-");
    let parts = path.split('/');
    let shown: Vec<_> = parts
        .map(|part| if is_key(part) { MASK } else { part })
        .collect();
    shown.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_leads_is_shown_and_nothing_else() {
        let cases = [
            ("https://h/v1/x", "https://h/v1/x"),
            ("http://user:pw@h:8080/v1?k=1", "http://h:8080/v1?*****"),
            ("https://h/secret-abc.json", "https://h/*****"),
            ("https://h/v1/x#part", "https://h/v1/x?*****"),
            // Passwords that are not encoded but should be.
            ("http://user:p/w@h/v1", "h/v1"),
            ("http://user:80/w@h/v1", "h/v1"),
            // Relative addresses, and texts that are not addresses.
            ("/v2/log_event?k=1", "/v2/log_event?*****"),
            ("user:pw@h/v1", "h/v1"),
            ("secret-abc", "*****"),
            ("", ""),
        ];
        for (url, expected) in cases {
            assert_eq!(shown(url), expected, "{url}");
        }
        let long = format!("https://h/{}", "x".repeat(10_000));
        assert_eq!(shown(&long).chars().count(), mask::MAX_SHOWN_CHARS);
    }

    #[test]
    fn addresses_are_shown_in_normal_form() {
        let cases = [
            ("HTTPS://Proxy.Internal/V1", "https://proxy.internal/V1"),
            ("https://h:443/v1", "https://h/v1"),
            ("https://h", "https://h/"),
            ("https://h/a b", "https://h/a%20b"),
            ("https://h/a/../b", "https://h/b"),
            ("http://127.1/", "http://127.0.0.1/"),
            ("http://[0:0:0:0:0:0:0:1]/", "http://[::1]/"),
            ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ];
        for (url, expected) in cases {
            assert_eq!(shown(url), expected, "{url}");
        }
    }

    #[test]
    fn a_url_that_needs_a_repair_is_refused() {
        for url in [
            " https://h/",
            "https://h/\t",
            "https:h",
            "https:/h",
            "https:///h",
            "https:\\\\h",
            "https://h\\@other",
            "https://h/a\\b",
            "https://",
            "mailto:h",
        ] {
            assert!(parse(url).is_none(), "{url:?}");
        }
        for url in ["https://h", "https://u:p@h:1/a%2Fb?c=d#e", "ftp://h"] {
            assert!(parse(url).is_some(), "{url:?}");
        }
    }

    #[test]
    fn a_host_may_have_a_port() {
        for text in [
            "h",
            "h:80",
            "127.0.0.1:80",
            "[::1]",
            "[::1]:80",
            "proxy_1.internal",
        ] {
            assert!(is_host_and_port(text), "{text:?}");
        }
        for text in [
            "", ":80", "h:0", "h:99999", "h:port", "::1", "h/x", "u@h", "http://h", "a b",
        ] {
            assert!(!is_host_and_port(text), "{text:?}");
        }
    }

    #[test]
    fn the_file_of_a_specs_request_is_hidden_whatever_it_looks_like() {
        let cases = [
            ("https://h/v2/x/key.json?k=1", "https://h/v2/x/*****"),
            ("https://h", "https://h/*****"),
            ("nonsense", "*****"),
        ];
        for (url, expected) in cases {
            assert_eq!(shown_without_file(url), expected, "{url}");
        }
    }
}
