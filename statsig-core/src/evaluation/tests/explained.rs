//! Explanations show the causes of a result, and hide private values.

use super::totality::everything;
use super::*;
use crate::entity_kind::EntityKind;
use crate::results::explanation::{Explanation, VisitEnd};

fn engine(specs: Specs) -> Engine {
    Engine::new(&specs.finish()).expect("valid specs")
}

/// The text of the explanation, from its path on.
fn told(explanation: &Explanation) -> String {
    let text = explanation.to_string();
    let (_, path) = text.split_once("decision path:\n").expect("a path");
    path.to_owned()
}

fn why(engine: &Engine, user: &StatsigUser, kind: EntityKind, name: &str) -> String {
    told(&engine.explain(user, kind, name))
}

fn compare(field: &str, operator: &str, target: Value) -> Value {
    json!({
        "type": "user_field", "targetValue": target, "operator": operator, "field": field,
        "additionalValues": {}, "idType": "userID",
    })
}

#[test]
fn the_result_comes_first() {
    let grouped = but(
        rule("r", ["everyone"], json!({"a": 1})),
        "groupName",
        "Test",
    );
    let engine = engine(Specs::new().config("e", json!({}), [grouped]));
    let explanation = engine.explain(&ann(), EntityKind::Experiment, "e");
    assert_eq!(
        explanation.to_string(),
        "\
experiment e
  value   {\"a\":1}
  rule    r
  group   Test
  reason  Bootstrap:Recognized
decision path:
  experiment e
    rule r (group Test): decides
      ✓ everybody
      ✓ pass percentage 100
    → rule r, group Test
"
    );
}

#[test]
fn nested_gates_and_delegates_are_reported_where_they_happen() {
    let specs = Specs::new()
        .gate(
            "inner",
            [
                rule("no", ["nobody"], json!(true)),
                rule("yes", ["everyone"], json!(true)),
            ],
        )
        .gate("outer", [rule("r", ["pass:inner"], json!(true))])
        .gate("off", [rule("r", ["nobody"], json!(true))])
        .config(
            "e",
            json!({}),
            [but(
                rule("A", ["everyone"], json!({"a": 1})),
                "groupName",
                "Group A",
            )],
        )
        .layer(
            "l",
            json!({"a": 0}),
            [
                but(
                    rule("never", ["pass:off"], json!({})),
                    "configDelegate",
                    "e",
                ),
                but(
                    rule("to_e", ["pass:outer", "pass:outer"], json!({})),
                    "configDelegate",
                    "e",
                ),
            ],
        );
    let user = StatsigUser::builder("ann").email("ann@example.com").build();
    assert_eq!(
        why(&engine(specs), &user, EntityKind::Layer, "l"),
        "  \
  layer l
    rule never: not met
      ✗ passes gate off
        gate off
          rule r: not met
            ✗ field \"email\" is any of [\"no@body\"]: found \"ann@example.com\"
          no rule applies: the default is served
          → fails, rule default
    rule to_e: decides, by an experiment
      ✓ passes gate outer
        gate outer
          rule r: decides
            ✓ passes gate inner
              gate inner
                rule no: not met
                  ✗ field \"email\" is any of [\"no@body\"]: found \"ann@example.com\"
                rule yes: decides
                  ✓ everybody
                  ✓ pass percentage 100
                → passes, rule yes
            ✓ pass percentage 100
          → passes, rule r
      ✓ passes gate outer
        gate outer
          already evaluated above
          → passes, rule r
      experiment e
        rule A (group Group A): decides
          ✓ everybody
          ✓ pass percentage 100
        → rule A, group Group A
    → rule A, group Group A
"
    );
}

#[test]
fn buckets_are_reported_with_their_threshold() {
    let bucketed = |id: &str, percentage: f64| {
        but(
            rule(id, ["bucketed"], json!(true)),
            "passPercentage",
            percentage,
        )
    };
    let mut specs = Specs::new()
        .gate("half", [bucketed("half", 50.0)])
        .gate("tiny", [but(bucketed("tiny", 0.01), "idType", "companyID")])
        .finish();
    specs["condition_map"]["bucketed"] = json!({
        "type": "user_bucket", "targetValue": (0..990).collect::<Vec<_>>(), "operator": "any", "field": null,
        "additionalValues": {"salt": "s"}, "idType": "userID",
    });
    let engine = Engine::new(&specs).expect("valid specs");
    let text = why(&engine, &ann(), EntityKind::Gate, "half");
    let bucket = "✓ user bucket of userID is any of [0–989]: \"ann\" is bucket 631 of 1000";
    assert!(text.contains(bucket), "{text}");
    let share = "✓ pass percentage 50: userID \"ann\" is bucket 320 of 10000 < 5000: in";
    assert!(text.contains(share), "{text}");
    let text = why(&engine, &ann(), EntityKind::Gate, "tiny");
    let share = "✗ pass percentage 0.01: companyID (none, counted as empty) is bucket ";
    assert!(text.contains(share), "{text}");
    assert!(text.contains(" of 10000 ≥ 1: out\n"), "{text}");
    let end = "rule tiny: decides, but the user is outside of its share: the default is served, and later rules are not tried";
    assert!(text.contains(end), "{text}");
    let explanation = engine.explain(&ann(), EntityKind::Gate, "half");
    let data = serde_json::to_value(&explanation).expect("JSON");
    let share = &data["path"]["steps"][0]["share"];
    assert_eq!(share["bucket"], 320);
    assert_eq!(share["pass_percentage"], 50.0);
    assert_eq!(data["kind"], "gate");
}

#[test]
fn private_attributes_never_appear() {
    let conditions = [
        ("eq", compare("secret", "eq", json!("Hush-7"))),
        ("any", compare("secret", "any", json!(["x", "hush-7"]))),
        ("part", compare("secret", "str_contains_any", json!(["us"]))),
        (
            "list",
            compare("list", "array_contains_any", json!(["a", "whisper-8"])),
        ),
        ("number", compare("number", "gt", json!(31_415))),
        (
            "agent",
            json!({
                "type": "ua_based", "targetValue": ["chrome"], "operator": "any", "field": "browser_name",
                "additionalValues": {}, "idType": "userID",
            }),
        ),
        (
            "country",
            json!({
                "type": "ip_based", "targetValue": ["DE"], "operator": "any", "field": "country",
                "additionalValues": {}, "idType": "userID",
            }),
        ),
        (
            "segment",
            compare("secret", "in_segment_list", json!("list")),
        ),
    ];
    let names: Vec<_> = conditions.iter().map(|(name, _)| *name).collect();
    let mut specs = Specs::new()
        .gate("g", [rule("r", names, json!(true))])
        .finish();
    for (name, condition) in conditions {
        specs["condition_map"][name] = condition;
    }
    let engine = Engine::new(&specs).expect("valid specs");
    let user = StatsigUser::builder("ann")
        .private("secret", "Hush-7")
        .private("list", json!(["Whisper-8", {"deep": "murmur-9"}]))
        .private("number", 31_415)
        .private("ip", "84.1.2.3")
        .private("userAgent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36")
        .build();
    let explanation = engine.explain(&user, EntityKind::Gate, "g");
    let text = explanation.to_string();
    let data = serde_json::to_string(&explanation).expect("JSON");
    for shown in [&text, &data, &format!("{explanation:?}")] {
        let shown = shown.to_lowercase();
        for private in [
            "hush", "whisper", "murmur", "31415", "84.1", "mozilla", "chrome", "hu\"",
        ] {
            assert!(!shown.contains(private), "{private} in {shown}");
        }
    }
    for line in [
        "✓ field \"secret\" = <private>: found <private>",
        "✓ field \"secret\" is any of [\"x\", <private>]: found <private>",
        "✓ field \"secret\" contains any of [\"us\"]: found <private>",
        "field \"list\" contains any of [\"a\", <private>]: found <private>",
        "✗ field \"number\" > <private>: found <private>",
        "✓ field \"browser_name\" is any of [<private>]: found <private>",
        "field \"country\" is any of [\"de\"]: found <private>",
        "✗ field \"secret\" is in ID list \"list\": found <private>",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[test]
fn overrides_are_reported() {
    let mut engine = engine(Specs::new().gate("g", [rule("r", ["pass:h"], json!(true))]));
    engine
        .overrides
        .set("h", Some("ann"), OverrideValue::Gate(true));
    assert_eq!(
        why(&engine, &ann(), EntityKind::Gate, "g"),
        "  \
  gate g
    rule r: decides
      ✓ passes gate h
        gate h
          overridden (LocalOverride): the specs have no effect
          → passes, rule override
      ✓ pass percentage 100
    → passes, rule r
"
    );
    engine.overrides.set("new", None, OverrideValue::Gate(true));
    let text = engine.explain(&ann(), EntityKind::Gate, "new").to_string();
    assert!(text.contains("overridden (LocalOverride)"), "{text}");
    assert!(text.contains("reason  LocalOverride:Recognized"), "{text}");
}

#[test]
fn what_is_unsupported_is_named() {
    let mut specs = Specs::new()
        .gate("g", [rule("r", ["everyone", "unsupported"], json!(true))])
        .gate("lacking", [rule("r", ["nowhere"], json!(true))])
        .gate("odd", [rule("r", ["odd", "everyone"], json!(true))])
        .finish();
    specs["condition_map"]["odd"] = json!({"type": "moon_phase", "targetValue": 1, "operator": "any", "field": null,
        "additionalValues": {}, "idType": "userID"});
    let engine = Engine::new(&specs).expect("valid specs");
    assert_eq!(
        why(&engine, &ann(), EntityKind::Gate, "g"),
        "  \
  gate g
    rule r: uses something that this SDK does not know
      ✓ everybody
      ? field \"email\" sounds_like: found nothing
    → no value: the specs use something that this SDK does not know
"
    );
    let text = why(&engine, &ann(), EntityKind::Gate, "lacking");
    assert!(text.contains("? a condition that the specs lack"), "{text}");
    let text = why(&engine, &ann(), EntityKind::Gate, "odd");
    assert!(
        text.contains("? a condition of type moon_phase\n      ✓ everybody"),
        "{text}"
    );
}

#[test]
fn unknown_names_and_missing_specs_are_reported() {
    let engine = engine(Specs::new());
    assert_eq!(
        engine.explain(&ann(), EntityKind::Layer, "l").to_string(),
        "\
layer l
  value   null
  rule    none
  reason  Bootstrap:Unrecognized
decision path:
  layer l
    the specs have no layer named l
    → no value
"
    );
    let empty = Engine::of(empty().with_source(SpecsSource::NoValues));
    let text = empty.explain(&ann(), EntityKind::Gate, "g").to_string();
    assert!(text.contains("reason  NoValues\n"), "{text}");
}

#[test]
fn mappings_bandits_and_layers_by_parameter_are_reported() {
    let mut specs = everything();
    specs["feature_gates"]["g0"]["rules"] = json!([rule("r", ["everyone"], json!(true))]);
    specs["override_rules"]["o"]["conditions"] = json!(["everyone"]);
    specs["overrides"]["g2"] = json!([
        {"new_config_name": "g1", "rules": [{"rule_name": "o", "start_time": 9_007_199_254_740_991_i64}, {"rule_name": "o"}]},
    ]);
    let engine = Engine::new(&specs).expect("valid specs");
    let text = why(&engine, &ann(), EntityKind::Gate, "g2");
    assert!(
        text.contains("mapping to g1 under rule o: does not hold yet\n"),
        "{text}"
    );
    assert!(
        text.contains("mapping to g1 under rule o: holds: that entity decides\n"),
        "{text}"
    );
    assert!(
        text.contains("✓ group in experiment e0 is any of [\"a\"]: found \"A\"\n"),
        "{text}"
    );
    let text = why(&engine, &ann(), EntityKind::Experiment, "b0");
    assert!(
        text.contains("a gate decides which users take part\n"),
        "{text}"
    );
    assert!(
        text.contains("by what was learnt: A") || text.contains("drawn by chance: group A"),
        "{text}"
    );
    let text = why(&engine, &ann(), EntityKind::Layer, "l1");
    assert!(text.contains("rule lr: supplies parameters\n"), "{text}");
    assert!(
        text.contains("parameters that no rule supplied: from the default value\n"),
        "{text}"
    );
}

#[test]
fn parameter_stores_tell_each_parameter() {
    let parameter = |value: Value| {
        let mut parameter = json!({"ref_type": "any", "param_type": "string"});
        parameter
            .as_object_mut()
            .expect("an object")
            .extend(value.as_object().expect("an object").clone());
        parameter
    };
    let store = json!({"parameters": {
        "constant": parameter(json!({"value": "red"})),
        "gated": parameter(json!({"gate_name": "g", "pass_value": "yes", "fail_value": "no"})),
        "mapped": parameter(json!({"config_name": "c", "param_name": "a"})),
        "lost": parameter(json!({"layer_name": "nowhere", "param_name": "a"})),
    }});
    let specs = Specs::new()
        .gate("g", [rule("r", ["everyone"], json!(true))])
        .config("c", json!({"a": "b"}), [])
        .with("param_stores", "s", store);
    let engine = engine(specs);
    let explanation = engine.explain(&ann(), EntityKind::ParameterStore, "s");
    let expected = json!({"constant": "red", "gated": "yes", "mapped": "b", "lost": null});
    assert_eq!(explanation.result.value, expected);
    let text = explanation.to_string();
    for line in [
        "parameter store s\n",
        "parameter constant: \"red\", a constant\n",
        "parameter gated: \"yes\", by gate g\n",
        "parameter mapped: \"b\", from a of dynamic config c\n",
        "parameter lost: missing (fallbacks are returned), from a of layer nowhere\n",
        "  gate g\n    rule r: decides\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[test]
fn long_and_deep_paths_are_abridged() {
    let chain = (0..40).fold(Specs::new(), |specs, depth| {
        let next = format!("pass:g{}", depth + 1);
        specs.gate(
            &format!("g{depth}"),
            [rule("r", [next.as_str()], json!(true))],
        )
    });
    let chain = engine(chain.gate("g40", [rule("r", ["everyone"], json!(true))]));
    let explanation = chain.explain(&ann(), EntityKind::Gate, "g0");
    assert!(explanation.is_abridged);
    assert_eq!(explanation.result.value, true);
    let text = explanation.to_string();
    assert!(
        text.contains("gate g16\n") && !text.contains("gate g17\n"),
        "{text}"
    );
    assert!(text.ends_with("(Parts were left out: the path is very long or deep.)\n"));
    let json = serde_json::to_string(&explanation).expect("JSON");
    assert!(
        serde_json::from_str::<Value>(&json).is_ok(),
        "too deep for a parser"
    );

    let wide = Specs::new().gate(
        "wide",
        (0..6_000).map(|number| rule(&format!("r{number}"), ["nobody"], json!(true))),
    );
    let explanation = engine(wide).explain(&ann(), EntityKind::Gate, "wide");
    assert!(explanation.is_abridged);
    assert_eq!(explanation.result.rule_id, "default");
    assert!(explanation.to_string().lines().count() < 5_100);

    let circle = Specs::new().gate("g", [rule("r", ["pass:g"], json!(true))]);
    let explanation = engine(circle).explain(&ann(), EntityKind::Gate, "g");
    assert_eq!(explanation.path.expect("a path").end, VisitEnd::GivenUp);
    assert_eq!(
        explanation.result.details.reason,
        "Error:Statsig Evaluation Depth Exceeded"
    );
}
