//! Compares typed reads with the recorded events of the official SDK's reads by hand.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;
use statsig::testing::OfflineClient;
use statsig::{StatsigParams, StatsigUser};
use statsig_tests::conformance::{Case, Conformance, announce_absence, items, text};

use crate::masks;

/// Loads a struct, and accesses it if it has fields.
fn access<P: StatsigParams>(client: &OfflineClient, user: &StatsigUser) {
    let loaded = client.get_typed::<P>(user);
    let _access: &P::View = &loaded;
}

type Access = fn(&OfflineClient, &StatsigUser);

/// A struct for each layer, with every parameter of the recorded reads, including missing
/// parameters.
macro_rules! layers {
    ($($layer:literal: $($param:ident)*;)*) => {
        vec![$({
            #[derive(Debug, StatsigParams)]
            #[statsig(layer = $layer)]
            #[allow(dead_code, reason = "accessed as a whole")]
            struct Layer { $($param: Option<Value>,)* }

            ($layer, access::<Layer> as Access)
        }),*]
    };
}

fn layers_of(project: &str) -> Vec<(&'static str, Access)> {
    match project {
        "demo_proj" => layers! {
            "a_layer": a_string my_obj __no_such_param__;
            "__no_such_entity__": p;
        },
        "eval_proj" => layers! {
            "Basic_test_layer": value __no_such_param__;
            "country_test_layer": sample_parameter value __no_such_param__;
            "layer_in_global_holdout": shared_param __no_such_param__;
            "layer_with_inactive_exp": a_string_param __no_such_param__;
            "layer_with_many_params": a_bool a_number a_string an_array an_object another_bool another_number another_string __no_such_param__;
            "random_id_layer": __no_such_param__;
            "test_layer": another_param layer_param __no_such_param__;
            "test_layer_in_holdout": exp_val layer_val __no_such_param__;
            "test_layer_not_in_holdout": exp_val layer_val __no_such_param__;
            "test_layer_with_holdout": shared_number_param shared_string_param __no_such_param__;
            "test_layer_with_no_exp": a_param __no_such_param__;
            "test_switchback_layer": group __no_such_param__;
            "__no_such_entity__": p;
        },
        _ => layers! {
            "lay_delegate": g n other __no_such_param__;
            "lay_disabled": g __no_such_param__;
            "lay_empty_delegate": g __no_such_param__;
            "lay_holdout": g n p __no_such_param__;
            "lay_inactive": p __no_such_param__;
            "lay_missing_delegate": g __no_such_param__;
            "lay_new": b g h m n q rest z __no_such_param__;
            "lay_new_inactive": p __no_such_param__;
            "lay_new_none": a __no_such_param__;
            "lay_new_unsupported": a b __no_such_param__;
            "lay_pct_delegate": g p __no_such_param__;
            "lay_plain": g n other __no_such_param__;
            "lay_unsupported": g __no_such_param__;
            "map_layer": from l __no_such_param__;
            "map_layer_to": l __no_such_param__;
            "__no_such_entity__": p;
        },
    }
}

/// The store with each kind of reference, read with the recorded types.
#[derive(Debug, StatsigParams)]
#[statsig(param_store = "store_all")]
#[allow(dead_code, reason = "accessed as a whole")]
struct StoreOfAll {
    cfg_absent: Option<f64>,
    cfg_missing: Option<f64>,
    cfg_x: Option<f64>,
    exp_cmab: Option<String>,
    exp_g: Option<String>,
    exp_n: Option<f64>,
    gate_missing: Option<f64>,
    gate_mixed: Option<String>,
    gate_obj: Option<BTreeMap<String, Value>>,
    gate_str: Option<String>,
    lay_g: Option<String>,
    lay_missing: Option<String>,
    lay_new_b: Option<f64>,
    lay_other: Option<Vec<Value>>,
    static_a: Option<Vec<Value>>,
    static_b: Option<bool>,
    static_f: Option<f64>,
    static_s: Option<String>,
    static_wrong: Option<bool>,
    val_arr: Option<f64>,
    val_big: Option<f64>,
    val_bool: Option<f64>,
    val_float: Option<f64>,
    val_int: Option<f64>,
    val_obj: Option<f64>,
    val_str: Option<f64>,
    __no_such_param__: Option<String>,
}

fn exposures(client: &OfflineClient) -> Vec<Value> {
    let events = client.take_events().into_iter();
    events
        .filter(|event| event["eventName"] != "statsig::non_exposed_checks")
        .collect()
}

fn recorded(line: &Value, call: usize) -> impl Iterator<Item = &Value> {
    let events = items(&line["events"]).iter();
    events
        .filter(move |event| event["call"] == call)
        .map(|event| &event["event"])
}

fn case<'a>(cases: &'a [Case], file: &str) -> &'a Case {
    let mut cases = cases.iter();
    cases.find(|case| case.file == file).expect("a case")
}

#[test]
fn a_typed_layer_logs_what_reads_by_hand_logged() {
    let data = Conformance::find();
    let cases = data.cases("events");
    let mut compared = 0;
    for project in ["demo_proj", "eval_proj", "synthetic_entities"] {
        let file = format!("events/{project}.layers.jsonl.gz");
        if data.is_reduced() && !data.has(&file) {
            announce_absence(project);
            continue;
        }
        let case = case(&cases, &file);
        let template = data.client(case, &data.text(&case.spec));
        let skips = data.skips(case, "layers");
        let calls = data.json(case.calls.as_ref().expect("calls"));
        let calls = items(&calls["calls"]);
        for line in data.lines(&case.file) {
            let id = line["user"].as_str().expect("a user");
            let client = template.fresh();
            for (layer, access) in layers_of(project) {
                if skips.reason(layer).is_some() {
                    continue;
                }
                // The first call for a layer reads all its parameters. The later calls read some of
                // them again.
                let is_of_layer = |call: &Value| call["name"] == layer;
                let call = calls.iter().position(is_of_layer).expect("a call");
                let expected: Vec<_> = recorded(&line, call).collect();
                access(&client, data.user(id));
                let found = exposures(&client);
                let context = format!("{}: {id}, {layer}", case.file);
                assert_eq!(found.len(), expected.len(), "{context}: {found:?}");
                for (expected, found) in expected.into_iter().zip(&found) {
                    let differences = masks::differences(&context, expected, found);
                    assert_eq!(differences, [""; 0]);
                    compared += 1;
                }
            }
        }
    }
    println!("typed layers: {compared} events equal");
    let enough = if data.is_reduced() { 40 } else { 400 };
    assert!(compared > enough, "only {compared} events were compared");
}

/// A read by hand logs an exposure even if the type does not match and it returns the fallback. A
/// typed read never does.
#[test]
fn a_typed_store_logs_what_reads_by_hand_logged_for_values_that_were_served() {
    let data = Conformance::find();
    let cases = data.cases("events");
    let case = case(&cases, "events/synthetic_entities.params.jsonl.gz");
    let template = data.client(case, &data.text(&case.spec));
    let calls = data.json(case.calls.as_ref().expect("calls"));
    let calls = items(&calls["calls"]);
    let read: HashSet<_> = StoreOfAll::SCHEMA
        .params
        .iter()
        .map(|param| param.name)
        .collect();
    let mut compared = 0;
    for line in data.lines(&case.file) {
        let id = line["user"].as_str().expect("a user");
        let client = template.fresh();
        access::<StoreOfAll>(&client, data.user(id));
        let found = exposures(&client);
        let is_found = |event: &&Value| {
            found
                .iter()
                .any(|found| masks::differences("", event, found).is_empty())
        };
        let (mut logged, mut missing) = (Vec::new(), Vec::new());
        for (place, call) in calls.iter().enumerate() {
            let is_read = call["store"] == "store_all" && read.contains(&*text(&call["param"]));
            let is_served = is_read && !items(&line["results"])[place].is_null();
            for event in recorded(&line, place) {
                logged.push(event);
                if is_served && !is_found(&event) {
                    missing.push(event);
                }
            }
        }
        assert!(
            missing.is_empty(),
            "{id}: expected {missing:?}, found {found:?}"
        );
        for event in &found {
            let is_logged = logged
                .iter()
                .any(|logged| masks::differences("", logged, event).is_empty());
            assert!(is_logged, "{id}: nobody logged {event} by hand");
            compared += 1;
        }
    }
    println!("typed stores: {compared} events equal");
    assert!(compared > 80, "only {compared} events were compared");
}
