//! Evaluations as `tracing` events, in the form of OpenTelemetry's semantic conventions for feature
//! flags.

use super::SdkEvent;
use crate::results::{EvaluationDetails, Reason};
use crate::targets;

/// The name of the vendor in the conventions.
const PROVIDER: &str = "statsig";

/// Emits `feature_flag.evaluation` for an evaluation. Contains no user data. The variant is the
/// user's group, or else the rule.
pub(crate) fn emit(event: &SdkEvent<'_>, group: Option<&str>, details: &EvaluationDetails) {
    let (key, rule_id, value) = match *event {
        SdkEvent::GateEvaluated {
            gate_name,
            rule_id,
            value,
            ..
        } => (gate_name, rule_id, Some(value)),
        SdkEvent::DynamicConfigEvaluated {
            config_name: name,
            rule_id,
            ..
        }
        | SdkEvent::ExperimentEvaluated {
            experiment_name: name,
            rule_id,
            ..
        }
        | SdkEvent::LayerEvaluated {
            layer_name: name,
            rule_id,
            ..
        } => (name, rule_id, None),
        SdkEvent::SpecsUpdated { .. } | SdkEvent::SchemaDrifted { .. } => return,
    };
    let (reason, error) = in_their_words(&details.reason, rule_id);
    tracing::event!(
        name: "feature_flag.evaluation",
        target: targets::EVALUATION,
        tracing::Level::INFO,
        feature_flag.key = key,
        feature_flag.provider.name = PROVIDER,
        feature_flag.result.variant = group.unwrap_or(rule_id),
        feature_flag.result.value = value,
        feature_flag.result.reason = reason,
        feature_flag.version = details.version,
        error.type = error,
        statsig.rule_id = rule_id,
        statsig.reason = %details.reason,
        "feature_flag.evaluation"
    );
}

/// The reason and the type of error in the terms of the conventions.
fn in_their_words(reason: &Reason, rule_id: &str) -> (&'static str, Option<&'static str>) {
    match reason {
        Reason::NoSpecs(_) => ("error", Some("provider_not_ready")),
        Reason::Unrecognized(_) => ("error", Some("flag_not_found")),
        Reason::Unsupported(_) | Reason::Error(_) => ("error", Some("general")),
        Reason::Overridden(_) => ("static", None),
        Reason::Persisted => ("cached", None),
        Reason::Recognized { .. } => match rule_id {
            "default" => ("default", None),
            "disabled" => ("disabled", None),
            _ => ("targeting_match", None),
        },
        _ => ("unknown", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::SpecsSource;

    #[test]
    fn reasons_are_reported_in_the_words_of_the_conventions() {
        let recognized = || Reason::Recognized {
            source: SpecsSource::Network,
            id_list: None,
        };
        let cases = [
            (recognized(), "a_rule", ("targeting_match", None)),
            (recognized(), "default", ("default", None)),
            (recognized(), "disabled", ("disabled", None)),
            (Reason::Persisted, "a_rule", ("cached", None)),
            (
                Reason::Overridden("LocalOverride"),
                "override",
                ("static", None),
            ),
            (
                Reason::Unrecognized(SpecsSource::Network),
                "",
                ("error", Some("flag_not_found")),
            ),
            (
                Reason::NoSpecs(SpecsSource::NoValues),
                "",
                ("error", Some("provider_not_ready")),
            ),
            (Reason::Error("too deep"), "", ("error", Some("general"))),
        ];
        for (reason, rule_id, expected) in cases {
            assert_eq!(in_their_words(&reason, rule_id), expected, "{reason}");
        }
    }
}
