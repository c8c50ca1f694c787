//! What an event takes in memory, as an estimate: cheap enough for a caller's thread, and the measure of all limits in bytes.

use super::event::{EventMetadata, OtherEvent, QueuedEvent, SecondaryExposures};
use super::value::EventValue;
use crate::value::bytes_of_fields;

/// The record itself, and what the queue and the lists behind it keep for it.
const EVENT_BYTES: u64 = 320;
/// One nested gate in the list of an exposure: its record, and what it adds to the body of a batch.
const NESTED_GATE_BYTES: u64 = 96;

impl QueuedEvent {
    /// About how many bytes the event takes, with the user that it keeps alive. Always the same for the same event.
    ///
    /// Users and lists of nested gates count for each event, although many events may share them.
    pub(crate) fn bytes(&self) -> u64 {
        EVENT_BYTES
            + match self {
                Self::Exposure(exposure) => {
                    let nested = match &exposure.secondary {
                        SecondaryExposures::List(gates) => gates.len() as u64,
                        SecondaryExposures::Absent | SecondaryExposures::Empty => 0,
                    };
                    exposure.user.bytes() + nested * NESTED_GATE_BYTES
                }
                Self::Other(event) => event.bytes(),
            }
    }
}

impl OtherEvent {
    fn bytes(&self) -> u64 {
        let value = match &self.value {
            Some(EventValue::Text(text)) => text.len() as u64,
            _ => 0,
        };
        let user = self.user.as_ref().map_or(0, |user| user.bytes());
        let metadata = |fields: &EventMetadata| bytes_of_fields(fields);
        self.name.len() as u64 + value + user + self.metadata.as_ref().map_or(0, metadata)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::user::StatsigUser;

    fn custom(user: Option<StatsigUser>, metadata: Value) -> QueuedEvent {
        let Value::Object(metadata) = metadata else {
            panic!("expected an object");
        };
        QueuedEvent::Other(Box::new(OtherEvent {
            name: "e".into(),
            user,
            value: None,
            metadata: Some(metadata.into_iter().collect()),
            time_ms: 0,
        }))
    }

    #[test]
    fn large_texts_count_wherever_they_are() {
        let text = "x".repeat(1_000_000);
        let user = StatsigUser::builder("u").custom("a", text.as_str()).build();
        let private = StatsigUser::builder("u")
            .private("a", text.as_str())
            .build();
        let mut deep = json!(text);
        for _ in 0..10_000 {
            deep = Value::Array(vec![deep]);
        }
        for event in [
            custom(Some(user), json!({})),
            custom(Some(private), json!({})),
            custom(None, json!({"a": text})),
            custom(None, json!({text.as_str(): 1})),
            custom(None, json!({"a": [{"b": [1, text]}]})),
        ] {
            let bytes = event.bytes();
            assert!((1_000_000..1_002_000).contains(&bytes), "{bytes}");
        }
        let event = custom(None, json!({"a": 1}));
        assert!(event.bytes() < 1_000);
        // No recursion: deeper than any stack allows. It is forgotten, as dropping it is not bounded.
        assert!(crate::value::bytes_of(&deep) > 1_000_000);
        std::mem::forget(deep);
    }

    #[test]
    fn many_small_values_count_too() {
        let numbers: Vec<u32> = (0..100_000).collect();
        let event = custom(None, json!({"a": numbers}));
        assert!(event.bytes() > 1_000_000, "{}", event.bytes());
    }
}
