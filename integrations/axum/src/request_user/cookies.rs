//! The value of one cookie.

use http::HeaderMap;
use http::header::COOKIE;

use super::text::id_text;

/// The ID in a cookie.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    id_text(cookie_bytes(headers, name)?)
}

/// The value of a cookie. The first cookie with the name counts.
pub(crate) fn cookie_bytes<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let headers = headers.get_all(COOKIE).iter();
    let pairs = headers.flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
    let mut values = pairs.filter_map(|pair| {
        let pair = pair.trim_ascii();
        let value = pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        Some(value)
    });
    values.next().map(unquoted)
}

fn unquoted(value: &[u8]) -> &[u8] {
    let inner = value
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""));
    inner.unwrap_or(value)
}
