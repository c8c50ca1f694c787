//! `array_contains_any` and its variants. If a side is not an array, the result is false.

use super::Observed;
use crate::specs::compiled::condition::ArrayMatch;
use crate::text::SharedStr;
use crate::value::text_of;

pub(super) fn passes(
    wanted: ArrayMatch,
    members: Option<&[SharedStr]>,
    observed: &Observed<'_>,
) -> bool {
    let (Some(members), Some(elements)) = (members, observed.array()) else {
        return false;
    };
    let texts: Vec<_> = elements.iter().filter_map(text_of).collect();
    let is_contained = |member: &SharedStr| texts.iter().any(|text| *text == member.as_str());
    match wanted {
        ArrayMatch::Any => members.iter().any(is_contained),
        ArrayMatch::None => !members.iter().any(is_contained),
        ArrayMatch::All => members.iter().all(is_contained),
        ArrayMatch::NotAll => !members.iter().all(is_contained),
    }
}
