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

#[cfg(test)]
mod tests {
    use super::*;

    fn checks(taken: Option<OtherEvent>) -> HashMap<String, u64> {
        let metadata = taken.and_then(|event| event.metadata).unwrap();
        serde_json::from_str(metadata["checks"].as_str().unwrap()).unwrap()
    }

    #[test]
    fn counts_by_name_and_begins_anew_when_taken() {
        let counted = NonExposedChecks::default();
        assert!(counted.take(0).is_none());
        for name in ["a", "b", "a"] {
            counted.add(&name.into());
        }
        let expected = HashMap::from([("a".to_owned(), 2), ("b".to_owned(), 1)]);
        assert_eq!(checks(counted.take(0)), expected);
        assert!(counted.take(0).is_none());
    }

    #[test]
    fn names_beyond_the_limit_are_counted_together() {
        let counted = NonExposedChecks::default();
        for number in 0..MAX_NAMES + 2 {
            counted.add(&number.to_string().into());
        }
        counted.add(&"0".into());
        let counts = checks(counted.take(0));
        assert_eq!(counts.len(), MAX_NAMES + 1);
        assert_eq!((counts["0"], counts[OVERFLOW_NAME]), (2, 2));
    }
}
