mod deltas;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::encode::{self, Stream};
use super::messages::{Deletions, Spec, TopLevel};
use super::*;

fn read(bytes: &[u8], previous: Option<&ProtoSpecs>) -> Result<ProtoSpecs, ProtoError> {
    ProtoSpecs::read(bytes.to_vec(), previous)
}

fn to_value(specs: &ProtoSpecs) -> Value {
    serde_json::from_slice(&specs.to_json()).unwrap()
}

fn top(time: u64) -> TopLevel {
    TopLevel {
        has_updates: true,
        time,
        rest: r#"{"experiment_to_layer":{}}"#.into(),
        ..TopLevel::default()
    }
}

fn gate(salt: &str) -> Vec<u8> {
    encode::spec(&json!({
        "salt": salt, "enabled": true, "defaultValue": false, "entity": "feature_gate", "idType": "userID", "rules": [],
    }))
}

fn salts(specs: &ProtoSpecs) -> Vec<(String, String)> {
    let specs = to_value(specs);
    let gates = specs["feature_gates"].as_object().unwrap().iter();
    gates
        .map(|(name, gate)| (name.clone(), gate["salt"].as_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn every_field_arrives_in_the_json() {
    let specs = json!({
        "has_updates": true,
        "time": 17,
        "company_id": "c",
        "response_format": "dcs-v2",
        "checksum": "85066",
        "feature_gates": {"g": {
            "type": "feature_gate", "salt": "s", "enabled": true, "defaultValue": false, "entity": "holdout",
            "idType": "companyID", "version": 3, "isActive": true, "explicitParameters": ["a"],
            "hasSharedParams": false, "targetAppIDs": ["app"], "useNewLayerEval": true,
            "forwardAllExposures": false, "fieldsUsed": ["email"],
            "rules": [{
                "name": "n", "id": "r", "salt": "", "passPercentage": 0.5, "conditions": ["1"], "idType": "stableID",
                "returnValue": {"big": 18446744073709551615_u64, "x": [1.0, null]}, "groupName": "group",
                "configDelegate": "d", "isExperimentGroup": true, "samplingRate": 201,
            }],
        }},
        "dynamic_configs": {"c": {
            "type": "dynamic_config", "salt": "s", "enabled": false, "defaultValue": {"a": 1}, "entity": "autotune",
            "idType": "userID", "version": 0, "rules": [],
        }},
        "layer_configs": {},
        "param_stores": {"p": {"parameters": {"x": {"ref_type": "static", "param_type": "number", "value": 1}}}},
        "condition_map": {
            "1": {"type": "user_bucket", "idType": "userID", "operator": "none_case_sensitive", "field": "f",
                "targetValue": [1, "2"], "additionalValues": {"salt": "s"}},
            "2": {"type": "public", "idType": "userID"},
            "3": {"type": "unit_id", "idType": "userID", "operator": "gt", "targetValue": -5},
            "4": {"type": "unit_id", "idType": "userID", "operator": "eq", "targetValue": 18446744073709551615_u64},
            "5": {"type": "unit_id", "idType": "userID", "operator": "lt", "targetValue": 0.25},
            "6": {"type": "pass_gate", "idType": "userID", "targetValue": "g"},
        },
        "experiment_to_layer": {"e": "l"},
        "sdk_configs": {"sampling_mode": "on"},
        "default_environment": "staging",
    });
    let read = read(&encode::response(&specs), None).unwrap();
    assert_eq!(to_value(&read), specs);
    assert_eq!((read.time(), read.checksum()), (17, Some("85066")));
}

/// The part of an entity that the binary form can carry, in its JSON form.
fn normalised(mut entity: Value, known: &[&str]) -> Value {
    let fields = entity.as_object_mut().unwrap();
    fields.retain(|name, value| {
        let is_empty =
            value.as_array().is_some_and(Vec::is_empty) && name != "rules" && name != "conditions";
        known.contains(&name.as_str()) && !value.is_null() && !is_empty
            || ["defaultValue", "returnValue"].contains(&name.as_str())
    });
    if let Some(percentage) = fields.get_mut("passPercentage") {
        *percentage = percentage.as_f64().into();
    }
    if let Some(Value::Array(rules)) = fields.get_mut("rules") {
        for rule in rules {
            *rule = normalised(rule.take(), RULE_FIELDS);
        }
    }
    if known == SPEC_FIELDS {
        fields.entry("version").or_insert(0.into());
    }
    entity
}

const SPEC_FIELDS: &[&str] = &[
    "type",
    "salt",
    "enabled",
    "entity",
    "idType",
    "version",
    "rules",
    "isActive",
    "explicitParameters",
    "hasSharedParams",
    "targetAppIDs",
    "useNewLayerEval",
    "forwardAllExposures",
    "fieldsUsed",
];
const RULE_FIELDS: &[&str] = &[
    "name",
    "id",
    "salt",
    "passPercentage",
    "conditions",
    "idType",
    "groupName",
    "configDelegate",
    "isExperimentGroup",
    "samplingRate",
];
const CONDITION_FIELDS: &[&str] = &[
    "type",
    "idType",
    "targetValue",
    "operator",
    "field",
    "additionalValues",
];

fn assert_round_trip(specs: &Value) {
    let found = to_value(&read(&encode::response(specs), None).unwrap());
    for (field, known) in [
        ("feature_gates", SPEC_FIELDS),
        ("dynamic_configs", SPEC_FIELDS),
        ("layer_configs", SPEC_FIELDS),
        ("condition_map", CONDITION_FIELDS),
    ] {
        for (name, entity) in specs[field].as_object().unwrap() {
            let found = &found[field][name];
            if entity["type"] == "experiment_group" {
                assert!(found.is_null(), "{name}");
            } else {
                assert_eq!(*found, normalised(entity.clone(), known), "{field} {name}");
            }
        }
    }
    for field in [
        "experiment_to_layer",
        "cmab_configs",
        "sdk_configs",
        "default_environment",
        "time",
    ] {
        assert_eq!(found[field], specs[field], "{field}");
    }
    if specs.get("param_stores").is_some() {
        assert_eq!(found["param_stores"], specs["param_stores"]);
    }
}

#[test]
fn the_specs_of_the_example_come_back_as_they_were() {
    let specs = include_str!("../../../../../examples/promo/specs.json");
    assert_round_trip(&serde_json::from_str(specs).unwrap());
}

#[test]
fn real_specs_come_back_as_they_were() {
    let folder = std::env::var("STATSIG_CONFORMANCE_DIR").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance").to_owned()
    });
    for name in ["eval_proj", "perf_proj"] {
        let Ok(packed) = std::fs::read(format!("{folder}/specs/{name}.json.gz")) else {
            println!("skipped: expected the specs of {name}, found none");
            continue;
        };
        let specs = flate2::read::GzDecoder::new(&packed[..]);
        assert_round_trip(&serde_json::from_reader(specs).unwrap());
    }
}

#[test]
fn an_entity_that_cannot_be_read_is_left_out_alone() {
    let bad_entity = Spec {
        entity: 99,
        ..Spec::default()
    };
    let no_kind = Spec {
        entity: 1,
        default_value: Some(messages::ReturnValue { value: None }),
        ..Spec::default()
    };
    let fraction = Spec {
        entity: 1,
        rules: vec![messages::Rule {
            sampling_rate: Some(1.5),
            ..messages::Rule::default()
        }],
        ..Spec::default()
    };
    let mut stream = Stream::default().top_level(&top(1));
    for (name, data) in [
        ("a", Some(gate("s"))),
        ("b", Some(bad_entity.encode_to_vec())),
        ("c", Some(no_kind.encode_to_vec())),
        ("d", Some(fraction.encode_to_vec())),
        ("e", Some(vec![0xFF; 7])),
        ("f", None),
    ] {
        stream = stream.entity(Kind::FeatureGate, name, "", data);
    }
    let unknown_operator = messages::Condition {
        condition_type: 1,
        operator: Some(77),
        ..messages::Condition::default()
    };
    let stream = stream
        .entity(
            Kind::Condition,
            "1",
            "",
            Some(unknown_operator.encode_to_vec()),
        )
        .entity(Kind::ParamStore, "p", "", Some(b"{".to_vec()));
    let specs = read(&stream.done(), None).unwrap();
    assert_eq!(salts(&specs), [("a".to_owned(), "s".to_owned())]);
    let specs = to_value(&specs);
    assert_eq!(
        (&specs["condition_map"], &specs["param_stores"]),
        (&json!({}), &json!({}))
    );
}

#[test]
fn a_default_that_is_missing_is_null_and_an_old_pass_percentage_counts() {
    let spec = Spec {
        entity: 1,
        rules: vec![messages::Rule {
            pass_percentage: 25,
            ..messages::Rule::default()
        }],
        ..Spec::default()
    };
    let stream = Stream::default().top_level(&top(1)).entity(
        Kind::FeatureGate,
        "g",
        "",
        Some(spec.encode_to_vec()),
    );
    let specs = to_value(&read(&stream.done(), None).unwrap());
    let gate = &specs["feature_gates"]["g"];
    assert_eq!(
        (&gate["defaultValue"], &gate["idType"]),
        (&Value::Null, &json!(""))
    );
    assert_eq!(gate["rules"][0]["passPercentage"], 25.0);
    assert_eq!(gate["rules"][0].get("salt"), None);
    assert_eq!(gate["rules"][0]["conditions"], json!([]));
}

#[test]
fn what_cannot_be_read_as_a_whole_is_refused() {
    let no_layers = TopLevel {
        rest: "{}".into(),
        ..top(1)
    };
    let cases = [
        (Vec::new(), ProtoError::Unfinished(0)),
        (
            Stream::default().top_level(&top(1)).0,
            ProtoError::Unfinished(1),
        ),
        (Stream::default().done(), ProtoError::NoTopLevel),
        (
            Stream::default()
                .top_level(&top(1))
                .mark(Kind::Unknown)
                .done(),
            ProtoError::UnknownKind,
        ),
        (
            Stream::default().mark(Kind::CopyPrevious).done(),
            ProtoError::NothingToCopy,
        ),
        (
            Stream::default().top_level(&no_layers).done(),
            ProtoError::TopLevel("expected `experiment_to_layer` in it, found none".to_owned()),
        ),
    ];
    for (bytes, expected) in cases {
        assert_eq!(read(&bytes, None).unwrap_err(), expected);
    }
}

#[test]
fn what_is_new_to_this_reader_is_skipped() {
    let stream = Stream::default()
        .top_level(&top(1))
        .envelope(&Envelope {
            kind: 99,
            ..Envelope::default()
        })
        .entity(Kind::FeatureGate, "g", "", Some(gate("s")));
    let mut bytes = stream.0;
    // A record that is not an envelope.
    bytes.extend([2, 0xFF, 0xFF]);
    let mut bytes = Stream(bytes).done();
    bytes.extend(b"what follows the end");
    assert_eq!(salts(&read(&bytes, None).unwrap()).len(), 1);
}

#[test]
fn specs_that_break_off_anywhere_are_refused() {
    let whole = Stream::default()
        .top_level(&top(1))
        .entity(Kind::FeatureGate, "g", "", Some(gate("s")))
        .done();
    for length in 0..whole.len() {
        let error = read(&whole[..length], None).unwrap_err();
        assert!(
            matches!(error, ProtoError::Unfinished(_)),
            "{length}: {error}"
        );
    }
}

fn numbered(time: u64, gates: &[(&str, &str, &str)]) -> Stream {
    let mut stream = Stream::default().top_level(&top(time));
    for (name, checksum, salt) in gates {
        stream = stream.entity(Kind::FeatureGate, name, checksum, Some(gate(salt)));
    }
    stream
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes, None);
    }

    #[test]
    fn no_change_of_a_byte_makes_it_panic(position in 0_usize..200, byte in any::<u8>()) {
        let mut bytes = numbered(1, &[("a", "10", "s1"), ("b", "20", "s2")]).done();
        if let Some(found) = bytes.get_mut(position) {
            *found = byte;
        }
        if let Ok(specs) = read(&bytes, None) {
            prop_assert!(serde_json::from_slice::<Value>(&specs.to_json()).is_ok());
        }
    }
}
