//! `str_starts_with_any`, its variants, and `str_matches`.

use fancy_regex::Regex;

use super::Observed;
use crate::specs::compiled::condition::Place;
use crate::text::SharedStr;
use crate::value::lower_case;

/// Whether the lower-cased text contains one of the parts. A value without a text form is the empty
/// text.
pub(super) fn has_part(place: Place, parts: &[SharedStr], observed: &Observed<'_>) -> bool {
    let text = observed.text().unwrap_or_default();
    let text = lower_case(&text);
    parts.iter().any(|part| match place {
        Place::Start => text.starts_with(part.as_str()),
        Place::End => text.ends_with(part.as_str()),
        Place::Anywhere => text.contains(part.as_str()),
    })
}

/// Whether the pattern matches anywhere. A match that exceeds the backtracking limit counts as no.
pub(super) fn matches(pattern: Option<&Regex>, observed: &Observed<'_>) -> bool {
    let (Some(pattern), Some(text)) = (pattern, observed.text()) else {
        return false;
    };
    pattern.is_match(&text).unwrap_or(false)
}
