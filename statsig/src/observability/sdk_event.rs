//! The events that callbacks receive.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::results::Reason;
use crate::typed::SchemaReport;

/// An event of the SDK for callbacks; see [`Statsig::subscribe`](crate::Statsig::subscribe).
///
/// Serializes as `{"event_name": …, "data": {…}}`.
///
/// ```
/// # use statsig::observability::SdkEvent;
/// # use statsig::StatsigUser;
/// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
/// statsig.subscribe("*", |event| match event {
///     SdkEvent::GateEvaluated { gate_name, value, .. } => println!("{gate_name}: {value}"),
///     other => println!("{}", serde_json::to_string(other).unwrap()),
/// });
/// assert!(statsig.check_gate(&StatsigUser::with_user_id("a-user"), "a_gate"));
/// ```
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event_name", content = "data", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SdkEvent<'a> {
    /// A gate was checked: `gate_evaluated`.
    GateEvaluated {
        /// The requested name.
        gate_name: &'a str,
        /// The ID of the rule that decided.
        rule_id: &'a str,
        /// Whether the gate passes.
        value: bool,
        /// The reason of the result.
        reason: &'a Reason,
    },
    /// A dynamic config was fetched: `dynamic_config_evaluated`.
    DynamicConfigEvaluated {
        /// The requested name.
        config_name: &'a str,
        /// The reason of the result.
        reason: &'a Reason,
        /// The ID of the rule that decided.
        rule_id: &'a str,
        /// The parameters, if any.
        value: Option<&'a Map<String, Value>>,
    },
    /// An experiment was fetched, or a condition needed its group: `experiment_evaluated`.
    ExperimentEvaluated {
        /// The requested name.
        experiment_name: &'a str,
        /// The reason of the result.
        reason: &'a Reason,
        /// The ID of the rule that decided.
        rule_id: &'a str,
        /// The parameters, if any.
        value: Option<&'a Map<String, Value>>,
        /// The user's group.
        group_name: Option<&'a str>,
    },
    /// A layer was fetched: `layer_evaluated`. It has no values, because reading one is an
    /// exposure.
    LayerEvaluated {
        /// The requested name.
        layer_name: &'a str,
        /// The reason of the result.
        reason: &'a Reason,
        /// The ID of the rule that decided.
        rule_id: &'a str,
    },
    /// New specs are in use: `specs_updated`.
    SpecsUpdated {
        /// Their source, such as `Network`.
        source: &'a str,
        /// The public part of the source's address, such as `https://api.statsigcdn.com/v2`.
        source_api: Option<&'a str>,
        /// The whole payload; `None` for other formats than JSON.
        values: Option<&'a RawValue>,
    },
    /// A parameter struct differs from new specs in a new way: `schema_drifted`.
    SchemaDrifted {
        /// All differences between the struct and the specs, also known ones.
        report: &'a SchemaReport,
    },
}

impl SdkEvent<'_> {
    /// The name to subscribe with.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.kind().name
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::GateEvaluated { .. } => GATE,
            Self::DynamicConfigEvaluated { .. } => DYNAMIC_CONFIG,
            Self::ExperimentEvaluated { .. } => EXPERIMENT,
            Self::LayerEvaluated { .. } => LAYER,
            Self::SpecsUpdated { .. } => SPECS,
            Self::SchemaDrifted { .. } => DRIFT,
        }
    }
}

/// A kind of events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// A bit in sets of kinds.
    pub(super) bit: u8,
    pub(super) name: &'static str,
}

const fn kind(bit: u8, name: &'static str) -> Kind {
    Kind { bit, name }
}

const GATE: Kind = kind(1, "gate_evaluated");
const DYNAMIC_CONFIG: Kind = kind(1 << 1, "dynamic_config_evaluated");
const EXPERIMENT: Kind = kind(1 << 2, "experiment_evaluated");
const LAYER: Kind = kind(1 << 3, "layer_evaluated");
pub(super) const SPECS: Kind = kind(1 << 4, "specs_updated");
const DRIFT: Kind = kind(1 << 5, "schema_drifted");

pub(super) const KINDS: [Kind; 6] = [GATE, DYNAMIC_CONFIG, EXPERIMENT, LAYER, SPECS, DRIFT];
/// The bits of all evaluations.
pub(super) const EVALUATIONS: u8 = GATE.bit | DYNAMIC_CONFIG.bit | EXPERIMENT.bit | LAYER.bit;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::SpecsSource;

    #[test]
    fn events_serialize_in_their_raw_form() {
        let raw = serde_json::to_string(&SdkEvent::GateEvaluated {
            gate_name: "g",
            rule_id: "r",
            value: true,
            reason: &Reason::Recognized {
                source: SpecsSource::Network,
                id_list: None,
            },
        })
        .unwrap();
        assert_eq!(
            raw,
            r#"{"event_name":"gate_evaluated","data":{"gate_name":"g","rule_id":"r","value":true,"reason":"Network:Recognized"}}"#
        );
        let payload = RawValue::from_string(r#"{"time":1.0}"#.to_owned()).unwrap();
        let specs = SdkEvent::SpecsUpdated {
            source: "Network",
            source_api: None,
            values: Some(&payload),
        };
        assert_eq!(
            serde_json::to_string(&specs).unwrap(),
            r#"{"event_name":"specs_updated","data":{"source":"Network","source_api":null,"values":{"time":1.0}}}"#
        );
    }
}
