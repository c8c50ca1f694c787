use serde_json::json;

use super::*;

/// A value as stored by another SDK.
const STORED: &str = r#"{"value":true,"json_value":{"a":"e1"},"rule_id":"er","group_name":"G1","secondary_exposures":[{"gate":"n","gateValue":"true","ruleID":"nr"}],"undelegated_secondary_exposures":[{"gate":"n","gateValue":"true","ruleID":"nr"}],"config_delegate":null,"explicit_parameters":["a"],"time":1700000000000,"config_version":3}"#;

fn stored() -> StickyValues {
    serde_json::from_str(STORED).expect("sticky values")
}

#[test]
fn what_other_sdks_store_is_read_and_written_to_the_letter() {
    let values = stored();
    let gate = StickyExposure::new("n".into(), true, "nr".into());
    let expected = StickyValues {
        value: true,
        json_value: json!({"a": "e1"}).as_object().cloned().map(Arc::new),
        rule_id: Some("er".into()),
        group_name: Some("G1".into()),
        secondary_exposures: vec![gate.clone()],
        undelegated_secondary_exposures: Some(vec![gate]),
        config_delegate: None,
        explicit_parameters: Some(vec!["a".into()]),
        time: Some(1_700_000_000_000),
        config_version: Some(3),
    };
    assert_eq!(values, expected);
    assert_eq!(serde_json::to_string(&values).expect("JSON"), STORED);
}

#[test]
fn times_are_read_however_they_are_written() {
    let cases = [
        (json!(null), None),
        (json!(1_700_000_000_000_u64), Some(1_700_000_000_000)),
        (json!(1.7e12), Some(1_700_000_000_000)),
        (json!(-1), None),
        (json!(1e300), None),
        (json!("1700000000000"), None),
        (json!([1]), None),
    ];
    for (written, time) in cases {
        let text = json!({"value": false, "secondary_exposures": [], "time": written});
        let values: StickyValues = serde_json::from_value(text).expect("sticky values");
        assert_eq!(values.time, time, "{written}");
    }
}

#[test]
fn only_three_keys_are_required() {
    let complete = json!({"value": false, "secondary_exposures": [], "time": null});
    let read = |text: &Value| serde_json::from_value::<StickyValues>(text.clone());
    assert_eq!(read(&complete).expect("enough"), StickyValues::default());
    for key in ["value", "secondary_exposures", "time"] {
        let mut text = complete.clone();
        text.as_object_mut().expect("an object").remove(key);
        let problem = read(&text).expect_err(key).to_string();
        assert!(problem.contains(key), "{problem}");
    }
}

#[test]
fn keys_are_made_of_the_id_and_its_type_as_written() {
    let user = StatsigUser::builder("u1")
        .custom_id("stableid", "abc")
        .custom_id("companyID", 9)
        .custom_id("empty", "")
        .build();
    let key = |id_type: &str| {
        storage_key(&user, id_type.eq_ignore_ascii_case("userid"), id_type).unwrap_or_default()
    };
    assert_eq!(key("userID"), "u1:userID");
    assert_eq!(key("stableID"), "abc:stableID");
    assert_eq!(key("companyID"), "9:companyID");
    assert_eq!(key("empty"), "", "users without an ID share no key");
    assert_eq!(key("deviceID"), "");
}

#[test]
fn every_situation_has_one_decision() {
    let values = stored();
    let none = UserPersistedValues::new();
    let some = UserPersistedValues::from([("e".to_owned(), values.clone())]);
    let other = UserPersistedValues::from([("other".to_owned(), values.clone())]);
    // Given, active, in a group, overruled.
    let cases = [
        (None, true, true, false, Decision::LiveAndDelete),
        (None, false, false, false, Decision::LiveAndDelete),
        (Some(&some), false, true, false, Decision::LiveAndDelete),
        (Some(&none), false, true, false, Decision::LiveAndDelete),
        (Some(&some), true, true, false, Decision::Stored(&values)),
        (Some(&some), true, false, false, Decision::Stored(&values)),
        (Some(&some), true, true, true, Decision::Live),
        (Some(&none), true, true, false, Decision::LiveAndSave),
        (Some(&other), true, true, false, Decision::LiveAndSave),
        (Some(&none), true, false, false, Decision::Live),
    ];
    for (given, is_active, is_in_group, is_overruled, expected) in cases {
        let decision = decide(given, "e", |_| is_active, is_in_group, |_| is_overruled);
        assert_eq!(decision, expected, "{given:?} {is_active} {is_in_group}");
    }
}

#[test]
fn rules_are_known_by_their_ids() {
    for id in ["targetingGate", "inlineTargetingRules"] {
        assert!(is_targeting_rule(id) && !is_override_rule(id), "{id}");
    }
    for id in ["x:userID:id_override", "override"] {
        assert!(is_override_rule(id) && !is_targeting_rule(id), "{id}");
    }
    for id in ["", "overrides", "TargetingGate", "a"] {
        assert!(!is_override_rule(id) && !is_targeting_rule(id), "{id}");
    }
}
