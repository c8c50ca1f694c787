//! Structs with values that the console could serve, for property tests. Feature `proptest`.

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use proptest::prelude::*;
use proptest::strategy::Union;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value};

use crate::offline::OfflineClient;
use crate::typed::{ParamDocument, ParamKind, ParamLiteral, ParamSchema, StatsigParams};
use crate::user::StatsigUser;

/// The limit of characters in a text, elements in a list and entries in an object.
const MAX_ELEMENTS: usize = 4;

/// The number of attempts to find a value of a shape that a field accepts. After them, the shape is
/// not used.
const MAX_ATTEMPTS: u32 = 256;

/// Structs of every value that fits: within the schema's types, ranges and names, sometimes absent.
/// The strategy decodes them like served values, so each field holds a value that its decoding
/// accepted, or its default.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use proptest::prelude::*;
/// use statsig::StatsigParams;
/// use statsig::testing::params_strategy;
///
/// #[derive(Debug, StatsigParams)]
/// #[statsig(layer = "promos")]
/// struct Promo {
///     #[statsig(default = "Welcome")]
///     title: String,
///     #[statsig(default = 1)]
///     quantity: u8,
/// }
///
/// fn price(promo: &Promo) -> f64 {
///     f64::from(promo.quantity) * 9.99
/// }
///
/// proptest!(|(promo in params_strategy::<Promo>())| {
///     prop_assert!(price(&promo) >= 0.0);
/// });
/// # }
/// ```
pub fn params_strategy<P: StatsigParams + Debug>() -> impl Strategy<Value = P> {
    let values: Vec<_> = P::SCHEMA.params.iter().map(served).collect();
    let client = Mutex::new(OfflineClient::without_specs(None));
    values.prop_map(move |values| {
        let client = client.lock().unwrap_or_else(PoisonError::into_inner);
        read(&client, &values)
    })
}

/// Decodes a struct from these values, like served values.
fn read<P: StatsigParams>(client: &OfflineClient, values: &[Option<Value>]) -> P {
    for source in P::SCHEMA.sources() {
        let params = P::SCHEMA.params.iter().zip(values);
        let of_source = params.filter(|(param, _)| P::SCHEMA.source_of(param) == Some(source));
        let served = of_source.filter_map(|(param, value)| {
            let value = value.clone()?;
            Some((param.name.to_owned(), value))
        });
        client.override_source(source, served.collect(), None);
    }
    let user = StatsigUser::with_user_id("a-user");
    client.get_typed::<P>(user).into_inner_unexposed()
}

/// Values that a parameter accepts, and sometimes no value.
fn served(param: &'static ParamSchema) -> BoxedStrategy<Option<Value>> {
    let fits = |value: &Value| param.check(value).is_ok();
    let shapes = shapes(&ParamDocument::from(param)).into_iter();
    let fitting = shapes.map(|shape| shape.prop_filter("what the field takes", fits).boxed());
    let usable: Vec<_> = fitting.filter(has_example).collect();
    if usable.is_empty() {
        return Just(None).boxed();
    }
    prop::option::weighted(0.9, Union::new(usable)).boxed()
}

/// Whether a strategy can produce a value.
fn has_example(strategy: &BoxedStrategy<Value>) -> bool {
    let config = Config {
        max_local_rejects: MAX_ATTEMPTS,
        ..Config::default()
    };
    strategy.new_tree(&mut TestRunner::new(config)).is_ok()
}

/// The shapes of a value. The schema of a list does not name its element type, so all shapes are
/// tried.
fn shapes(param: &ParamDocument) -> Vec<BoxedStrategy<Value>> {
    let listed = if param.one_of.is_empty() {
        param.names.iter().cloned().map(Value::from).collect()
    } else {
        param.one_of.clone()
    };
    if !listed.is_empty() {
        return vec![prop::sample::select(listed).boxed()];
    }
    if !param.nested.is_empty() {
        return vec![object_of(&param.nested)];
    }
    match param.kind {
        ParamKind::Bool => vec![bools()],
        ParamKind::Integer => vec![integers(param)],
        ParamKind::Number => vec![numbers(param)],
        ParamKind::String => vec![texts(), characters()],
        ParamKind::Array => scalars().into_iter().map(lists).collect(),
        ParamKind::Object => scalars().into_iter().map(objects).collect(),
        _ => {
            let mut all = scalars();
            all.push(Just(Value::Null).boxed());
            all.extend(
                scalars()
                    .into_iter()
                    .flat_map(|scalar| [lists(scalar.clone()), objects(scalar)]),
            );
            all
        }
    }
}

fn scalars() -> Vec<BoxedStrategy<Value>> {
    let small = (0..=100_u8).prop_map(Value::from);
    let fractions = (0.0..1.0_f64).prop_map(Value::from);
    vec![
        bools(),
        small.boxed(),
        fractions.boxed(),
        texts(),
        characters(),
    ]
}

fn bools() -> BoxedStrategy<Value> {
    any::<bool>().prop_map(Value::from).boxed()
}

fn integers(param: &ParamDocument) -> BoxedStrategy<Value> {
    let bound = |literal: Option<ParamLiteral>| match literal? {
        ParamLiteral::Integer(integer) => Some(integer),
        ParamLiteral::Float(float) => Some(float as i128),
        _ => None,
    };
    let min = bound(param.range.and_then(|range| range.min)).unwrap_or(i64::MIN.into());
    let max = bound(param.range.and_then(|range| range.max)).unwrap_or(u64::MAX.into());
    let value = |number: i128| {
        i64::try_from(number).map_or_else(|_| Value::from(number as u64), Value::from)
    };
    let anywhere = (min..=max.max(min)).prop_map(value);
    let near = (min.max(-2)..=max.min(2).max(min.max(-2))).prop_map(value);
    prop_oneof![anywhere, near].boxed()
}

fn numbers(param: &ParamDocument) -> BoxedStrategy<Value> {
    let bound = |literal: Option<ParamLiteral>| literal.and_then(|bound| bound.to_json().as_f64());
    let least = if param.unit.is_some() { 0.0 } else { -1e6 };
    let min = bound(param.range.and_then(|range| range.min)).unwrap_or(least);
    let max = bound(param.range.and_then(|range| range.max)).unwrap_or(min + 2e6);
    (min..=max.max(min)).prop_map(Value::from).boxed()
}

fn texts() -> BoxedStrategy<Value> {
    let chars = prop::collection::vec(any::<char>(), 0..=MAX_ELEMENTS);
    chars
        .prop_map(|chars| Value::from(String::from_iter(chars)))
        .boxed()
}

fn characters() -> BoxedStrategy<Value> {
    any::<char>()
        .prop_map(|char| Value::from(char.to_string()))
        .boxed()
}

fn lists(element: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop::collection::vec(element, 0..=MAX_ELEMENTS)
        .prop_map(Value::Array)
        .boxed()
}

fn objects(entry: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let key = prop::collection::vec(any::<char>(), 1..=MAX_ELEMENTS).prop_map(String::from_iter);
    let entries = prop::collection::vec((key, entry), 0..=MAX_ELEMENTS);
    entries
        .prop_map(|entries| Value::Object(Map::from_iter(entries)))
        .boxed()
}

/// An object with some of these parameters.
fn object_of(params: &[ParamDocument]) -> BoxedStrategy<Value> {
    let entries: Vec<_> = params
        .iter()
        .map(|param| {
            let name = param.name.clone();
            let value = prop::option::of(Union::new(shapes(param)));
            value.prop_map(move |value| Some((name.clone(), value?)))
        })
        .collect();
    entries
        .prop_map(|entries| Value::Object(Map::from_iter(entries.into_iter().flatten())))
        .boxed()
}
