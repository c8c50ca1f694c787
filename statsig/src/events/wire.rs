//! The `log_event` body, written straight from the recorded events.

use std::collections::BTreeMap;

use serde_json::Value;

use super::event::QueuedEvent;
use super::sampling::SamplingNote;

/// An event with the note of its sampling.
#[derive(Debug)]
pub(crate) struct BatchedEvent {
    pub(crate) event: QueuedEvent,
    pub(crate) sampling: Option<SamplingNote>,
}

/// What is the same for all events of a batch.
#[derive(Debug)]
pub(crate) struct BatchContext<'a> {
    pub(crate) session_id: &'a str,
    pub(crate) service_name: Option<&'a str>,
    pub(crate) flushing_interval_ms: u64,
    pub(crate) batch_size: usize,
    pub(crate) max_pending_batches: usize,
    pub(crate) flush_type: &'static str,
    /// The SDK's environment tier, for users without an environment of their own.
    pub(crate) tier: Option<&'a str>,
    pub(crate) global_custom_fields: &'a BTreeMap<String, Value>,
}

/// Writes `{"events": […], "statsigMetadata": {…}}`.
///
/// # Errors
/// When a value cannot be expressed in JSON, which no recorded event contains.
pub(crate) fn write_batch(
    events: &[BatchedEvent],
    context: &BatchContext<'_>,
) -> Result<Vec<u8>, serde_json::Error> {
    let events: Vec<Value> = events
        .iter()
        .map(|batched| match &batched.event {
            QueuedEvent::Exposure(exposure) => serde_json::json!({"eventName": exposure.name}),
            QueuedEvent::Other(other) => serde_json::json!({
                "eventName": other.name, "metadata": other.metadata, "time": other.time_ms,
            }),
        })
        .collect();
    serde_json::to_vec(&serde_json::json!({
        "events": events,
        "statsigMetadata": {"sessionID": context.session_id, "flushType": context.flush_type},
    }))
}
