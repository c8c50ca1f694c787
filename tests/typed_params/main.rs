//! The accepted inputs of the derives, in a crate that depends on `statsig`.
#![deny(warnings, unreachable_pub, missing_docs, missing_debug_implementations)]

mod generated_code;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::num::{NonZero, NonZeroU32};
use std::sync::Arc;
use std::time::Duration;

use statsig::typed::{ExposePolicy, FromParam, ParamKind, ParamSchema, Typed};
use statsig::{ParamEnum, StatsigParams};

const LIMIT: u16 = 500;

type Cents = i64;

fn ten() -> u8 {
    10
}

fn is_even(number: &u8) -> bool {
    number.is_multiple_of(2)
}

fn doubled(value: &serde_json::Value) -> Result<u64, &'static str> {
    value.as_u64().map(|number| number * 2).ok_or("no number")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ParamEnum)]
#[statsig(rename_all = "snake_case")]
enum Tone {
    VeryFriendly,
    #[statsig(rename = "plain", alias = "neutral", alias = "flat")]
    Formal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ParamEnum)]
enum Open {
    A,
    #[statsig(other)]
    Else,
}

#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(layer = "every_type")]
struct EveryType {
    #[statsig(default = true)]
    flag: bool,
    #[statsig(default = -5)]
    small: i8,
    #[statsig(default = 60 * 60 * 24)]
    product: u64,
    #[statsig(default = 5_000_000_000)]
    large: i64,
    #[statsig(default = LIMIT)]
    widened: u32,
    #[statsig(default = 7u8)]
    suffixed: u32,
    #[statsig(default = u64::MAX)]
    maximum: u64,
    #[statsig(default = 1)]
    whole: f64,
    #[statsig(default = -2)]
    negative: f32,
    #[statsig(default = 0.5)]
    half: f32,
    #[statsig(default = 3)]
    cents: Cents,
    #[statsig(default = 'x')]
    letter: char,
    #[statsig(default = "text")]
    string: String,
    #[statsig(default = format!("{}-{}", 1, 2))]
    formatted: String,
    #[statsig(default = "boxed")]
    boxed: Box<str>,
    #[statsig(default = "shared")]
    shared: Arc<str>,
    absent: Option<String>,
    #[statsig(default = 5)]
    wrapped: Option<u8>,
    #[statsig(default = "inner")]
    wrapped_text: Option<String>,
    #[statsig(default = 1)]
    wrapped_float: Option<f64>,
    #[statsig(default = None)]
    none: Option<u8>,
    #[statsig(default = Some(4))]
    some: Option<u8>,
    #[statsig(default = vec![1, 2])]
    list: Vec<u8>,
    #[statsig(default = [1.5, 2.5])]
    array: Vec<f64>,
    #[statsig(default = Vec::new())]
    empty: Vec<String>,
    #[statsig(default = ["b", "a"].map(String::from))]
    ordered: BTreeSet<String>,
    #[statsig(default)]
    hashed: HashSet<String>,
    #[statsig(default = [("a".to_owned(), 1)])]
    tree: BTreeMap<String, i32>,
    #[statsig(default)]
    map: HashMap<String, Vec<Option<bool>>>,
    #[statsig(default = "any")]
    value: serde_json::Value,
    #[statsig(default = "borrowed")]
    cow: Cow<'static, str>,
    #[statsig(default = 5)]
    not_zero: NonZeroU32,
    #[statsig(default = -5)]
    maybe_not_zero: Option<NonZero<i8>>,
    #[statsig(default = [1, 2, 3])]
    fixed: [u8; 3],
    #[statsig(default = 1_500, unit = "ms")]
    millis: Duration,
    #[statsig(default = 1.5, unit = "m")]
    minutes: Duration,
    #[statsig(default = u64::from(LIMIT), unit = "s", range = 0..=LIMIT)]
    computed: Duration,
    #[statsig(default = Duration::from_secs(9), unit = "h")]
    spelled_out: Duration,
    #[statsig(default = 2, unit = "h")]
    maybe_hours: Option<Duration>,
    #[statsig(unit = "h")]
    no_hours: Option<Duration>,
    #[statsig(default = 7, range = 1..=LIMIT, clamp)]
    ranged: u16,
    #[statsig(default = 0.5, range = 0..1)]
    share: f64,
    #[statsig(default = 7, range = ..=i64::MAX)]
    open_range: Cents,
    #[statsig(default = 'b', one_of = ["a", "b"])]
    listed: char,
    #[statsig(default = 4, validate = is_even)]
    even: u8,
    #[statsig(default = 3, decode_with = doubled)]
    doubled: u64,
    #[statsig(default = Tone::VeryFriendly)]
    tone: Tone,
    #[statsig(default = Open::Else)]
    open: Open,
    #[statsig(default_with = ten)]
    function: u8,
    #[statsig(default = u8::try_from(12).unwrap_or_default())]
    call: u8,
    #[statsig(default = if LIMIT > 1 { 1 } else { 2 })]
    choice: u8,
    #[statsig(json, default = (1, "a".to_owned()))]
    pair: (u8, String),
    #[statsig(skip, default = Duration::from_secs(1))]
    skipped: Duration,
    #[statsig(skip)]
    skipped_too: Option<Duration>,
    r#type: Option<u8>,
}

#[test]
fn every_default_takes_the_type_of_its_field() {
    let defaults = EveryType::defaults();
    let expected = EveryType {
        flag: true,
        small: -5,
        product: 86_400,
        large: 5_000_000_000,
        widened: 500,
        suffixed: 7,
        maximum: u64::MAX,
        whole: 1.0,
        negative: -2.0,
        half: 0.5,
        cents: 3,
        letter: 'x',
        string: "text".to_owned(),
        formatted: "1-2".to_owned(),
        boxed: "boxed".into(),
        shared: "shared".into(),
        absent: None,
        wrapped: Some(5),
        wrapped_text: Some("inner".to_owned()),
        wrapped_float: Some(1.0),
        none: None,
        some: Some(4),
        list: vec![1, 2],
        array: vec![1.5, 2.5],
        empty: Vec::new(),
        ordered: BTreeSet::from(["a".to_owned(), "b".to_owned()]),
        hashed: HashSet::new(),
        tree: BTreeMap::from([("a".to_owned(), 1)]),
        map: HashMap::new(),
        value: "any".into(),
        cow: "borrowed".into(),
        not_zero: NonZeroU32::new(5).unwrap(),
        maybe_not_zero: NonZero::new(-5),
        fixed: [1, 2, 3],
        millis: Duration::from_millis(1_500),
        minutes: Duration::from_secs(90),
        computed: Duration::from_secs(500),
        spelled_out: Duration::from_secs(9),
        maybe_hours: Some(Duration::from_secs(7_200)),
        no_hours: None,
        ranged: 7,
        share: 0.5,
        open_range: 7,
        listed: 'b',
        even: 4,
        doubled: 3,
        tone: Tone::VeryFriendly,
        open: Open::Else,
        function: 10,
        call: 12,
        choice: 1,
        pair: (1, "a".to_owned()),
        skipped: Duration::from_secs(1),
        skipped_too: None,
        r#type: None,
    };
    assert_eq!(defaults, expected);
}

#[test]
fn the_schema_leaves_out_skipped_fields_and_raw_prefixes() {
    let params = EveryType::SCHEMA.params;
    let names: Vec<_> = params.iter().map(|param| param.name).collect();
    assert!(!names.contains(&"skipped"));
    let last = params.last().unwrap();
    assert_eq!(
        (last.name, last.field, last.has_default),
        ("type", "type", false)
    );
    let tone = params.iter().find(|param| param.name == "tone").unwrap();
    assert_eq!((tone.kind, tone.has_default), (ParamKind::String, true));
}

#[test]
fn enums_decode_by_name() {
    let tone = |name: &str| Tone::from_param(&name.into()).ok();
    assert_eq!(tone("very_friendly"), Some(Tone::VeryFriendly));
    for formal in ["plain", "neutral", "flat"] {
        assert_eq!(tone(formal), Some(Tone::Formal));
    }
    assert_eq!(tone("formal"), None);
    assert_eq!(Open::from_param(&"A".into()), Ok(Open::A));
    assert_eq!(Open::from_param(&"Z".into()), Ok(Open::Else));
    assert!(Open::from_param(&true.into()).is_err());
}

/// The view is as public as the struct, documented, and generic like it.
pub mod view {
    use super::*;

    /// A struct of another module.
    #[derive(Debug, Clone, PartialEq, StatsigParams)]
    #[statsig(
        experiment = "generic",
        expose = "read",
        rename_all = "SCREAMING_SNAKE_CASE"
    )]
    pub struct Generic<T: Clone, const N: usize = 1>
    where
        T: PartialEq,
    {
        /// A value of any parameter type.
        ///
        /// With two paragraphs.
        #[statsig(default)]
        pub inner_value: T,
        /// Text.
        #[statsig(default = "a")]
        pub text: Arc<str>,
        /// Text, perhaps.
        pub maybe_text: Option<Box<str>>,
        /// A number, perhaps.
        pub maybe_number: Option<f64>,
        /// A list, perhaps.
        pub maybe_list: Option<Vec<T>>,
        /// Not needed any more.
        #[deprecated = "use `text`"]
        #[statsig(default)]
        pub old: bool,
        /// No parameter.
        #[statsig(skip, default = [0; N])]
        pub skipped: [u8; N],
        #[statsig(default = 1)]
        hidden: u8,
    }

    impl<T: Clone + PartialEq, const N: usize> GenericView<T, N>
    where
        T: FromParam + Default + Send + Sync + 'static,
    {
        /// Accessors have the visibility of their fields.
        pub fn seen(&self) -> u8 {
            self.hidden()
        }
    }
}

#[test]
fn accessors_return_what_is_cheap_to_return() {
    let mut generic = view::Generic::<String, 2>::defaults();
    generic.maybe_text = Some("b".into());
    generic.maybe_list = Some(vec!["c".to_owned()]);
    let generic = Typed::detached(generic);
    let inner: &String = generic.inner_value();
    let text: &str = generic.text();
    let maybe_text: Option<&str> = generic.maybe_text();
    let maybe_number: Option<f64> = generic.maybe_number();
    let maybe_list: Option<&Vec<String>> = generic.maybe_list();
    let skipped: &[u8; 2] = generic.skipped();
    assert_eq!((inner.as_str(), text, maybe_text), ("", "a", Some("b")));
    assert_eq!((maybe_number, maybe_list.map(Vec::len)), (None, Some(1)));
    assert_eq!((skipped, generic.seen()), (&[0, 0], 1));
    assert_eq!(format!("{:?}", &*generic), "GenericView { .. }");
}
