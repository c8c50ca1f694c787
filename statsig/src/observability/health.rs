//! How the client is doing, read off its counters, and which losses of events that tells of. Pure.

use super::exceptions::{Loss, Pipeline, SdkError};

/// How the client is doing, read off its counters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Health {
    pub(crate) delivered: u64,
    pub(crate) pending: u64,
    /// Events that were given up, by reason.
    pub(crate) dropped: Vec<(&'static str, u64)>,
    /// Those of them that the service did not take, by why their batch had left; not those from the spool.
    pub(crate) failed: Vec<(&'static str, u64)>,
    pub(crate) memo_hits: u64,
    pub(crate) memo_misses: u64,
    /// Served values that did not fit their field.
    pub(crate) typed_mismatches: u64,
    /// The pause between two posts of events.
    pub(crate) interval_ms: u128,
}

/// What counts are more than they were, by name.
pub(super) fn since(
    now: &[(&'static str, u64)],
    then: &[(&'static str, u64)],
) -> Vec<(&'static str, u64)> {
    let more = now.iter().filter_map(|(name, now)| {
        let earlier = then.iter().find(|(other, _)| other == name);
        let more = now.saturating_sub(earlier.map_or(0, |(_, count)| *count));
        (more > 0).then_some((*name, more))
    });
    more.collect()
}

/// A report for each reason that events were lost for; where batches failed, for each reason that these had left for.
pub(super) fn losses(
    dropped: &[(&'static str, u64)],
    failed: &[(&'static str, u64)],
    pipeline: Pipeline,
) -> Vec<SdkError> {
    let by_flush_type = failed.iter().map(|(flush_type, events)| {
        SdkError::lost_events(Loss::DeliveryFailed, *events, Some(flush_type), pipeline)
    });
    let mut told: u64 = failed.iter().map(|(_, events)| events).sum();
    let others = dropped.iter().filter_map(|(reason, events)| {
        let loss = Loss::of(reason)?;
        let mut events = *events;
        if loss == Loss::DeliveryFailed {
            let already = told.min(events);
            told -= already;
            events -= already;
        }
        (events > 0).then(|| SdkError::lost_events(loss, events, None, pipeline))
    });
    by_flush_type.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIPELINE: Pipeline = Pipeline {
        interval_ms: 1_000,
        batch_size: 10,
        max_pending_batches: 3,
    };

    #[test]
    fn only_what_grew_is_told() {
        let now = [("a", 5), ("b", 2), ("c", 1)];
        assert_eq!(since(&now, &[("a", 3), ("b", 2)]), [("a", 2), ("c", 1)]);
        // Never, but it must do no harm.
        assert_eq!(since(&[("a", 1)], &[("a", 2)]), []);
    }

    #[test]
    fn failed_batches_are_told_by_why_they_left_and_those_from_disk_without() {
        let lost =
            |loss, events, flush_type| SdkError::lost_events(loss, events, flush_type, PIPELINE);
        let dropped = [
            ("queue_full", 4),
            ("delivery_failed", 10),
            ("refused", 7),
            ("after_shutdown", 1),
        ];
        let failed = [("limit", 10), ("manual", 2)];
        assert_eq!(
            losses(&dropped, &failed, PIPELINE),
            [
                lost(Loss::DeliveryFailed, 10, Some("limit")),
                lost(Loss::DeliveryFailed, 2, Some("manual")),
                lost(Loss::QueueFull, 4, None),
                lost(Loss::DeliveryFailed, 5, None),
            ]
        );
    }
}
