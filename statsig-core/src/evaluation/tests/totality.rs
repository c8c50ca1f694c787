//! With any specs and any user, loading and evaluation end and never panic.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::json;

use super::*;
use crate::entity_kind::EntityKind;

/// Specs that use every feature once.
pub(super) fn everything() -> Value {
    let grouped = but(
        rule("group", ["everyone"], json!({"a": 1})),
        "groupName",
        "A",
    );
    let delegating = but(
        rule("lr", ["pass:g0"], json!({"b": 2})),
        "configDelegate",
        "e0",
    );
    let weights = json!({
        "alpha": 0.5, "intercept": 0.5, "records": 1,
        "weightsNumerical": {"age": 0.5}, "weightsCategorical": {"plan": {"x": 1.0}},
    });
    let mut specs = Specs::new()
        .gate(
            "g0",
            [rule("r", ["pass:g1", "fail:g2", "everyone"], json!(true))],
        )
        .gate(
            "g1",
            [but(
                rule("r", ["in:e0:A"], json!(true)),
                "passPercentage",
                50,
            )],
        )
        .gate("g2", [rule("r", ["compared", "unsupported"], json!(false))])
        .config("e0", json!({"a": 0}), [grouped])
        .config(
            "e1",
            json!(null),
            [rule("r", ["in:e0:A", "pass:g1"], json!({}))],
        )
        .layer("l0", json!({"a": 0}), [delegating.clone()])
        .layer(
            "l1",
            json!({"c": 0}),
            [delegating, rule("r", ["compared"], json!({"c": 1}))],
        )
        .set(EntityKind::Layer, "l1", "useNewLayerEval", json!(true))
        .with(
            "overrides",
            "g2",
            json!([{"new_config_name": "g1", "rules": [{"rule_name": "o"}]}]),
        )
        .with(
            "override_rules",
            "o",
            rule("o", ["compared", "fail:g0"], json!(true)),
        )
        .with(
            "cmab_configs",
            "b0",
            json!({
                "salt": "s", "defaultValue": {}, "idType": "userID", "enabled": true, "version": 1,
                "sampleRate": 0.5, "higherIsBetter": true, "targetingGateName": "g0",
                "groups": [{"name": "A", "id": "a", "parameterValues": {"a": 1}}],
                "config": {"a": weights},
            }),
        )
        .finish();
    specs["condition_map"]["compared"] = json!({
        "type": "user_field", "targetValue": ["a", 1, null, "2024-01-01T00:00:00Z"], "operator": "any",
        "field": "age", "additionalValues": {"salt": "s"}, "idType": "userID",
    });
    specs
}

/// Texts that have a meaning somewhere in specs.
fn meaningful() -> impl Strategy<Value = String> {
    let words = [
        "g0",
        "g1",
        "g2",
        "e0",
        "e1",
        "l0",
        "b0",
        "pass:g0",
        "fail:g1",
        "in:e0:A",
        "everyone",
        "compared",
        "user_field",
        "ip_based",
        "ua_based",
        "environment_field",
        "current_time",
        "user_bucket",
        "unit_id",
        "target_app",
        "experiment_group",
        "pass_gate",
        "public",
        "gt",
        "version_lt",
        "any",
        "none_case_sensitive",
        "str_contains_any",
        "str_matches",
        "before",
        "on",
        "eq",
        "neq",
        "in_segment_list",
        "array_contains_all",
        "userID",
        "companyID",
        "country",
        "segment:x",
        "(",
        "1.2.3",
        "2024-01-01T00:00:00Z",
        "",
    ];
    select(words.to_vec()).prop_map(str::to_owned)
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        meaningful().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((meaningful(), inner), 0..4).prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

/// Replaces one node of a JSON tree.
fn replace(tree: &mut Value, node: Index, with: Value) {
    fn count(tree: &Value) -> usize {
        1 + match tree {
            Value::Array(items) => items.iter().map(count).sum(),
            Value::Object(entries) => entries.values().map(count).sum(),
            _ => 0,
        }
    }
    fn nth(tree: &mut Value, mut place: usize) -> &mut Value {
        if place == 0 {
            return tree;
        }
        place -= 1;
        let children: Vec<&mut Value> = match tree {
            Value::Array(items) => items.iter_mut().collect(),
            Value::Object(entries) => entries.values_mut().collect(),
            _ => Vec::new(),
        };
        for child in children {
            let size = count(child);
            if place < size {
                return nth(child, place);
            }
            place -= size;
        }
        unreachable!("the place is within the tree");
    }
    // The root stays, because specs need it.
    let place = 1 + node.index(count(tree) - 1);
    *nth(tree, place) = with;
}

prop_compose! {
    pub(super) fn mutated_specs()(
        replacements in vec((any::<Index>(), any_json()), 0..4),
        renames in vec((any::<Index>(), meaningful().prop_map(Value::from)), 0..4),
    ) -> Value {
        let mut specs = everything();
        for (node, with) in replacements.into_iter().chain(renames) {
            replace(&mut specs, node, with);
        }
        specs
    }
}

prop_compose! {
    /// Gates, experiments and layers with random references, mostly in circles.
    pub(super) fn tangled_specs()(
        links in vec((0..3_usize, 0..6_usize, vec((0..4_usize, 0..6_usize), 0..4), any::<bool>()), 1..24),
    ) -> Value {
        links.into_iter().fold(Specs::new(), |specs, (sort, name, conditions, delegates)| {
            let conditions: Vec<_> = conditions
                .iter()
                .map(|(sort, to)| match sort {
                    0 => format!("pass:x{to}"),
                    1 => format!("fail:x{to}"),
                    2 => format!("in:x{to}:A"),
                    _ => "everyone".to_owned(),
                })
                .collect();
            let mut rule = rule("r", conditions.iter().map(String::as_str), json!({"a": 1}));
            rule["groupName"] = json!("A");
            if delegates {
                rule["configDelegate"] = json!(format!("x{}", (name + 1) % 6));
            }
            let redirection = json!([{
                "new_config_name": format!("x{}", (name + 2) % 6), "rules": [{"rule_name": "o"}],
            }]);
            let own = format!("x{name}");
            let specs = specs.with("override_rules", "o", rule.clone());
            match sort {
                0 => specs.gate(&own, [rule.clone(), rule]),
                1 => specs.config(&own, json!({}), [rule.clone(), rule]),
                _ => specs
                    .layer(&own, json!({}), [rule.clone(), rule])
                    .set(EntityKind::Layer, &own, "useNewLayerEval", json!(delegates))
                    .with("overrides", &own, redirection),
            }
        }).finish()
    }
}

pub(super) fn any_user() -> impl Strategy<Value = StatsigUser> {
    let fields = || vec((meaningful(), any_json()), 0..3);
    let custom_fields = vec(
        (
            select(vec!["age", "plan", "country", "userAgent"]),
            any_json(),
        ),
        0..3,
    );
    let parts = (any_json(), fields(), any_json(), custom_fields, fields());
    parts.prop_map(|(user_id, ids, email, custom, private)| {
        let mut user = StatsigUser::builder(user_id).email(email);
        for (id_type, id) in ids {
            user = user.custom_id(id_type, id);
        }
        for (name, value) in custom {
            user = user.custom(name, value);
        }
        for (name, value) in private {
            user = user.private(name, value);
        }
        user.build()
    })
}

/// Evaluates every name as every kind. Repeated evaluations must agree.
fn evaluate_all(snapshot: &Snapshot, user: &StatsigUser) {
    let kinds = [
        EntityKind::Gate,
        EntityKind::DynamicConfig,
        EntityKind::Experiment,
        EntityKind::Layer,
    ];
    for entry in snapshot.specs.index.values() {
        for kind in kinds {
            let once = shown(snapshot, &raw(snapshot, kind, *entry, user));
            let again = shown(snapshot, &raw(snapshot, kind, *entry, user));
            assert_eq!(once, again);
        }
    }
}

#[test]
fn the_base_of_the_mutations_is_valid() {
    let snapshot = snapshot(&everything().to_string()).expect("valid specs");
    assert_eq!(snapshot.specs.specs.len(), 7);
    assert_eq!(snapshot.specs.cmabs.len(), 1);
    evaluate_all(&snapshot, &ann());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn mutated_specs_load_or_are_refused_and_evaluate(specs in mutated_specs(), user in any_user()) {
        if let Some(snapshot) = snapshot(&specs.to_string()) {
            evaluate_all(&snapshot, &user);
        }
    }

    #[test]
    fn damaged_bytes_load_or_are_refused(
        damage in vec((any::<Index>(), any::<u8>()), 1..6),
        length in any::<Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = everything().to_string().into_bytes();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if is_cut {
            bytes.truncate(length.index(bytes.len()));
        }
        if let Err(problem) = empty().load(&bytes, u64::MAX) {
            prop_assert!(!problem.to_string().is_empty());
        }
    }
}

proptest! {
    // Most of these reach a limit, which takes long without optimization.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn tangled_specs_evaluate(specs in tangled_specs(), user in any_user()) {
        let snapshot = snapshot(&specs.to_string()).expect("valid specs");
        evaluate_all(&snapshot, &user);
    }
}
