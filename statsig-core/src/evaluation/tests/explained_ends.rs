//! With any specs and any user, explanations end like the evaluation.

use proptest::prelude::*;

use super::totality::{any_user, mutated_specs, tangled_specs};
use super::*;
use crate::entity_kind::EntityKind;
use crate::evaluation::explain::Explainer;
use crate::results::explanation::{Step, Visit, VisitEnd};

/// Checks that the path ends in the evaluation's result, and that each name has at most one
/// deciding step.
fn assert_consistent(snapshot: &Snapshot, user: &StatsigUser) {
    let kinds = [
        EntityKind::Gate,
        EntityKind::DynamicConfig,
        EntityKind::Experiment,
        EntityKind::Layer,
    ];
    let scope = EvaluationContext::of(snapshot, NOW_MS, 1);
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

/// Checks that the last step explains the end.
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

/// Checks that explanations show the results of evaluations.
fn assert_explains_answers(specs: &Value, user: &StatsigUser) {
    let Some(engine) = Engine::new(specs) else {
        return;
    };
    let snapshot = &engine.snapshot;
    let entries = snapshot.specs.entries.iter();
    for entry in entries.filter(|entry| !entry.dependencies.volatile) {
        let name = snapshot.specs.text(entry.name);
        for (explained, kind) in [
            (EntityKind::Gate, EntityKind::Gate),
            (EntityKind::DynamicConfig, EntityKind::DynamicConfig),
            (EntityKind::Experiment, EntityKind::Experiment),
            (EntityKind::Layer, EntityKind::Layer),
        ] {
            let result = engine.explain(user, explained, name).result;
            let evaluation = engine.decide(user, kind, name);
            let decision = NamedEvaluation {
                snapshot,
                name,
                entry: snapshot.specs.find(name),
                evaluation: &evaluation,
            };
            match kind {
                EntityKind::Gate => assert_eq!(result.value, evaluation.value),
                _ => assert_eq!(result.value.as_object(), decision.parameters().0.as_deref()),
            }
            assert_eq!(result.rule_id, decision.rule_id());
            assert_eq!(result.group_name, decision.group_name());
            assert_eq!(result.details, decision.details());
            if kind == EntityKind::Layer {
                assert_eq!(result.allocated_experiment, decision.allocated_experiment());
            }
        }
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
