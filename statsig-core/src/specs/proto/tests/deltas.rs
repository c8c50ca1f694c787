//! Deltas and their checksums.

use super::*;

#[test]
fn a_delta_changes_adds_and_deletes() {
    let first = numbered(
        1,
        &[("a", "10", "s1"), ("b", "20", "s2"), ("c", "30", "s3")],
    );
    let first = read(&first.done(), None).unwrap();
    let deletions = Deletions {
        feature_gates: vec!["c".to_owned()],
        ..Deletions::default()
    };
    let delta = |sum: u64| {
        let none = [
            "dynamic_configs",
            "layer_configs",
            "param_stores",
            "condition_map",
        ];
        let mut sums = none.map(|name| (name, 0)).to_vec();
        sums.push(("feature_gates", sum));
        Stream::default()
            .mark(Kind::CopyPrevious)
            .top_level(&top(2))
            .entity(Kind::FeatureGate, "b", "21", Some(gate("s2b")))
            .entity(Kind::FeatureGate, "d", "40", Some(gate("s4")))
            .deletions(&deletions)
            .checksums(&sums)
            .done()
    };
    let second = read(&delta(10 + 21 + 40), Some(&first)).unwrap();
    let expected = [("a", "s1"), ("b", "s2b"), ("d", "s4")];
    assert_eq!(
        salts(&second),
        expected.map(|(n, s)| (n.to_owned(), s.to_owned()))
    );
    assert_eq!((first.time(), second.time()), (1, 2));

    let error = read(&delta(72), Some(&first)).unwrap_err();
    assert_eq!(error, ProtoError::Checksum("feature_gates"));
    assert_eq!(salts(&first).len(), 3);
}

#[test]
fn checksums_must_be_complete() {
    let stream = numbered(1, &[]).checksums(&[("feature_gates", 0)]).done();
    assert!(matches!(read(&stream, None), Err(ProtoError::Checksum(_))));
}

#[test]
fn an_entity_with_the_same_checksum_is_the_previous_one_and_needs_no_data() {
    let first = read(&numbered(1, &[("a", "10", "s1")]).done(), None).unwrap();
    let next = |checksum: &str| {
        let stream = Stream::default().top_level(&top(2));
        stream.entity(Kind::FeatureGate, "a", checksum, None).done()
    };
    let same = read(&next("10"), Some(&first)).unwrap();
    assert_eq!(salts(&same), salts(&first));
    assert!(salts(&read(&next("11"), Some(&first)).unwrap()).is_empty());
    assert!(salts(&read(&next("10"), None).unwrap()).is_empty());
    // Without a checksum, nothing proves that the entity is unchanged.
    let unnumbered = read(&numbered(1, &[("a", "", "s1")]).done(), None).unwrap();
    assert!(salts(&read(&next(""), Some(&unnumbered)).unwrap()).is_empty());
}

#[test]
fn a_delta_replaces_the_secondary_fields_as_a_whole() {
    let with_rest = |time: u64, rest: &str| TopLevel {
        rest: rest.to_owned().into(),
        ..top(time)
    };
    let rest = r#"{"experiment_to_layer":{"e":"l","f":"l"},"sdk_configs":{"a":1,"b":2},"default_environment":"x"}"#;
    let first = Stream::default().top_level(&with_rest(1, rest)).done();
    let first = read(&first, None).unwrap();

    let deletions = Deletions {
        experiment_to_layer: vec!["e".to_owned()],
        sdk_configs: vec!["a".to_owned(), "unknown".to_owned()],
        cmab_configs: vec!["unknown".to_owned()],
        ..Deletions::default()
    };
    let kept = Stream::default()
        .mark(Kind::CopyPrevious)
        .deletions(&deletions)
        .done();
    let kept = to_value(&read(&kept, Some(&first)).unwrap());
    assert_eq!(kept["experiment_to_layer"], json!({"f": "l"}));
    assert_eq!(kept["sdk_configs"], json!({"b": 2}));
    assert_eq!(kept["default_environment"], "x");

    let replaced = Stream::default()
        .mark(Kind::CopyPrevious)
        .top_level(&top(2))
        .done();
    let replaced = to_value(&read(&replaced, Some(&first)).unwrap());
    assert_eq!(replaced.get("sdk_configs"), None);
    assert_eq!(replaced.get("default_environment"), None);
}
