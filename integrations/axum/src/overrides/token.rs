//! The token of a request.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName};

use crate::request_user::cookie_bytes;

/// The header and the cookie with the token.
const NAME: &str = "statsig-overrides";
const HEADER: HeaderName = HeaderName::from_static(NAME);

/// The token in the header, else in the cookie. A value that is not UTF-8 becomes a text that
/// counts as malformed.
pub(super) fn token(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let bytes = match headers.get(HEADER) {
        Some(value) => value.as_bytes(),
        None => cookie_bytes(headers, NAME)?,
    };
    Some(String::from_utf8_lossy(bytes.trim_ascii()))
}
