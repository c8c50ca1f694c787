//! Explanations end like the evaluation itself, whatever specs and users look like.

use proptest::prelude::*;

use super::totality::{any_user, mutated_specs, tangled_specs};
use super::*;
use crate::evaluation::explain::Explainer;
use crate::results::explanation::{ExplainKind, Step, Visit, VisitEnd};
use crate::testing::OfflineClient;

/// Whether the path ends in what the evaluation returned, and tells at most one deciding step for each name.
fn assert_consistent(snapshot: &Snapshot, user: &StatsigUser) {
    let kinds = [
        Kind::Gate,
        Kind::DynamicConfig,
        Kind::Experiment,
        Kind::Layer,
    ];
    let scope = Scope::of(snapshot, NOW_MS, 1);
    for entry in snapshot.specs.index.values() {
        for kind in kinds {
            let mut evaluator = Evaluator::traced(scope, user, Explainer::new(scope, user));
            let traced = shown(snapshot, &evaluator.evaluate(kind, *entry));
            assert_eq!(traced, shown(snapshot, &raw(snapshot, kind, *entry, user)));
            let (path, is_abridged) = evaluator.finish().finish();
            let path = path.expect("a path");
            if traced.outcome == Outcome::TooDeep {
                assert_eq!(path.end, VisitEnd::GivenUp);
                continue;
            }
            assert_eq!(path.value, traced.value);
            assert_eq!(path.rule_id, traced.rule);
            assert_eq!(path.group_name.as_deref(), traced.group.as_deref());
            if !is_abridged {
                assert_leads_to_its_end(&path);
            }
        }
    }
}

/// The last step explains the end.
fn assert_leads_to_its_end(visit: &Visit) {
    let last = visit.steps.last().expect("a step");
    match visit.end {
        VisitEnd::Decided => assert!(
            matches!(
                last,
                Step::Rule(_)
                    | Step::Mapping(_)
                    | Step::Default { .. }
                    | Step::BanditKeptOut { .. }
                    | Step::BanditChose(_)
                    | Step::Overridden { .. }
                    | Step::SeenBefore
            ),
            "{visit:?}"
        ),
        VisitEnd::Unknown => assert!(
            matches!(last, Step::Unknown | Step::SeenBefore),
            "{visit:?}"
        ),
        VisitEnd::Unsupported | VisitEnd::GivenUp => {}
    }
}

/// Whether the client explains what it answers.
fn assert_explains_answers(specs: &Value, user: &StatsigUser) {
    let Ok(client) = OfflineClient::new(&specs.to_string(), None) else {
        return;
    };
    let snapshot = client.shared_state().published.load();
    let names = snapshot
        .specs
        .entries
        .iter()
        .filter(|entry| !entry.traits.volatile);
    for name in names.map(|entry| snapshot.specs.text(entry.name)) {
        let explain = |kind| client.explain(user, kind, name).result;

        let explained = explain(ExplainKind::Gate);
        let gate = client.get_feature_gate(user, name);
        assert_eq!(explained.value, gate.value);
        assert_eq!(
            (explained.rule_id, explained.details),
            (gate.rule_id, gate.details)
        );

        let explained = explain(ExplainKind::DynamicConfig);
        let config = client.get_dynamic_config(user, name);
        assert_eq!(explained.value.as_object(), config.value());
        assert_eq!(
            (explained.rule_id, explained.details),
            (config.rule_id, config.details)
        );

        let explained = explain(ExplainKind::Experiment);
        let experiment = client.get_experiment(user, name);
        assert_eq!(explained.value.as_object(), experiment.value());
        assert_eq!(explained.group_name, experiment.group_name);
        assert_eq!(
            (explained.rule_id, explained.details),
            (experiment.rule_id, experiment.details)
        );

        let explained = explain(ExplainKind::Layer);
        let layer = client.get_layer(user, name);
        for (parameter, value) in explained.value.as_object().into_iter().flatten() {
            assert_eq!(layer.get_raw_value(parameter).as_ref(), Some(value));
        }
        assert_eq!(explained.group_name, layer.group_name);
        assert_eq!(
            explained.allocated_experiment,
            layer.allocated_experiment_name
        );
        assert_eq!(
            (explained.rule_id, explained.details),
            (layer.rule_id, layer.details)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn explanations_of_mutated_specs_end_like_evaluations(specs in mutated_specs(), user in any_user()) {
        if let Some(snapshot) = snapshot(&specs.to_string()) {
            assert_consistent(&snapshot, &user);
        }
        assert_explains_answers(&specs, &user);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn explanations_of_tangled_specs_end_like_evaluations(specs in tangled_specs(), user in any_user()) {
        assert_consistent(&snapshot(&specs.to_string()).expect("valid specs"), &user);
    }
}
