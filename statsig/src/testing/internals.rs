//! Inner functions whose results must agree with other SDKs. Not for applications: they may change
//! at any time.

use std::sync::Arc;

use serde_json::Value;

use crate::country::{CountryLookup, countries};
pub use crate::hash::{djb2, sha256_base64};
pub use crate::user::part_of_user_agent as user_agent_part;
use crate::value;
pub use crate::value::{float_of as number_of, int_of as integer_of, text_of};

/// The hash that buckets are computed from, of a whole text and of the text split after a salt.
#[must_use]
pub fn evaluation_hash(salt: &str, unit_id: &str) -> u64 {
    crate::hash::SaltedHash::new(salt).of(unit_id)
}

/// A user's text as a time.
#[must_use]
pub fn time_of(value: &Value) -> Option<i64> {
    value.as_str().and_then(value::user_time_of)
}

/// The country of an IP address, as `ip_based` conditions see it, by this lookup or by default.
#[must_use]
pub fn country_of(ip: &str, lookup: Option<Arc<dyn CountryLookup>>) -> Option<String> {
    let code = countries(lookup).country_of(ip)?;
    Some(code.to_string())
}

/// Specs in the service's binary form (protobuf, compressed with Brotli) as the service's JSON.
///
/// # Errors
/// When they cannot be decoded; the text contains the reason.
#[cfg(feature = "proto")]
pub fn specs_of_binary(body: &[u8]) -> Result<String, String> {
    let (json, _) =
        crate::sources::http::binary::read(body, None, body.len().saturating_mul(1_000))
            .map_err(|error| error.to_string())?;
    String::from_utf8(json.to_vec()).map_err(|error| error.to_string())
}
