//! Clean specs, and specs with one fault at a time.

mod project;
mod seeds;

use std::sync::Arc;

use crate::authoring::Specs;
use crate::country::Countries;
use crate::entity_kind::EntityKind;
use serde_json::{Value, json};

use self::project::clean_specs;
use super::report::{Drift, DriftKind, DriftSeverity, SchemaReport};
use super::{SchemaDocument, SourceDocument, check_all, possible_id_types, possible_parameters};
use crate::specs::compiled::CompiledSpecs;
use crate::specs::snapshot::{Loaded, Snapshot};
use crate::typed::{
    FromParam, ParamKind, ParamLiteral, ParamRange, ParamSchema, ParamSource, Schema, TimeUnit,
    WrongValue,
};

#[derive(Debug)]
struct Tone;

impl FromParam for Tone {
    const KIND: ParamKind = ParamKind::String;
    const NAMES: &'static [&'static str] = &["friendly", "formal"];

    fn from_param(value: &Value) -> Result<Self, WrongValue> {
        match value.as_str() {
            Some("friendly" | "formal") => Ok(Self),
            _ => Err(WrongValue::expected("one of \"friendly\", \"formal\"")),
        }
    }
}

const BANNER: &Schema = &Schema::new(
    "Banner",
    &[ParamSchema::of::<String>("color", "color").with_default()],
);

const PROMO: &Schema = &Schema::new(
    "Promo",
    &[
        ParamSchema::of::<String>("title", "title").with_default(),
        ParamSchema::of::<f64>("discount", "discount")
            .aliases(&["rebate"])
            .range(ParamRange::floats(Some(0.0), Some(0.9)))
            .with_default(),
        ParamSchema::of::<Tone>("tone", "tone").with_default(),
        ParamSchema::new("delay", "delay", ParamKind::Number)
            .unit(TimeUnit::Milliseconds)
            .checked_by(|value| TimeUnit::Milliseconds.decode(value).map(drop))
            .with_default(),
        ParamSchema::of::<Option<String>>("badge", "badge"),
        ParamSchema::of::<u8>("amount", "count").with_default(),
        ParamSchema::of::<Vec<String>>("countries", "countries")
            .non_empty()
            .with_default(),
        ParamSchema::nested("banner", "banner", BANNER).with_default(),
        ParamSchema::of::<String>("size", "size")
            .one_of(&[ParamLiteral::Text("s"), ParamLiteral::Text("m")])
            .with_default(),
    ],
)
.source(ParamSource::layer("promo"))
.id_type("userID")
.defaults(|| {
    vec![
        Some(json!("Welcome")),
        Some(json!(0.1)),
        Some(json!("friendly")),
        Some(json!(100.0)),
        None,
        Some(json!(3)),
        Some(json!(["US", "CA"])),
        Some(json!({"color": "grey"})),
        Some(json!("s")),
    ]
});

const CHECKOUT: &Schema = &Schema::new(
    "Checkout",
    &[
        ParamSchema::of::<String>("theme", "theme").with_default(),
        ParamSchema::of::<bool>("fast", "fast").with_default(),
        ParamSchema::of::<u32>("limit", "limit").with_default(),
        ParamSchema::of::<f64>("price", "price").with_default(),
        ParamSchema::of::<String>("headline", "headline")
            .aliases(&["title"])
            .with_default(),
    ],
)
.source(ParamSource::parameter_store("checkout"))
.id_type("userID");

const LIMITS: &Schema = &Schema::new(
    "Limits",
    &[ParamSchema::of::<u32>("items", "items").with_default()],
)
.source(ParamSource::dynamic_config("limits"));

const PRICE: &Schema = &Schema::new(
    "Price",
    &[ParamSchema::of::<f64>("price", "price").with_default()],
)
.source(ParamSource::experiment("price_test"));

const RANKING: &Schema = &Schema::new(
    "Ranking",
    &[ParamSchema::of::<String>("order", "order").with_default()],
)
.source(ParamSource::experiment("ranking"));

const COLLECTED: &Schema = &Schema::new(
    "Collected",
    &[
        ParamSchema::of::<u32>("items", "items").with_default(),
        ParamSchema::of::<f64>("price", "price").with_default(),
    ],
)
.source(ParamSource::layer("collected"));

const BUNDLE: &Schema = &Schema::new(
    "Bundle",
    &[
        ParamSchema::of::<bool>("express", "express")
            .source(ParamSource::gate("express"))
            .with_default(),
        ParamSchema::of::<u32>("items", "items")
            .source(ParamSource::dynamic_config("limits"))
            .with_default(),
    ],
);

const ALL: &[&Schema] = &[PROMO, CHECKOUT, LIMITS, PRICE, RANKING, COLLECTED, BUNDLE];

fn compiled(specs: &Value) -> CompiledSpecs {
    let empty = Snapshot::uninitialized(None, Arc::default(), Countries::disabled());
    match empty.load(specs.to_string().as_bytes(), u64::MAX) {
        Ok(Loaded::New(specs)) => *specs,
        other => panic!("expected specs, found {other:?}"),
    }
}

fn check(schema: &Schema, specs: &CompiledSpecs) -> SchemaReport {
    super::check(&schema.into(), &[], specs)
}

/// The specs with one change. `null` removes the value.
fn changed(pointer: &str, value: Value) -> Value {
    let mut specs = clean_specs();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = specs
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("no {pointer}"));
    match (parent, value) {
        (Value::Object(object), Value::Null) => drop(object.remove(key).unwrap()),
        (Value::Object(object), value) => drop(object.insert(key.to_owned(), value)),
        (parent, value) => parent[key.parse::<usize>().unwrap()] = value,
    }
    specs
}

/// All findings of both ways of checking. Both must agree on everything that the document can
/// express.
fn drifts(specs: &Value) -> Vec<(String, Drift)> {
    let specs = compiled(specs);
    let documents: Vec<_> = ALL.iter().copied().map(SchemaDocument::from).collect();
    let reports = check_all(&documents, &specs);
    let dump = serde_json::to_string(&documents).unwrap();
    let read: Vec<SchemaDocument> = serde_json::from_str(&dump).unwrap();
    assert_eq!(read, documents);
    let kinds = |reports: &[SchemaReport]| -> Vec<DriftKind> {
        let all = reports.iter().flat_map(|report| &report.drifts);
        all.map(|drift| drift.kind)
            .filter(|kind| *kind != DriftKind::RejectedValue)
            .collect()
    };
    assert_eq!(kinds(&check_all(&read, &specs)), kinds(&reports));
    let found = reports.into_iter().flat_map(|report| {
        let name = report.struct_name;
        report
            .drifts
            .into_iter()
            .map(move |drift| (name.clone(), drift))
    });
    found.collect()
}

#[test]
fn a_document_with_the_former_name_of_gates_still_loads() {
    let former = r#"{"kind": "feature_gate", "name": "express"}"#;
    let source: SourceDocument = serde_json::from_str(former).unwrap();
    assert_eq!(source.kind, EntityKind::Gate);
    let written = serde_json::to_string(&source).unwrap();
    assert_eq!(written, r#"{"kind":"gate","name":"express"}"#);
}

#[test]
fn nothing_is_found_in_clean_specs() {
    assert_eq!(drifts(&clean_specs()), []);
}

#[test]
fn null_is_a_drift_of_its_own() {
    let mut specs = clean_specs();
    specs["layer_configs"]["promo"]["rules"][1]["returnValue"]["title"] = Value::Null;
    specs["layer_configs"]["promo"]["rules"][1]["returnValue"]["badge"] = Value::Null;
    let found = drifts(&specs);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found
            .iter()
            .all(|(_, drift)| drift.kind == DriftKind::NullValue)
    );
}

#[test]
fn another_kind_of_the_same_name_is_reported() {
    let layer_named_like_a_store = Schema::new("Odd", &[]).source(ParamSource::layer("checkout"));
    let specs = compiled(&clean_specs());
    let report = check(&layer_named_like_a_store, &specs);
    assert_eq!(
        report.to_string(),
        "Odd of layer \"checkout\": 1 error\n\
         error: expected layer \"checkout\" in the specs, found parameter store \"checkout\"\n    \
         name the source by its kind in the struct's attribute"
    );
}

#[test]
fn a_report_names_the_rules_and_says_what_to_do() {
    let specs = changed(
        "/dynamic_configs/headline_test/rules/1/returnValue/discount",
        json!(1.2),
    );
    let report = check(PROMO, &compiled(&specs));
    assert_eq!(
        report.to_string(),
        "Promo of layer \"promo\": 1 error\n\
         error: discount: expected a number in 0.0..=0.9, found 1.2\n    \
         in experiment \"headline_test\", rule bold, group \"Bold\"\n    \
         correct the value in the console, or let the field accept it; until then these users get the code's default"
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["drifts"][0]["kind"], "out_of_range");
    assert_eq!(json["drifts"][0]["severity"], "error");
    assert_eq!(json["drifts"][0]["served_by"][0]["rule_id"], "bold");
    assert_eq!(
        json["sources"][0],
        json!({"kind": "layer", "name": "promo"})
    );
}

#[test]
fn long_reports_are_bounded() {
    let project = Specs::new().config("limits", |config| {
        (0..1_000).fold(config.default("items", 10), |config, number| {
            let value = format!("no number {}", number % 40);
            config
                .rule(format!("r{number}"))
                .pass(1)
                .value("items", value)
        })
    });
    let specs = project.to_value().unwrap();
    let report = check(LIMITS, &compiled(&specs));
    assert_eq!(report.drifts.len(), 5);
    let rules = report
        .drifts
        .iter()
        .map(|drift| drift.served_by.len() + drift.more_rules);
    assert_eq!(rules.sum::<usize>(), 1_000);
    assert!(report.drifts.iter().all(|drift| drift.served_by.len() <= 8));
    assert!(report.to_string().contains("more rules"), "{report}");
}

#[test]
fn unread_parameters_are_errors_only_where_they_are_denied() {
    const STRICT: &Schema = &PROMO.deny_unknown();
    let specs = compiled(&changed(
        "/layer_configs/promo/defaultValue/subtitle",
        json!("new"),
    ));
    let severity = |schema| check(schema, &specs).drifts[0].severity;
    assert_eq!(severity(PROMO), DriftSeverity::Warning);
    assert_eq!(severity(STRICT), DriftSeverity::Error);
}

#[test]
fn structs_share_the_reading_of_a_source() {
    const TITLE: &Schema = &Schema::new(
        "Title",
        &[ParamSchema::of::<u32>("items", "items").with_default()],
    )
    .source(ParamSource::layer("collected"));
    const PRICE: &Schema = &Schema::new(
        "Price",
        &[ParamSchema::of::<f64>("price", "price").with_default()],
    )
    .source(ParamSource::layer("collected"));
    let specs = compiled(&clean_specs());
    assert_eq!(check(TITLE, &specs).drifts.len(), 1);
    let together = check_all(&[TITLE.into(), PRICE.into()], &specs);
    assert!(together.iter().all(SchemaReport::is_clean), "{together:?}");
}

#[test]
fn circles_of_redirections_and_delegates_end() {
    let mut specs = changed(
        "/overrides/limits_next",
        json!([{"new_config_name": "limits", "rules": [{"rule_name": "next"}]}]),
    );
    specs["dynamic_configs"]["limits"]["rules"][0]["configDelegate"] = json!("limits");
    let found =
        possible_parameters(&compiled(&specs), EntityKind::DynamicConfig, "limits").unwrap();
    assert_eq!(found[0].values.len(), 2);
}

#[test]
fn before_specs_arrive_every_source_is_unknown() {
    let report = check(PROMO, &CompiledSpecs::default());
    assert_eq!(report.drifts[0].kind, DriftKind::UnknownSource);
    assert_eq!(report.drifts.len(), 1);
}

#[test]
fn possible_id_types_are_those_of_the_deciding_entity() {
    let mut specs = clean_specs();
    *specs
        .pointer_mut("/dynamic_configs/headline_test/idType")
        .unwrap() = json!("stableID");
    let specs = compiled(&specs);
    let found = |kind, name| Vec::from_iter(possible_id_types(&specs, kind, name));
    let both = ["stableID", "userID"];
    assert_eq!(found(EntityKind::Layer, "promo"), both);
    assert_eq!(found(EntityKind::Experiment, "headline_test"), ["stableID"]);
    assert_eq!(found(EntityKind::ParameterStore, "checkout"), both);
    assert_eq!(found(EntityKind::Gate, "express"), ["userID"]);
    assert!(found(EntityKind::Layer, "gone").is_empty());
}

#[test]
fn possible_parameters_tell_who_serves_what() {
    let specs = compiled(&clean_specs());
    let promo = possible_parameters(&specs, EntityKind::Layer, "promo").unwrap();
    let badge = promo
        .iter()
        .find(|parameter| parameter.name == "badge")
        .unwrap();
    assert_eq!(badge.values.len(), 1);
    assert_eq!(badge.lacking.len(), 1);
    assert_eq!(badge.lacking[0].rule_id.as_deref(), Some("vip"));
    let title = promo
        .iter()
        .find(|parameter| parameter.name == "title")
        .unwrap();
    let default = title.values.iter().find(|value| value.is_default).unwrap();
    assert_eq!(default.value, "Welcome");
    assert_eq!(possible_parameters(&specs, EntityKind::Layer, "gone"), None);
    let store = possible_parameters(&specs, EntityKind::ParameterStore, "checkout").unwrap();
    assert_eq!(store[0].name, "fast");
    assert_eq!(store[0].declared_type.as_deref(), Some("boolean"));
}

#[test]
fn a_gate_of_an_unknown_entity_is_a_gate() {
    let specs = changed("/feature_gates/express/entity", json!("release_pipeline"));
    assert_eq!(drifts(&specs), []);
}
