//! Estimates an event's bytes in memory: cheap enough for a caller's thread. All limits in bytes
//! use this estimate.

use super::event::{
    EventMetadata, Exposure, ExposureSubject, OtherEvent, QueuedEvent, SecondaryExposures,
};
use super::value::EventValue;
use crate::value::bytes_of_fields;

/// The record itself, and its share of the queue and the lists behind it.
const EVENT_BYTES: u64 = 320;
/// A nested gate in the list of an exposure: its record and its part of the body of a batch.
const NESTED_GATE_BYTES: u64 = 96;

impl QueuedEvent {
    /// The estimated bytes of the event with its user. Always the same for the same event.
    ///
    /// Users, names and lists of nested gates count for each event, even if events share them.
    pub(crate) fn bytes(&self) -> u64 {
        EVENT_BYTES
            + match self {
                Self::Exposure(exposure) => exposure.bytes(),
                Self::Other(event) => event.bytes(),
            }
    }
}

impl Exposure {
    fn bytes(&self) -> u64 {
        let nested = match &self.secondary {
            SecondaryExposures::List(gates) => gates.len() as u64,
            SecondaryExposures::Absent | SecondaryExposures::Empty => 0,
        };
        let of_parameter = match &self.subject {
            ExposureSubject::LayerParameter {
                parameter,
                allocated_experiment,
                ..
            } => parameter.len() + allocated_experiment.len(),
            ExposureSubject::Gate { .. }
            | ExposureSubject::NestedGate { .. }
            | ExposureSubject::DynamicConfig { .. }
            | ExposureSubject::Experiment => 0,
        };
        let of_mapping = self
            .override_config_name
            .as_ref()
            .map_or(0, |name| name.len());
        let texts = self.name.len() + self.rule_id.len() + of_parameter + of_mapping;
        self.user.bytes() + texts as u64 + nested * NESTED_GATE_BYTES
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
    use crate::events::event::SamplingInputs;
    use crate::results::{EvaluationDetails, Reason, SpecsSource};
    use crate::text::SharedStr;
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

    fn exposure(
        name: &SharedStr,
        rule_id: &SharedStr,
        subject: ExposureSubject,
        override_config_name: Option<&SharedStr>,
    ) -> QueuedEvent {
        QueuedEvent::Exposure(Exposure {
            user: StatsigUser::with_user_id("u"),
            name: name.clone(),
            rule_id: rule_id.clone(),
            subject,
            details: EvaluationDetails::without_specs(Reason::NoSpecs(SpecsSource::NoValues)),
            secondary: SecondaryExposures::Empty,
            is_manual: false,
            override_config_name: override_config_name.cloned(),
            sampling: SamplingInputs::default(),
            time_ms: 0,
        })
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
        // No recursion: deeper than any stack allows. It is forgotten, as dropping it is not
        // bounded.
        assert!(crate::value::bytes_of(&deep) > 1_000_000);
        std::mem::forget(deep);
    }

    #[test]
    fn names_and_rules_of_exposures_count() {
        let text = SharedStr::from("x".repeat(1_000_000));
        let parameter = |parameter: &SharedStr, allocated_experiment: &SharedStr| {
            ExposureSubject::LayerParameter {
                parameter: parameter.clone(),
                is_explicit: true,
                allocated_experiment: allocated_experiment.clone(),
            }
        };
        let short = SharedStr::from("short");
        let gate = || ExposureSubject::Gate { value: false };
        for event in [
            exposure(&text, &short, gate(), None),
            exposure(&short, &text, gate(), None),
            exposure(&short, &short, parameter(&text, &short), None),
            exposure(&short, &short, parameter(&short, &text), None),
            exposure(&short, &short, ExposureSubject::Experiment, Some(&text)),
        ] {
            let bytes = event.bytes();
            assert!((1_000_000..1_002_000).contains(&bytes), "{bytes}");
        }
    }

    #[test]
    fn id_lists_of_a_user_count() {
        let list = "x".repeat(1_000_000);
        let user = StatsigUser::builder("u").id_list_memberships([("Z/hEKLio", [list])]);
        let bytes = custom(Some(user.build()), json!({})).bytes();
        assert!((1_000_000..1_002_000).contains(&bytes), "{bytes}");
    }

    #[test]
    fn many_small_values_count_too() {
        let numbers: Vec<u32> = (0..100_000).collect();
        let event = custom(None, json!({"a": numbers}));
        assert!(event.bytes() > 1_000_000, "{}", event.bytes());
    }
}
