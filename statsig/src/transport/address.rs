//! Addresses that options name: checked when the options are built, and shown without what is secret in them.

use std::fmt;
use std::ops::Deref;

const MASK: &str = "*****";
/// The longest address that is shown, in characters.
const MAX_SHOWN: usize = 200;
/// What a usable address looks like, for errors.
pub(crate) const EXPECTED: &str = "a URL such as https://host:443/path, without white space or `#`";

/// A URL. Its `Debug` shows where it leads, and neither credentials nor keys nor the query.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address(String);

impl Address {
    /// The address without the white space around it; `None` when that is empty or says `null`.
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

/// Whether this is an `http` or `https` URL with a host that requests can go to.
pub(crate) fn is_usable(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let is_http = ["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let place = authority
        .rsplit_once('@')
        .map_or(authority, |(_, place)| place);
    let is_clean = !url.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#');
    is_http && is_clean && is_place(place)
}

/// Whether this is a host, or a host and a port.
pub(crate) fn is_place(place: &str) -> bool {
    // An address of IPv6 has colons of its own, and brackets around it.
    let (host, port) = match place.strip_prefix('[').and_then(|it| it.split_once(']')) {
        Some((host, rest)) => (
            host,
            rest.strip_prefix(':').or(rest.is_empty().then_some("1")),
        ),
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, Some("1")),
        },
    };
    let is_host = !host.is_empty()
        && !host.contains(|c: char| c.is_whitespace() || c.is_control() || "/@[]?#\\".contains(c));
    is_host && port.is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// Where a URL leads: without credentials and query, and without what looks like a key.
pub(crate) fn shown(url: &str) -> String {
    let (path, has_query) = match url.split_once(['?', '#']) {
        Some((path, _)) => (path, true),
        None => (url, false),
    };
    let (scheme, rest) = path.split_once("://").unwrap_or(("", path));
    // Whatever stands before an `@` may be a password, also one that should have been encoded.
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let mut text = String::with_capacity(url.len());
    if !scheme.is_empty() {
        text.push_str(scheme);
        text.push_str("://");
    }
    let is_key = |part: &&str| part.contains("secret-") || part.contains("client-");
    for (index, part) in rest.split('/').enumerate() {
        if index > 0 {
            text.push('/');
        }
        text.push_str(if is_key(&part) { MASK } else { part });
    }
    if has_query {
        text.push('?');
        text.push_str(MASK);
    }
    if text.chars().count() > MAX_SHOWN {
        text = text.chars().take(MAX_SHOWN).chain("…".chars()).collect();
    }
    text
}

/// The same without the last segment of the path, which is the SDK key in requests for specs, whatever the key looks like.
pub(crate) fn shown_without_file(url: &str) -> String {
    let shown = shown(url.split(['?', '#']).next().unwrap_or_default());
    let Some((scheme, rest)) = shown.split_once("://") else {
        return MASK.to_owned();
    };
    match rest.rsplit_once('/') {
        Some((parents, _)) => format!("{scheme}://{parents}/{MASK}"),
        None => format!("{scheme}://{rest}/{MASK}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_leads_is_shown_and_nothing_else() {
        let cases = [
            ("https://h/v1/x", "https://h/v1/x"),
            ("http://user:pw@h:80/v1?k=1", "http://h:80/v1?*****"),
            ("http://user:p/w@h/v1", "http://h/v1"),
            ("https://h/secret-abc.json", "https://h/*****"),
            ("user:pw@h/v1", "h/v1"),
            ("secret-abc", "*****"),
            ("", ""),
        ];
        for (url, expected) in cases {
            assert_eq!(shown(url), expected, "{url}");
        }
        let long = format!("https://h/{}", "x".repeat(10_000));
        assert_eq!(shown(&long).chars().count(), MAX_SHOWN + 1);
    }

    #[test]
    fn the_file_of_a_request_is_not_shown() {
        for url in [
            "secret-abc",
            "http://h",
            "http://h/secret-abc",
            "http://h/abc?k=abc",
            "/secret-abc?k=secret-abc",
            "",
        ] {
            assert!(!shown_without_file(url).contains("abc"), "{url}");
        }
        assert_eq!(
            shown_without_file("http://h/v1/k-1.json"),
            "http://h/v1/*****"
        );
    }
}
