//! Inner functions whose results must agree with other SDKs. Not for applications: they may change
//! at any time.

use std::sync::Arc;

use serde_json::Value;

use crate::country::{CountryLookup, countries};
use crate::hash::{self, SaltedHash};
use crate::value;

/// The name hash `djb2`, as text.
#[must_use]
pub fn djb2(text: &str) -> String {
    hash::djb2(text)
}

/// The name hash `sha256`, in base64.
#[must_use]
pub fn sha256_base64(text: &str) -> String {
    hash::sha256_base64(text)
}

/// The hash that buckets are computed from, of a whole text and of the text split after a salt.
#[must_use]
pub fn evaluation_hash(salt: &str, unit_id: &str) -> u64 {
    SaltedHash::new(salt).of(unit_id)
}

/// A user's value as text.
#[must_use]
pub fn text_of(value: &Value) -> Option<String> {
    value::text_of(value).map(Into::into)
}

/// A user's value as a number.
#[must_use]
pub fn number_of(value: &Value) -> Option<f64> {
    value::float_of(value)
}

/// A user's value as an integer.
#[must_use]
pub fn integer_of(value: &Value) -> Option<i64> {
    value::int_of(value)
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

/// The part of a user agent for `os_name`, `os_version`, `browser_name` or `browser_version`.
#[must_use]
pub fn user_agent_part(user_agent: &str, part: &str) -> Option<String> {
    crate::user::part_of_user_agent(user_agent, part)
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
