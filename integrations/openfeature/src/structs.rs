//! Reads parameter structs from the struct value of a flag. The code that
//! `#[derive(StatsigParams)]` writes for `#[statsig(open_feature)]` calls it.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use open_feature::StructValue;
use statsig::typed::{ParamsError, StatsigParams, from_object};

use crate::values::json_of_struct;

/// One bit for the hash of each logged problem, so that a process logs at most 64 warnings.
static LOGGED: AtomicU64 = AtomicU64::new(0);

/// Reads a struct. A field takes its default if its parameter is missing.
///
/// The client of OpenFeature drops the error, so this logs each error once.
///
/// # Errors
/// When a value does not fit its field.
pub fn from_struct<P: StatsigParams>(value: StructValue) -> Result<P, ParamsError> {
    from_object(&json_of_struct(&value)).inspect_err(log)
}

#[cold]
fn log(error: &ParamsError) {
    let text = error.to_string();
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let bit = 1 << (hasher.finish() % u64::from(u64::BITS));
    if LOGGED.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
        tracing::warn!("the struct value of a flag does not fit: {text}");
    }
}
