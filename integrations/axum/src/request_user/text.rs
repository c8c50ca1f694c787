//! Text of headers, which the clients of the service write.

use std::borrow::Cow;

use http::HeaderValue;

/// The limit of an ID and of a user agent, in bytes.
pub(super) const MAX_TEXT_BYTES: usize = 1_000;

/// An ID without the spaces and tabs around it, which HTTP does not count. None if it is empty, too
/// long or not UTF-8, or has control characters: without them, it could be that of another user.
pub(super) fn id_text(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.trim_ascii();
    if bytes.len() > MAX_TEXT_BYTES {
        return None;
    }
    let id = std::str::from_utf8(bytes).ok()?;
    (!id.is_empty() && !id.contains(char::is_control)).then(|| id.to_owned())
}

/// A text without control characters, cut at the limit. None if it is empty or not UTF-8.
pub(super) fn cut_text(value: &HeaderValue) -> Option<String> {
    let text = std::str::from_utf8(value.as_bytes()).ok()?;
    let mut fitting = (0..=MAX_TEXT_BYTES.min(text.len())).rev();
    printable(fitting.find_map(|end| text.get(..end))?)
}

fn printable(text: &str) -> Option<String> {
    // Most texts have none and need no copy.
    let text = if text.contains(char::is_control) {
        Cow::Owned(text.chars().filter(|c| !c.is_control()).collect())
    } else {
        Cow::Borrowed(text)
    };
    let trimmed = text.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}
