//! From bytes to the wire model, or to the reason why not.

use serde::Deserialize;
use serde_json::Deserializer;

use super::model::{HasUpdates, Payload};
use crate::error::SpecsError;

/// What a payload says.
#[derive(Debug)]
pub(crate) enum Parsed<'a> {
    /// A complete set of specs.
    Full(Box<Payload<'a>>),
    /// There is nothing new.
    NoUpdates,
}

/// Reads a payload. Bytes behind the first JSON value are ignored, as the service's other SDKs do.
pub(crate) fn parse(bytes: &[u8]) -> Result<Parsed<'_>, SpecsError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(SpecsError::Empty);
    }
    let problem = match first_value::<Payload<'_>>(bytes) {
        Ok(payload) if payload.has_updates => return Ok(Parsed::Full(Box::new(payload))),
        Ok(_) => return Ok(Parsed::NoUpdates),
        Err(problem) => problem,
    };
    match first_value::<HasUpdates>(bytes) {
        Ok(HasUpdates { has_updates: false }) => Ok(Parsed::NoUpdates),
        _ => Err(SpecsError::Malformed {
            problem: problem.to_string(),
        }),
    }
}

fn first_value<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, serde_json::Error> {
    T::deserialize(&mut Deserializer::from_slice(bytes))
}
