//! Specs with one fault at a time, and the expected findings.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{changed, drifts};
use crate::typed::DriftKind;

/// The changed place, the new value, and the findings: the struct, the kind, and the first line of
/// the text without the severity.
type Seed = (String, Value, Vec<(&'static str, DriftKind, &'static str)>);

#[test]
fn each_seeded_drift_is_found() {
    use DriftKind as K;

    const HEADLINE: &str = "/dynamic_configs/headline_test";
    const BOLD: &str = "/dynamic_configs/headline_test/rules/1/returnValue";
    const VIP: &str = "/layer_configs/promo/rules/1/returnValue";
    const STORE: &str = "/param_stores/checkout/parameters";
    let bold = |key: &str| format!("{BOLD}/{key}");
    let at = |base: &str, rest: &str| format!("{base}{rest}");
    // The changed place, the new value, and the drifts: struct, kind, first line without severity.
    let seeds: Vec<Seed> = vec![
        (
            "/dynamic_configs/price_test".into(),
            json!(null),
            vec![
                (
                    "Checkout",
                    K::UnknownTarget,
                    r#"price: expected experiment "price_test", which the store's parameter refers to, in the specs, found none"#,
                ),
                (
                    "Price",
                    K::UnknownSource,
                    r#"expected experiment "price_test" in the specs, found none"#,
                ),
            ],
        ),
        (
            "/dynamic_configs/price_test/entity".into(),
            json!("dynamic_config"),
            vec![(
                "Price",
                K::OtherKind,
                r#"expected experiment "price_test" in the specs, found dynamic config "price_test""#,
            )],
        ),
        (
            "/layer_configs/collected".into(),
            json!(null),
            vec![(
                "Collected",
                K::UnknownSource,
                r#"expected layer "collected" in the specs, found none"#,
            )],
        ),
        (
            "/dynamic_configs/limits/enabled".into(),
            json!(false),
            vec![
                (
                    "Limits",
                    K::DisabledSource,
                    r#"expected dynamic config "limits" to be enabled, found it disabled"#,
                ),
                (
                    "Bundle",
                    K::DisabledSource,
                    r#"expected dynamic config "limits" to be enabled, found it disabled"#,
                ),
            ],
        ),
        (
            "/dynamic_configs/price_test/isActive".into(),
            json!(false),
            vec![
                (
                    "Checkout",
                    K::InactiveExperiment,
                    r#"expected experiment "price_test" to be running, found it not running"#,
                ),
                (
                    "Price",
                    K::InactiveExperiment,
                    r#"expected experiment "price_test" to be running, found it not running"#,
                ),
            ],
        ),
        (
            "/layer_configs/promo/idType".into(),
            json!("companyID"),
            vec![
                (
                    "Promo",
                    K::WrongUnit,
                    r#"expected layer "promo" to bucket by userID, found bucketing by companyID"#,
                ),
                (
                    "Checkout",
                    K::WrongUnit,
                    r#"expected layer "promo" to bucket by userID, found bucketing by companyID"#,
                ),
            ],
        ),
        (
            "/feature_gates/express/idType".into(),
            json!("stableID"),
            vec![(
                "Checkout",
                K::WrongUnit,
                r#"expected gate "express" to bucket by userID, found bucketing by stableID"#,
            )],
        ),
        (
            at(HEADLINE, "/idType"),
            json!("companyID"),
            vec![
                (
                    "Promo",
                    K::WrongUnit,
                    r#"expected experiment "headline_test" to bucket by userID, found bucketing by companyID"#,
                ),
                (
                    "Checkout",
                    K::WrongUnit,
                    r#"expected experiment "headline_test" to bucket by userID, found bucketing by companyID"#,
                ),
            ],
        ),
        (
            "/layer_configs/promo/rules/1/configDelegate".into(),
            json!("gone_test"),
            vec![(
                "Promo",
                K::UnknownExperiment,
                r#"expected experiment "gone_test" in the specs, found none"#,
            )],
        ),
        (
            "/layer_configs/collected/defaultValue/price".into(),
            json!(null),
            vec![(
                "Collected",
                K::MissingParameter,
                r#"price: expected a number in layer "collected", found none"#,
            )],
        ),
        (
            at(STORE, "/theme"),
            json!(null),
            vec![(
                "Checkout",
                K::MissingParameter,
                r#"theme: expected a string in parameter store "checkout", found none"#,
            )],
        ),
        (
            bold("count"),
            json!(null),
            vec![(
                "Promo",
                K::PartlyMissing,
                r#"amount (parameter "count"): expected an integer in 0..=255 in every rule, found none in 1 of 2 rules"#,
            )],
        ),
        (
            BOLD.into(),
            json!({"title": "Hurry!", "rebate": 0.5, "tone": "formal", "delay": 250, "count": 1, "countries": ["US"],
                             "badge": "new", "banner": {"color": "red"}, "size": "m"}),
            vec![(
                "Promo",
                K::FormerName,
                r#"discount: expected the name "discount", found "rebate""#,
            )],
        ),
        (
            at(STORE, "/headline"),
            json!(null),
            vec![(
                "Checkout",
                K::MissingParameter,
                r#"headline: expected a string in parameter store "checkout", found none"#,
            )],
        ),
        (
            at(STORE, "/fast/gate_name"),
            json!("gone"),
            vec![(
                "Checkout",
                K::UnknownTarget,
                r#"fast: expected gate "gone", which the store's parameter refers to, in the specs, found none"#,
            )],
        ),
        (
            at(STORE, "/limit/param_name"),
            json!("gone"),
            vec![(
                "Checkout",
                K::UnknownTarget,
                r#"limit: expected dynamic config "limits" to serve what the store's parameter refers to, found no rule that does"#,
            )],
        ),
        (
            at(STORE, "/price/param_type"),
            json!("string"),
            vec![(
                "Checkout",
                K::WrongDeclaredType,
                "price: expected the type number, found string",
            )],
        ),
        (
            bold("title"),
            json!(5),
            vec![
                ("Promo", K::WrongType, "title: expected a string, found 5"),
                (
                    "Checkout",
                    K::WrongType,
                    "headline: expected a string, found 5",
                ),
            ],
        ),
        (
            at(STORE, "/theme/value"),
            json!(["dark"]),
            vec![(
                "Checkout",
                K::WrongType,
                r#"theme: expected a string, found ["dark"]"#,
            )],
        ),
        (
            at(STORE, "/fast/pass_value"),
            json!("yes"),
            vec![(
                "Checkout",
                K::WrongType,
                r#"fast: expected true or false, found "yes""#,
            )],
        ),
        (
            "/dynamic_configs/limits_next/defaultValue/items".into(),
            json!("20"),
            vec![
                (
                    "Checkout",
                    K::WrongType,
                    r#"limit: expected an integer in 0..=4294967295, found "20""#,
                ),
                (
                    "Limits",
                    K::WrongType,
                    r#"items: expected an integer in 0..=4294967295, found "20""#,
                ),
                (
                    "Bundle",
                    K::WrongType,
                    r#"items: expected an integer in 0..=4294967295, found "20""#,
                ),
            ],
        ),
        (
            "/cmab_configs/ranking/groups/0/parameterValues/order".into(),
            json!(1),
            vec![("Ranking", K::WrongType, "order: expected a string, found 1")],
        ),
        (
            at(VIP, "/banner"),
            json!({"colour": "red"}),
            vec![(
                "Promo",
                K::PartlyMissing,
                r#"banner.color: expected a string in every rule, found none in 1 of 2 rules"#,
            )],
        ),
        (
            at(VIP, "/banner"),
            json!({"color": 7}),
            vec![(
                "Promo",
                K::WrongType,
                r#"banner.color (parameter "banner"): expected a string, found {"color":7}"#,
            )],
        ),
        (
            bold("discount"),
            json!(1.2),
            vec![(
                "Promo",
                K::OutOfRange,
                "discount: expected a number in 0.0..=0.9, found 1.2",
            )],
        ),
        (
            bold("count"),
            json!(256),
            vec![(
                "Promo",
                K::OutOfRange,
                r#"amount (parameter "count"): expected an integer in 0..=255, found 256"#,
            )],
        ),
        (
            bold("count"),
            json!(1.5),
            vec![(
                "Promo",
                K::WrongType,
                r#"amount (parameter "count"): expected an integer in 0..=255, found 1.5"#,
            )],
        ),
        (
            bold("delay"),
            json!(-1),
            vec![(
                "Promo",
                K::OutOfRange,
                "delay: expected a number of milliseconds, found -1",
            )],
        ),
        (
            bold("tone"),
            json!("rude"),
            vec![(
                "Promo",
                K::UnknownName,
                r#"tone: expected one of "friendly", "formal", found "rude""#,
            )],
        ),
        (
            bold("size"),
            json!("xxl"),
            vec![(
                "Promo",
                K::UnknownName,
                r#"size: expected one of "s", "m", found "xxl""#,
            )],
        ),
        (
            bold("countries"),
            json!([]),
            vec![(
                "Promo",
                K::EmptyValue,
                "countries: expected a list that is not empty, found []",
            )],
        ),
        (
            bold("countries"),
            json!(["US", 1]),
            vec![(
                "Promo",
                K::RejectedValue,
                r#"countries: expected a string, found ["US",1] (at [1])"#,
            )],
        ),
        (
            "/layer_configs/promo/defaultValue/discount".into(),
            json!(0.2),
            vec![(
                "Promo",
                K::DefaultDiffers,
                "discount: expected the default of the code, 0.1, found 0.2",
            )],
        ),
        (
            bold("subtitle"),
            json!("new"),
            vec![(
                "Promo",
                K::UnreadParameter,
                r#"parameter "subtitle": expected a field that reads it, found none"#,
            )],
        ),
        (
            at(STORE, "/extra"),
            json!({"ref_type": "static", "param_type": "string", "value": ""}),
            vec![(
                "Checkout",
                K::UnreadParameter,
                r#"parameter "extra": expected a field that reads it, found none"#,
            )],
        ),
    ];
    let mut kinds = BTreeSet::new();
    for (pointer, value, expected) in seeds {
        let found = drifts(&changed(&pointer, value.clone()));
        let lines: Vec<_> = found
            .iter()
            .map(|(name, drift)| {
                let text = drift.to_string();
                let first = text.lines().next().unwrap();
                let line = first.split_once(": ").unwrap().1.to_owned();
                (name.as_str(), drift.kind, line)
            })
            .collect();
        let lines: Vec<_> = lines
            .iter()
            .map(|(name, kind, line)| (*name, *kind, line.as_str()))
            .collect();
        assert_eq!(lines, expected, "{pointer} = {value}");
        kinds.extend(expected.iter().map(|(_, kind, _)| *kind));
    }
    assert!(kinds.len() >= 15, "{kinds:?}");
}
