//! The locale that a browser asks for.

use http::HeaderValue;

/// The longest language tag that RFC 5646 expects.
const MAX_TAG_BYTES: usize = 35;
/// The number of languages that are read. Browsers send fewer.
const MAX_TAGS: usize = 32;

/// The language with the greatest weight in `Accept-Language`, as Statsig writes locales: `de_CH`.
pub(super) fn locale(header: &HeaderValue) -> Option<String> {
    let mut best: Option<(&str, f32)> = None;
    for range in header.to_str().ok()?.split(',').take(MAX_TAGS) {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let weight = parts.find_map(|part| part.trim().strip_prefix("q="));
        let weight = weight.map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok());
        // A language whose weight is not a positive number is ignored.
        let Some(weight) = weight.filter(|weight| *weight > 0.0) else {
            continue;
        };
        if is_tag(tag) && best.is_none_or(|(_, greatest)| weight > greatest) {
            best = Some((tag, weight));
        }
    }
    best.map(|(tag, _)| tag.replace('-', "_"))
}

fn is_tag(tag: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    tag.len() <= MAX_TAG_BYTES
        && tag.starts_with(|c: char| c.is_ascii_alphabetic())
        && tag.bytes().all(is_part)
}
