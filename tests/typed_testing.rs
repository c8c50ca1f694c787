//! Tests code through its parameter structs: overrides, variants, exposures, strategies.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use statsig::testing::{
    OfflineClient, assert_schema_matches, check_schema_in, exposures_of, for_each_variant,
    params_strategy,
};
use statsig::{ParamEnum, StatsigParams, StatsigUser};

const SPECS: &str = "../examples/promo/specs.json";

#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(layer = "user_promo_experiments")]
struct Promo {
    #[statsig(default = "Welcome to the shop")]
    title: String,
    #[statsig(default = 0.0)]
    discount: f64,
    #[statsig(default = "Browse the collection")]
    call_to_action: String,
}

#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(layer = "user_promo_experiments", expose = "read")]
struct Headline {
    #[statsig(default = "Welcome")]
    title: String,
    #[statsig(default = "Browse")]
    call_to_action: String,
}

#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(param_store = "storefront", expose = "read")]
struct Storefront {
    #[statsig(default = "")]
    support_email: String,
    #[statsig(default = "")]
    shipping_note: String,
    #[statsig(default = 0)]
    max_items: u32,
    #[statsig(default = "")]
    headline: String,
    #[statsig(default = 0.0)]
    test_discount: f64,
}

#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(config = "checkout_limits")]
struct Limits {
    #[statsig(default = 10)]
    max_items: u32,
    #[statsig(default = ["EUR"].map(String::from))]
    currencies: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(experiment = "discount_test")]
struct Discount {
    #[statsig(default = 0.0)]
    discount: f64,
    note: Option<String>,
    #[statsig(default = 5)]
    limit: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, ParamEnum)]
#[statsig(rename_all = "snake_case")]
enum Tone {
    VeryFriendly,
    Formal,
}

#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(layer = "styles")]
struct Style {
    #[statsig(default = Tone::Formal)]
    tone: Tone,
    #[statsig(default = true)]
    dark: bool,
    #[statsig(default = 'x')]
    mark: char,
    #[statsig(default = -1)]
    offset: i8,
    #[statsig(default = 0.1)]
    scale: f32,
    #[statsig(default)]
    weights: BTreeMap<String, u8>,
    #[statsig(default = Some(1))]
    columns: Option<u8>,
}

fn offline() -> OfflineClient {
    let specs = std::fs::read_to_string(SPECS).expect("the example's specs");
    OfflineClient::new(&specs, None).expect("valid specs")
}

fn ann() -> StatsigUser {
    StatsigUser::with_user_id("ann")
}

/// Overrides a struct for one user, and loads it for this user and another one.
macro_rules! assert_forced {
    ($params:expr, $type:ty) => {{
        let (client, params): (_, $type) = (offline(), $params);
        client.override_typed(&params, Some("ann")).unwrap();
        let loaded = client.get_typed::<$type>(ann()).into_inner();
        assert_eq!(loaded, params);
        let other = client
            .get_typed::<$type>(StatsigUser::with_user_id("bob"))
            .into_inner();
        assert_ne!(other, params);
    }};
}

#[test]
fn an_override_is_loaded_as_given_whatever_its_source() {
    assert_forced!(
        Promo {
            title: "Hi".to_owned(),
            discount: 0.3,
            ..Promo::defaults()
        },
        Promo
    );
    assert_forced!(
        Limits {
            max_items: 1,
            currencies: vec!["CHF".to_owned()]
        },
        Limits
    );
    assert_forced!(
        Discount {
            discount: 0.7,
            note: None,
            limit: None
        },
        Discount
    );
    assert_forced!(
        Storefront {
            max_items: 3,
            headline: "Hi".to_owned(),
            ..Storefront::defaults()
        },
        Storefront
    );
    assert_forced!(
        Style {
            tone: Tone::VeryFriendly,
            dark: false,
            mark: 'ß',
            offset: 7,
            scale: 0.3,
            weights: BTreeMap::from([("a".to_owned(), 1)]),
            columns: None,
        },
        Style
    );
}

#[test]
fn an_override_without_an_id_is_for_everybody() {
    let client = offline();
    let forced = Promo {
        discount: 0.9,
        ..Promo::defaults()
    };
    client.override_typed(&forced, None).unwrap();
    assert_eq!(client.get_typed::<Promo>(ann()).discount, 0.9);
    client.remove_all_overrides();
    assert_ne!(client.get_typed::<Promo>(ann()).discount, 0.9);
}

#[derive(Debug, serde::Deserialize)]
struct ReadOnly;

#[derive(Debug, StatsigParams)]
#[statsig(layer = "a_layer")]
#[expect(dead_code, reason = "only whether it can be written is asked")]
struct Opaque {
    #[statsig(json, default = ReadOnly)]
    read_only: ReadOnly,
    #[statsig(default = 1)]
    plain: u8,
}

#[test]
fn a_field_that_cannot_be_written_is_reported() {
    let client = offline();
    let error = client
        .override_typed(
            &Opaque {
                plain: 2,
                ..Opaque::defaults()
            },
            None,
        )
        .unwrap_err();
    assert_eq!(error.fields, ["read_only"]);
    assert!(error.to_string().starts_with(
        "Opaque: expected fields that can be written as parameters, found read_only;"
    ));
    assert_eq!(
        client.get_typed::<Opaque>(ann()).plain,
        1,
        "nothing is forced"
    );
}

#[test]
fn every_variant_of_the_console_is_visited() {
    let mut titles = BTreeMap::new();
    for_each_variant::<Promo>(SPECS, |variant, promo| {
        titles.insert(variant.to_owned(), (promo.title, promo.discount));
    });
    let of = |variant: &str| {
        titles
            .get(variant)
            .unwrap_or_else(|| panic!("{variant} in {titles:?}"))
    };
    assert_eq!(
        of("layer \"user_promo_experiments\", the default").0,
        "Welcome to the shop"
    );
    assert_eq!(
        of("experiment \"headline_test\", rule headline_bold, group \"Bold\"").0,
        "Everything you love, now in bold"
    );
    assert_eq!(
        of("experiment \"discount_test\", rule discount_10, group \"10 %\"").1,
        0.1
    );
}

#[test]
fn variants_of_a_store_follow_what_its_parameters_refer_to() {
    let mut notes = BTreeMap::new();
    let mut emails = Vec::new();
    for_each_variant::<Storefront>(SPECS, |variant, store| {
        notes.insert(variant.to_owned(), store.shipping_note);
        emails.push(store.support_email);
    });
    assert_eq!(notes["gate \"free_shipping\", passes"], "Free shipping");
    assert_eq!(notes["gate \"free_shipping\", fails"], "Shipping from 4.90");
    assert!(emails.iter().all(|email| email == "help@example.com"));
    assert!(
        notes.contains_key("dynamic config \"checkout_limits\", rule premium_limits"),
        "{notes:?}"
    );
}

#[test]
#[should_panic(expected = "expected layer \"styles\" in the specs, found none")]
fn variants_of_nothing_are_no_passing_test() {
    for_each_variant::<Style>(SPECS, |_, _| {});
}

#[test]
fn exposures_are_reported_by_field() {
    let client = offline();
    let headline = client.get_typed::<Headline>(ann());
    exposures_of::<Headline>(&client, &client.take_events()).assert_none();
    let _ = headline.title();
    let exposures = exposures_of::<Headline>(&client, &client.take_events());
    exposures.assert_fields(["title"]);
    assert_eq!(
        (exposures.count("title"), exposures.count("call_to_action")),
        (1, 0)
    );

    // Another struct that reads the same parameter shares its exposures.
    let _ = client.fresh().get_typed::<Promo>(ann()).title;
}

#[test]
fn exposures_of_a_store_are_those_of_what_it_refers_to() {
    let client = offline();
    let store = client.get_typed::<Storefront>(ann());
    let _ = (
        store.support_email(),
        store.shipping_note(),
        store.headline(),
    );
    let exposures = exposures_of::<Storefront>(&client, &client.take_events());
    exposures.assert_fields(["shipping_note", "headline"]);
}

#[test]
fn a_config_is_exposed_as_a_whole() {
    let client = offline();
    let _ = client.get_typed::<Limits>(ann()).max_items;
    let exposures = exposures_of::<Limits>(&client, &client.take_events());
    assert_eq!(exposures.fields(), [["max_items", "currencies"]]);
}

#[test]
#[should_panic(expected = "expected exposures of these fields of Limits")]
fn an_exposure_that_is_missing_fails() {
    let client = offline();
    exposures_of::<Limits>(&client, &client.take_events())
        .assert_fields(["max_items", "currencies"]);
}

#[test]
fn structs_match_the_specs_or_not() {
    assert_schema_matches!(Promo, SPECS);
    assert_schema_matches!(Limits, SPECS);
    let report = check_schema_in::<Discount>(SPECS);
    assert!(
        report.has_errors() && report.to_string().contains("limit: expected an integer"),
        "{report}"
    );
}

#[test]
#[should_panic(expected = "error: expected layer \"styles\" in the specs, found none")]
fn a_struct_that_does_not_match_fails_with_the_report() {
    assert_schema_matches!(Style, SPECS);
}

/// The observations of the tests of strategies.
#[derive(Default)]
struct Seen {
    tones: Vec<Tone>,
    has_columns: bool,
    has_weights: bool,
    offsets: Vec<i8>,
}

#[test]
fn strategies_reach_what_the_console_could_have() {
    let seen = RefCell::new(Seen::default());
    proptest!(ProptestConfig::with_cases(256), |(style in params_strategy::<Style>())| {
        let mut seen = seen.borrow_mut();
        seen.tones.push(style.tone);
        seen.has_columns |= style.columns.is_some_and(|columns| columns > 1);
        seen.has_weights |= !style.weights.is_empty();
        seen.offsets.push(style.offset);
    });
    let seen = seen.into_inner();
    assert!(seen.tones.contains(&Tone::Formal) && seen.tones.contains(&Tone::VeryFriendly));
    assert!(seen.has_columns && seen.has_weights);
    assert!(
        seen.offsets.iter().any(|offset| *offset < -2)
            && seen.offsets.iter().any(|offset| *offset > 2)
    );
}
