//! Counts checks whose exposure was suppressed; they are reported in one event for each flush.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::event::{EventMetadata, OtherEvent};
use crate::text::SharedStr;

/// The most names counted between two flushes; checks of further names count under [`OVERFLOW_NAME`].
const MAX_NAMES: usize = 10_000;
const OVERFLOW_NAME: &str = "statsig::other";

/// Checks by name since the last flush.
#[derive(Debug, Default)]
pub(crate) struct NonExposedChecks {
    counts: Mutex<HashMap<SharedStr, u64>>,
}

impl NonExposedChecks {
    pub(crate) fn add(&self, name: &SharedStr) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(name) {
            *count += 1;
        } else if counts.len() < MAX_NAMES {
            counts.insert(name.clone(), 1);
        } else {
            *counts.entry(OVERFLOW_NAME.into()).or_default() += 1;
        }
    }

    /// Takes the counts as a `statsig::non_exposed_checks` event, if there are any.
    pub(crate) fn take(&self, now_ms: u64) -> Option<OtherEvent> {
        let counts =
            std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner));
        if counts.is_empty() {
            return None;
        }
        let checks = serde_json::to_string(&counts).unwrap_or_default();
        Some(OtherEvent {
            name: "statsig::non_exposed_checks".into(),
            user: None,
            value: None,
            metadata: Some(EventMetadata::from([("checks".to_owned(), checks.into())])),
            time_ms: now_ms,
        })
    }
}
