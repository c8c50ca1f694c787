//! Incrementally compiled specs have the same results as specs compiled from scratch.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::totality::{any_user, everything, mutated_specs};
use super::*;
use crate::entity_kind::EntityKind;
use crate::specs::compiled::{CompiledSpecs, ReturnValue};

const KINDS: [EntityKind; 4] = [
    EntityKind::Gate,
    EntityKind::DynamicConfig,
    EntityKind::Experiment,
    EntityKind::Layer,
];

/// The next snapshot, compiled incrementally from this one.
fn next(snapshot: &Snapshot, specs: &Value) -> Option<Snapshot> {
    match snapshot.load(specs.to_string().as_bytes(), u64::MAX) {
        Ok(Loaded::New(specs)) => Some(snapshot.with_specs(*specs, SpecsSource::Network, None, 1)),
        Ok(Loaded::Unchanged | Loaded::Older { .. }) | Err(_) => None,
    }
}

/// Removes an entry of a section, and adds it under a new name.
fn move_entry(specs: &mut Value, section: &str, entry: Index, name: Option<u8>) {
    let Some(entries) = specs[section].as_object_mut().filter(|map| !map.is_empty()) else {
        return;
    };
    let names: Vec<_> = entries.keys().cloned().collect();
    let dropped = entries.remove(entry.get(&names));
    if let (Some(name), Some(dropped)) = (name, dropped) {
        entries.insert(format!("x{name}"), dropped);
    }
}

prop_compose! {
    /// A history of responses. Entries disappear and return.
    fn history()(
        steps in vec((mutated_specs(), vec((
            select(vec!["feature_gates", "dynamic_configs", "layer_configs", "condition_map", "cmab_configs"]),
            any::<Index>(),
            proptest::option::of(0..3_u8),
        ), 0..3)), 2..7),
    ) -> Vec<Value> {
        let steps = steps.into_iter().zip(1..);
        steps.map(|((mut specs, moves), time)| {
            for (section, entry, name) in moves {
                move_entry(&mut specs, section, entry, name);
            }
            specs["time"] = json!(time);
            specs
        }).collect()
    }
}

fn assert_same(incremental: &Snapshot, full: &Snapshot, users: &[StatsigUser]) {
    let (specs, expected) = (&incremental.specs, &full.specs);
    for (name, id) in &expected.index {
        let entry = specs.find(name).and_then(|id| specs.entry(id)).expect(name);
        let wanted = expected.entry(*id).expect(name);
        assert_eq!(entry.dependencies, wanted.dependencies, "{name}");
        assert_eq!(
            (entry.is_segment, entry.is_referred_to),
            (wanted.is_segment, wanted.is_referred_to),
            "{name}"
        );
        for user in users {
            for kind in KINDS {
                let found = evaluate(incremental, kind, name, user);
                assert_eq!(found, evaluate(full, kind, name, user), "{name}");
            }
        }
    }
    for entry in &specs.entries {
        if expected.find(specs.text(entry.name)).is_none() {
            let defined = [
                entry.gate.is_some(),
                entry.config.is_some(),
                entry.layer.is_some(),
                entry.cmab.is_some(),
                entry.mapping.is_some(),
            ];
            assert_eq!(defined, [false; 5], "{}", specs.text(entry.name));
        }
    }
    let stores = |specs: &CompiledSpecs| {
        let stores = specs.param_stores.iter();
        stores
            .map(|(name, store)| (name.clone(), format!("{store:?}")))
            .collect::<BTreeMap<_, _>>()
    };
    assert_eq!(stores(specs), stores(expected));
    assert_eq!(specs.specs.len(), expected.specs.len());
    assert_eq!(specs.cmabs.len(), expected.cmabs.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn incremental_equals_full(history in history(), users in vec(any_user(), 1..3)) {
        let mut current = empty();
        for specs in history {
            let full = snapshot(&specs.to_string());
            let incremental = next(&current, &specs);
            prop_assert_eq!(full.is_some(), incremental.is_some());
            if let (Some(full), Some(incremental)) = (full, incremental) {
                assert_same(&incremental, &full, &users);
                current = incremental;
            }
        }
    }
}

fn parameters<'a>(snapshot: &'a Snapshot, config: &str) -> &'a Arc<Map<String, Value>> {
    let specs = &snapshot.specs;
    let entry = specs.find(config).and_then(|id| specs.entry(id)).unwrap();
    let spec = entry.config.and_then(|id| specs.spec(id)).unwrap();
    match &spec.default_value {
        ReturnValue::Parameters(parameters) => parameters,
        other => panic!("expected parameters, found {other:?}"),
    }
}

fn two_configs(time: u64, of_a: i64) -> Value {
    let mut specs = Specs::new()
        .config(
            "a",
            json!({"value": of_a}),
            [rule("r", ["nobody"], json!({}))],
        )
        .config(
            "b",
            json!({"value": "b"}),
            [rule("r", ["nobody"], json!({}))],
        )
        .finish();
    specs["time"] = json!(time);
    specs
}

#[test]
fn what_has_not_changed_is_shared_with_the_specs_before() {
    let before = snapshot(&two_configs(1, 1).to_string()).unwrap();
    let after = next(&before, &two_configs(2, 2)).unwrap();
    assert!(Arc::ptr_eq(
        parameters(&before, "b"),
        parameters(&after, "b")
    ));
    assert_eq!(parameters(&before, "a")["value"], 1);
    assert_eq!(parameters(&after, "a")["value"], 2);
}

#[test]
fn equal_values_are_kept_once_also_when_they_come_later() {
    let before = snapshot(&two_configs(1, 1).to_string()).unwrap();
    let mut specs = two_configs(2, 2);
    specs["dynamic_configs"]["a"]["defaultValue"] = json!({"value": "b"});
    let after = next(&before, &specs).unwrap();
    assert!(Arc::ptr_eq(
        parameters(&after, "a"),
        parameters(&after, "b")
    ));
}

#[test]
fn values_that_no_specs_have_any_more_are_freed() {
    let first = snapshot(&two_configs(1, 1).to_string()).unwrap();
    let value = Arc::downgrade(parameters(&first, "a"));
    let second = next(&first, &two_configs(2, 2)).unwrap();
    drop(first);
    assert!(value.upgrade().is_none());
    assert_eq!(parameters(&second, "a")["value"], 2);
}

#[test]
fn a_changed_condition_changes_the_rules_that_did_not_change() {
    let specs = |time: u64, operator: &str| {
        let mut specs = Specs::new()
            .gate("g", [rule("r", ["nobody"], json!(true))])
            .finish();
        specs["condition_map"]["nobody"]["operator"] = json!(operator);
        specs["time"] = json!(time);
        specs
    };
    let before = snapshot(&specs(1, "any").to_string()).unwrap();
    let after = next(&before, &specs(2, "none")).unwrap();
    assert!(!evaluate(&before, EntityKind::Gate, "g", &ann()).value);
    assert!(evaluate(&after, EntityKind::Gate, "g", &ann()).value);
}

#[test]
fn conditions_may_go_and_come_back() {
    let mut with = everything();
    let mut without = everything();
    without["condition_map"]
        .as_object_mut()
        .unwrap()
        .remove("everyone");
    let mut current = empty();
    for (time, specs) in (1..).zip([&mut with.clone(), &mut without, &mut with]) {
        specs["time"] = json!(time);
        current = next(&current, specs).unwrap();
        assert_same(&current, &snapshot(&specs.to_string()).unwrap(), &[ann()]);
    }
}

#[test]
fn what_is_left_over_from_the_past_is_bounded() {
    let mut current = empty();
    for time in 1..20 {
        let mut specs = Specs::new();
        for number in 0..200 {
            let name = format!("gate-{time}-{number}");
            specs = specs.gate(&name, [rule(&name, ["everyone"], json!({"at": name}))]);
        }
        let mut specs = specs.finish();
        specs["time"] = json!(time);
        current = next(&current, &specs).unwrap();
        assert!(
            current.specs.symbols.len() < 3_000,
            "{}",
            current.specs.symbols.len()
        );
        assert!(
            current.specs.entries.len() < 2_000,
            "{}",
            current.specs.entries.len()
        );
    }
}

#[test]
fn trap_8_integers_in_values_do_not_go_through_doubles() {
    let mut specs = two_configs(1, 9_007_199_254_740_993);
    let before = snapshot(&specs.to_string()).unwrap();
    specs["time"] = json!(2);
    specs["dynamic_configs"]["b"]["defaultValue"] = json!({"value": u64::MAX});
    let after = next(&before, &specs).unwrap();
    assert_eq!(
        parameters(&after, "a")["value"],
        json!(9_007_199_254_740_993_i64)
    );
    assert_eq!(parameters(&after, "b")["value"], json!(u64::MAX));
}
