//! Structs from specs, and specs against schemas.

use serde_json::{Value, json};

use super::shop;

#[test]
fn structs_are_written_for_everything_with_parameters() {
    assert_eq!(
        shop().answer(&["schema"]),
        r#"//! Written by `statsig-local schema`. Edit this file freely: remove fields that you do not read,
//! rename types, narrow ranges.

use statsig::StatsigParams;

/// Parameters of the dynamic config `limits`.
#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(config = "limits", id_type = "userID")]
pub struct Limits {
    /// Always `10`.
    #[statsig(default = 10)]
    pub items: i64,
}

/// Parameters of the experiment `banner_test`.
#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(experiment = "banner_test", id_type = "userID")]
pub struct BannerTest {
    /// One of `"red"`, `"blue"`.
    #[statsig(default = "blue")]
    pub color: String,
}

/// Parameters of the layer `banner`.
#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(layer = "banner", id_type = "userID")]
pub struct Banner {
    /// One of `"blue"`, `"red"`.
    #[statsig(default = "blue")]
    pub color: String,
}

/// Parameters of the parameter store `front`.
#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(param_store = "front", id_type = "userID")]
pub struct Front {
    /// One of `"blue"`, `"red"`.
    #[statsig(default = "blue")]
    pub banner: String,
    /// Always `10`.
    #[statsig(default = 10)]
    pub items: i64,
}
"#
    );
}

#[test]
fn names_and_kinds_select_what_is_written() {
    let shop = shop();
    let answer = shop.answer(&["schema", "--kind", "store"]);
    assert_eq!(answer.matches("pub struct").count(), 1);
    let answer = shop.answer(&["schema", "limits", "banner"]);
    assert_eq!(answer.matches("pub struct").count(), 2);
    let problem = shop.problem(&["schema", "banners"]);
    assert!(problem.contains("did you mean `banner`"), "{problem}");
}

#[test]
fn machines_get_the_values_themselves() {
    let answer = shop().answer(&["schema", "--json", "front"]);
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(answer[0]["kind"], "parameter_store");
    let banner = &answer[0]["parameters"][0];
    assert_eq!(banner["name"], "banner");
    assert_eq!(banner["declared_type"], "string");
    let red = banner["values"]
        .as_array()
        .and_then(|values| values.iter().find(|value| value["value"] == "red"));
    assert_eq!(red.expect("red")["served_by"]["name"], "banner_test");
}

/// A dump of one struct with one parameter.
fn dump(source: &Value, param: &Value) -> String {
    json!([{"struct_name": "Front", "source": source, "params": [param]}]).to_string()
}

#[test]
fn a_dump_that_agrees_passes() {
    let shop = shop();
    let items = json!({"field": "items", "name": "items", "kind": "integer", "has_default": true, "default": 10});
    shop.write(
        "a.json",
        &dump(&json!({"kind": "dynamic_config", "name": "limits"}), &items),
    );
    let dump = shop.path("a.json").display().to_string();
    let answer = shop.answer(&["schema", "--check", &dump]);
    assert_eq!(answer, "1 structs agree with the specs\n");
}

#[test]
fn a_dump_that_differs_fails_with_a_report() {
    let shop = shop();
    let color = json!({"field": "color", "name": "color", "kind": "bool", "has_default": true});
    shop.write(
        "a.json",
        &dump(&json!({"kind": "layer", "name": "banner"}), &color),
    );
    let dump = shop.path("a.json").display().to_string();
    let (output, problem) = shop.output_and_problem(&["schema", "--check", &dump]);
    assert_eq!(problem, "1 of 1 structs differ from the specs");
    assert_eq!(
        output,
        r#"Front of layer "banner": 2 errors
error: color: expected true or false, found "blue"
    in layer "banner", the default
    in experiment "banner_test", the default
    correct the value in the console, or let the field accept it; until then these users get the code's default
error: color: expected true or false, found "red"
    in experiment "banner_test", rule bold, group "Bold"
    correct the value in the console, or let the field accept it; until then these users get the code's default

"#
    );
    let (output, _) = shop.output_and_problem(&["schema", "--json", "--check", &dump]);
    let reports: Value = serde_json::from_str(&output).expect("JSON");
    assert_eq!(reports[0]["drifts"][0]["kind"], "wrong_type");
}

#[test]
fn warnings_fail_only_where_they_are_denied() {
    let shop = shop();
    let items = json!({"field": "items", "name": "items", "kind": "integer", "has_default": true, "default": 11});
    shop.write(
        "a.json",
        &dump(&json!({"kind": "dynamic_config", "name": "limits"}), &items),
    );
    let dump = shop.path("a.json").display().to_string();
    let answer = shop.answer(&["schema", "--check", &dump]);
    assert!(
        answer.contains("warning: items: expected the default of the code, 11, found 10\n"),
        "{answer}"
    );
    let problem = shop.problem(&["schema", "--check", &dump, "--deny-warnings"]);
    assert_eq!(problem, "1 of 1 structs differ from the specs");
}

#[test]
fn a_file_that_is_no_dump_is_reported() {
    let shop = shop();
    shop.write("a.json", "{}");
    let problem = shop.problem(&[
        "schema",
        "--check",
        &shop.path("a.json").display().to_string(),
    ]);
    assert!(problem.contains("a.json:1:0: "), "{problem}");
    assert!(problem.contains("statsig::docs::typed"), "{problem}");
}
