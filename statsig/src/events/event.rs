//! Events as callers record them: shared pointers, without JSON or new text.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::value::EventValue;
use crate::results::EvaluationDetails;
use crate::text::SharedStr;
use crate::user::StatsigUser;
use crate::value::depth::bounded;

/// An event in the queue.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "exposures are what the queue is for: boxing them would cost an allocation each"
)]
pub(crate) enum QueuedEvent {
    /// A user saw the value of a gate, config, experiment or layer parameter.
    Exposure(Exposure),
    /// Everything else.
    Other(Box<OtherEvent>),
}

/// A user saw the value of a gate, config, experiment or layer parameter.
#[derive(Debug)]
pub(crate) struct Exposure {
    pub(crate) user: StatsigUser,
    /// The name that was asked for.
    pub(crate) name: SharedStr,
    pub(crate) rule_id: SharedStr,
    pub(crate) subject: ExposureSubject,
    pub(crate) details: EvaluationDetails,
    pub(crate) secondary: SecondaryExposures,
    pub(crate) is_manual: bool,
    /// The spec that a config mapping evaluated instead.
    pub(crate) override_config_name: Option<SharedStr>,
    pub(crate) sampling: SamplingInputs,
    /// When the value was read, in epoch milliseconds.
    pub(crate) time_ms: u64,
}

/// What kind of entity was exposed.
#[derive(Debug)]
pub(crate) enum ExposureSubject {
    Gate {
        value: bool,
    },
    /// A nested gate of another entity, logged on its own.
    NestedGate {
        value: bool,
    },
    DynamicConfig {
        /// `None` when the evaluation failed.
        rule_passed: Option<bool>,
    },
    Experiment,
    LayerParameter {
        parameter: SharedStr,
        is_explicit: bool,
        /// Empty unless the parameter is explicit.
        allocated_experiment: SharedStr,
    },
}

/// The nested gates of an evaluation in order, repeats included.
#[derive(Debug, Clone, Default)]
pub(crate) enum SecondaryExposures {
    /// No list; sent as `null`.
    Absent,
    #[default]
    Empty,
    List(Arc<[SecondaryExposure]>),
}

/// A nested gate of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecondaryExposure {
    pub(crate) gate: SharedStr,
    pub(crate) value: bool,
    pub(crate) rule_id: SharedStr,
}

/// Inputs of the sampling decision.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SamplingInputs {
    /// The rate of the matched rule: about one exposure in this many is kept.
    pub(crate) rate: Option<u64>,
    pub(crate) forward_all: bool,
    pub(crate) has_seen_analytical_gates: bool,
    /// Identifies spec and rule; the first sight of a pair is always kept.
    pub(crate) spec_rule_hash: u64,
    /// Identifies the exposure; decides whether it is sampled.
    pub(crate) key_hash: u64,
}

/// Custom events and the SDK's own.
#[derive(Debug)]
pub(crate) struct OtherEvent {
    pub(crate) name: SharedStr,
    /// `None` for events of the SDK itself, which are sent with an empty user.
    pub(crate) user: Option<StatsigUser>,
    pub(crate) value: Option<EventValue>,
    pub(crate) metadata: Option<EventMetadata>,
    pub(crate) time_ms: u64,
}

/// Metadata of a custom event, in the order of its keys.
pub(crate) type EventMetadata = BTreeMap<String, Value>;

/// A custom event: a name, and optionally a value and metadata.
///
/// ```
/// use statsig::Event;
///
/// let event = Event::new("add_to_cart").value("SKU_12345").metadata("price", "9.99");
/// let sale = Event::new("purchase").value(19.5).metadata("items", 3);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "an event does nothing until it is given to `Statsig::log_event`"]
pub struct Event {
    pub(crate) name: SharedStr,
    pub(crate) value: Option<EventValue>,
    pub(crate) metadata: Option<EventMetadata>,
}

impl Event {
    /// An event with this name, without a value and metadata.
    ///
    /// ```
    /// use statsig::Event;
    ///
    /// let event = Event::new("visit");
    /// ```
    pub fn new(name: impl Into<SharedStr>) -> Self {
        Self {
            name: name.into(),
            value: None,
            metadata: None,
        }
    }

    /// Sets the value: text, a number, or a boolean, which is sent as the text `true` or `false`.
    /// `None` is no value.
    ///
    /// ```
    /// use statsig::Event;
    ///
    /// let items: usize = 3;
    /// let coupon: Option<&str> = None;
    /// let event = Event::new("checkout").value(items);
    /// assert_eq!(Event::new("checkout").value(coupon), Event::new("checkout"));
    /// ```
    pub fn value(mut self, value: impl Into<EventValue>) -> Self {
        self.value = Some(value.into()).filter(|value| *value != EventValue::Null);
        self
    }

    /// Adds one entry to the metadata: any JSON value that is not nested deeper than
    /// [`MAX_VALUE_DEPTH`](crate::StatsigUserBuilder::MAX_VALUE_DEPTH). The client leaves out
    /// deeper values and logs a warning.
    ///
    /// ```
    /// use statsig::Event;
    ///
    /// let event = Event::new("purchase").metadata("items", 3).metadata("coupon", "SPRING");
    /// ```
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        let key = key.into();
        let metadata = self.metadata.get_or_insert_default();
        let place = format_args!("metadata {key} of the event {}", self.name);
        if let Some(value) = bounded(value.into(), place) {
            metadata.insert(key, value);
        }
        self
    }

    /// Adds all entries of a map to the metadata. The client sends an empty map as `{}`, and
    /// missing metadata as `null`.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use statsig::Event;
    ///
    /// let map = HashMap::from([("items".to_owned(), 3.into())]);
    /// let event = Event::new("purchase").metadata_map(map);
    /// assert_eq!(event, Event::new("purchase").metadata("items", 3));
    /// ```
    pub fn metadata_map(mut self, entries: HashMap<String, Value>) -> Self {
        self.metadata.get_or_insert_default();
        entries
            .into_iter()
            .fold(self, |event, (key, value)| event.metadata(key, value))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::value::depth::nested;

    #[test]
    fn an_event_goes_without_metadata_that_is_nested_too_deep() {
        let event = Event::new("purchase")
            .metadata("deep", nested(2_000))
            .metadata("flat", 1)
            .metadata_map(HashMap::from([("deep too".to_owned(), nested(2_000))]));
        let flat = EventMetadata::from([("flat".to_owned(), json!(1))]);
        assert_eq!(event.metadata, Some(flat));
    }
}
