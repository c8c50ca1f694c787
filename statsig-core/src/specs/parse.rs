//! Parses bytes into the wire model, or returns the reason why it cannot.

use serde::Deserialize;
use serde_json::Deserializer;

use super::compiled::origins::Origins;
use super::model::{HasUpdates, Payload};
use super::skim::skim;
use crate::cause::Cause;
use crate::error::SpecsError;
use crate::mask::shown;

/// Parses a payload. `None` if it says that there are no updates. Bytes after the first JSON value
/// are ignored, as in Statsig's other SDKs.
///
/// Entities in `known` are skipped. `rest` must be empty. The payload may borrow the other entities
/// from it.
pub fn parse<'a>(
    bytes: &'a [u8],
    known: &Origins,
    rest: &'a mut Vec<u8>,
) -> Result<Option<Payload<'a>>, SpecsError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(SpecsError::Empty);
    }
    let skimmed = (!known.is_empty()).then(|| skim(bytes, known, rest));
    let read = match skimmed.flatten() {
        Some(payload) => Ok(payload),
        None => first_value(bytes),
    };
    let problem = match read {
        Ok(payload) => return Ok(Some(payload).filter(|payload| payload.has_updates)),
        Err(problem) => problem,
    };
    match first_value::<HasUpdates>(bytes) {
        Ok(HasUpdates { has_updates: false }) => Ok(None),
        _ => Err(SpecsError::Malformed {
            source: Cause::saying(&shown(&problem), problem),
        }),
    }
}

fn first_value<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, serde_json::Error> {
    T::deserialize(&mut Deserializer::from_slice(bytes))
}
