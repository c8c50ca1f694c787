//! Parses the files of ID lists. Each line is a change.

use super::ids::Change;
use crate::hash::IdLookup;

/// The changes in a file or a part of a file. `None` if the text is not an ID list.
///
/// `+` and a lookup adds a member, and `-` and a lookup removes it. Other lines have no effect. A
/// lookup must have eight characters, including blanks, because lookups of unit IDs have this
/// length.
#[must_use]
pub fn changes(body: &[u8]) -> Option<impl Iterator<Item = Change> + '_> {
    // The first character identifies responses that are not lists, such as error pages. A part may
    // begin with the end of the previous line.
    let first = body.trim_ascii_start().first()?;
    matches!(first, b'+' | b'-').then(|| body.split(|byte| *byte == b'\n').filter_map(change))
}

fn change(line: &[u8]) -> Option<Change> {
    let (sign, lookup) = line.split_first()?;
    let is_member = match sign {
        b'+' => true,
        b'-' => false,
        _ => return None,
    };
    let lookup = lookup.strip_suffix(b"\r").unwrap_or(lookup);
    Some((IdLookup::parse(lookup)?, is_member))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<Vec<(&'static str, bool)>> {
        let known = ["Marcos", "123", "a-user"].map(|id| (IdLookup::of(id), id));
        let name = |lookup| {
            let found = known.iter().find(|(known, _)| *known == lookup);
            found.map_or("?", |(_, id)| *id)
        };
        let changes = changes(body.as_bytes())?;
        Some(
            changes
                .map(|(lookup, is_member)| (name(lookup), is_member))
                .collect(),
        )
    }

    #[test]
    fn lines_add_and_remove() {
        assert_eq!(
            read("+2Tv4fIVX\n-pmWkWSBC\r\n+Z/hEKLio"),
            Some(vec![("Marcos", true), ("123", false), ("a-user", true)])
        );
    }

    #[test]
    fn a_part_may_begin_with_the_end_of_a_line() {
        assert_eq!(read("\r\n\n+2Tv4fIVX\n"), Some(vec![("Marcos", true)]));
    }

    #[test]
    fn what_no_unit_id_can_equal_is_left_out() {
        let odd = "+\n-\n  \n +2Tv4fIVX\n+2Tv4fIVX \n+2Tv4fIV\n+2Tv4fIVXX\n+2Tv4fIV=\n2Tv4fIVX\n\u{1f5fb}2Tv4f\n+🗻🗻\n";
        assert_eq!(read(odd), Some(vec![]));
    }

    #[test]
    fn what_does_not_begin_as_a_list_is_none() {
        for body in ["", " \n\t", "<html>\n+2Tv4fIVX\n", "{}", "\u{1f5fb}"] {
            assert_eq!(read(body), None, "{body:?}");
        }
    }
}
