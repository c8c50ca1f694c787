//! From the JSON of a parameter to the type of its field.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};
use std::num::NonZero;
use std::sync::Arc;

use serde_json::{Map, Number, Value};

use super::schema::ParamKind;

/// A type that a parameter can be decoded into.
///
/// Decoding is strict: text is never a number, a number never text, and `null` fits `Option` and
/// [`serde_json::Value`] only. Integers accept whole floats (`3.0`) and check their range.
///
/// Most types of your own need no implementation: derive [`ParamEnum`](macro@super::ParamEnum) for enums, and mark fields of types that
/// implement `serde::Deserialize` with `#[statsig(json)]`. By hand:
///
/// ```
/// use statsig::typed::{FromParam, ParamKind, WrongValue};
///
/// #[derive(Debug, PartialEq)]
/// struct Percent(u8);
///
/// impl FromParam for Percent {
///     const KIND: ParamKind = ParamKind::Integer;
///
///     fn from_param(value: &serde_json::Value) -> Result<Self, WrongValue> {
///         match u8::from_param(value)? {
///             percent @ 0..=100 => Ok(Self(percent)),
///             _ => Err(WrongValue::expected("an integer in 0..=100")),
///         }
///     }
/// }
///
/// assert_eq!(Percent::from_param(&30.into()), Ok(Percent(30)));
/// assert!(Percent::from_param(&130.into()).is_err());
/// ```
#[diagnostic::on_unimplemented(
    message = "a Statsig parameter cannot be decoded into `{Self}`",
    label = "not a parameter type",
    note = "parameter types are `bool`, integers, `f32`, `f64`, `char`, `String`, `Box<str>`, `Arc<str>`, `Cow<'static, str>`, `NonZero`, `serde_json::Value`, and `Option`, `Vec`, arrays, `HashSet`, `BTreeSet`, `HashMap<String, _>`, `BTreeMap<String, _>` of these",
    note = "for an enum without data, add `#[derive(ParamEnum)]` to it",
    note = "for a `Duration`, add `#[statsig(unit = \"ms\")]` to the field, or another of `\"s\"`, `\"m\"`, `\"h\"`",
    note = "for a type that implements `serde::Deserialize`, add `#[statsig(json)]` to the field"
)]
pub trait FromParam: Sized {
    /// What the JSON must look like.
    const KIND: ParamKind;

    /// Whether `null` is a value of this type.
    const NULLABLE: bool = false;

    /// The strings that an enum knows, older names included; empty for other types.
    const NAMES: &'static [&'static str] = &[];

    /// Decodes a served value.
    ///
    /// # Errors
    ///
    /// [`WrongValue`], which says what was expected instead.
    fn from_param(value: &Value) -> Result<Self, WrongValue>;

    /// The value as JSON that decodes into it again; `None` if there is none. For overrides and for defaults in reports.
    fn to_param(&self) -> Option<Value> {
        None
    }
}

/// What a value should have been. It does not hold the value itself: reports add that, shortened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongValue {
    expected: Cow<'static, str>,
    problem: Option<String>,
    path: String,
}

impl WrongValue {
    /// The value is not what was expected, as in "an integer in 0..=100".
    #[must_use]
    pub fn expected(expected: impl Into<Cow<'static, str>>) -> Self {
        Self {
            expected: expected.into(),
            problem: None,
            path: String::new(),
        }
    }

    /// Adds what exactly is wrong, where the expectation does not say it all.
    #[must_use]
    pub fn because(mut self, problem: impl Into<String>) -> Self {
        self.problem = Some(problem.into());
        self
    }

    /// Says that the value stands inside a list or an object. The outermost step is added last.
    #[must_use]
    pub fn inside(mut self, step: &str) -> Self {
        self.path.insert_str(0, step);
        self
    }

    /// The expectation, and the place and cause if there is more to say.
    pub(crate) fn into_parts(self) -> (String, Option<String>) {
        let problem = match (self.path.is_empty(), self.problem) {
            (true, problem) => problem,
            (false, None) => Some(format!("at {}", self.path)),
            (false, Some(problem)) => Some(format!("at {}: {problem}", self.path)),
        };
        (self.expected.into_owned(), problem)
    }
}

impl FromParam for bool {
    const KIND: ParamKind = ParamKind::Bool;

    fn from_param(value: &Value) -> Result<Self, WrongValue> {
        let found = value.as_bool();
        found.ok_or_else(|| WrongValue::expected("true or false"))
    }

    fn to_param(&self) -> Option<Value> {
        Some(Value::Bool(*self))
    }
}

/// The value of a number without a fractional part, however it is written.
fn whole_number(value: &Value) -> Option<i128> {
    let number = value.as_number()?;
    number.as_i128().or_else(|| {
        let float = number.as_f64()?;
        // Every JSON number that is whole and beyond 2^100 is out of any supported range but `u128`'s and `i128`'s, where floats are
        // too coarse to be meant.
        let is_whole = float.trunc() == float && float.abs() < 2f64.powi(100);
        is_whole.then_some(float as i128)
    })
}

macro_rules! integers {
    ($($ty:ty)*) => {$(
        impl FromParam for $ty {
            const KIND: ParamKind = ParamKind::Integer;

            fn from_param(value: &Value) -> Result<Self, WrongValue> {
                let whole = whole_number(value).and_then(|whole| whole.try_into().ok());
                whole.ok_or_else(|| {
                    WrongValue::expected(format!("an integer in {}..={}", <$ty>::MIN, <$ty>::MAX))
                })
            }

            fn to_param(&self) -> Option<Value> {
                let number = i128::try_from(*self).ok().and_then(Number::from_i128);
                number.map(Value::Number)
            }
        }

        impl FromParam for NonZero<$ty> {
            const KIND: ParamKind = ParamKind::Integer;

            fn from_param(value: &Value) -> Result<Self, WrongValue> {
                let number = <$ty>::from_param(value)?;
                Self::new(number).ok_or_else(|| WrongValue::expected("an integer other than 0"))
            }

            fn to_param(&self) -> Option<Value> {
                self.get().to_param()
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

impl FromParam for f64 {
    const KIND: ParamKind = ParamKind::Number;

    fn from_param(value: &Value) -> Result<Self, WrongValue> {
        value
            .as_f64()
            .ok_or_else(|| WrongValue::expected("a number"))
    }

    fn to_param(&self) -> Option<Value> {
        Number::from_f64(*self).map(Value::Number)
    }
}

impl FromParam for f32 {
    const KIND: ParamKind = ParamKind::Number;

    fn from_param(value: &Value) -> Result<Self, WrongValue> {
        let single = f64::from_param(value)? as f32;
        if single.is_finite() {
            Ok(single)
        } else {
            let expected = format!("a number in {:e}..={:e}", f32::MIN, f32::MAX);
            Err(WrongValue::expected(expected))
        }
    }

    fn to_param(&self) -> Option<Value> {
        f64::from(*self).to_param()
    }
}

fn text(value: &Value) -> Result<&str, WrongValue> {
    value
        .as_str()
        .ok_or_else(|| WrongValue::expected("a string"))
}

macro_rules! strings {
    ($($ty:ty)*) => {$(
        impl FromParam for $ty {
            const KIND: ParamKind = ParamKind::String;

            fn from_param(value: &Value) -> Result<Self, WrongValue> {
                text(value).map(|text| text.to_owned().into())
            }

            fn to_param(&self) -> Option<Value> {
                let text: &str = self;
                Some(text.into())
            }
        }
    )*};
}

strings!(String Box<str> Arc<str> Cow<'static, str>);

impl FromParam for char {
    const KIND: ParamKind = ParamKind::String;

    fn from_param(value: &Value) -> Result<Self, WrongValue> {
        let mut chars = value.as_str().unwrap_or_default().chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(WrongValue::expected("a string of one character")),
        }
    }

    fn to_param(&self) -> Option<Value> {
        Some(self.to_string().into())
    }
}

impl FromParam for Value {
    const KIND: ParamKind = ParamKind::Any;
    const NULLABLE: bool = true;

    fn from_param(value: &Value) -> Result<Self, WrongValue> {
        Ok(value.clone())
    }

    fn to_param(&self) -> Option<Value> {
        Some(self.clone())
    }
}

impl<T: FromParam> FromParam for Option<T> {
    const KIND: ParamKind = T::KIND;
    const NULLABLE: bool = true;
    const NAMES: &'static [&'static str] = T::NAMES;

    fn from_param(value: &Value) -> Result<Self, WrongValue> {
        match value {
            Value::Null => Ok(None),
            value => T::from_param(value).map(Some),
        }
    }

    fn to_param(&self) -> Option<Value> {
        match self {
            None => Some(Value::Null),
            Some(value) => value.to_param(),
        }
    }
}

impl<T: FromParam, const N: usize> FromParam for [T; N] {
    const KIND: ParamKind = ParamKind::Array;

    fn from_param(value: &Value) -> Result<Self, WrongValue> {
        let list: Vec<T> = elements(value)?;
        let array = list.try_into();
        array.map_err(|_| WrongValue::expected(format!("a list of {N}")))
    }

    fn to_param(&self) -> Option<Value> {
        list_of(self)
    }
}

fn list_of<'a, T: FromParam + 'a>(elements: impl IntoIterator<Item = &'a T>) -> Option<Value> {
    let list: Option<Vec<Value>> = elements.into_iter().map(T::to_param).collect();
    list.map(Value::Array)
}

fn object_of<'a, T: FromParam + 'a>(
    entries: impl IntoIterator<Item = (&'a String, &'a T)>,
) -> Option<Value> {
    let entries = entries.into_iter();
    let object: Option<Map<String, Value>> = entries
        .map(|(key, entry)| Some((key.clone(), entry.to_param()?)))
        .collect();
    object.map(Value::Object)
}

/// The elements of a list, decoded.
fn elements<T: FromParam, C: FromIterator<T>>(value: &Value) -> Result<C, WrongValue> {
    let list = value.as_array();
    let list = list.ok_or_else(|| WrongValue::expected("a list"))?;
    let decoded = list.iter().enumerate().map(|(position, element)| {
        T::from_param(element).map_err(|wrong| wrong.inside(&format!("[{position}]")))
    });
    decoded.collect()
}

/// The entries of an object, decoded.
fn entries<T: FromParam, C: FromIterator<(String, T)>>(value: &Value) -> Result<C, WrongValue> {
    let object: Option<&Map<String, Value>> = value.as_object();
    let object = object.ok_or_else(|| WrongValue::expected("an object"))?;
    let decoded = object.iter().map(|(key, entry)| {
        let entry = T::from_param(entry).map_err(|wrong| wrong.inside(&format!(".{key}")))?;
        Ok((key.clone(), entry))
    });
    decoded.collect()
}

macro_rules! collections {
    ($($kind:ident $decode:ident $encode:ident: [$($params:tt)*] $ty:ty;)*) => {$(
        impl<$($params)*> FromParam for $ty {
            const KIND: ParamKind = ParamKind::$kind;

            fn from_param(value: &Value) -> Result<Self, WrongValue> {
                $decode(value)
            }

            fn to_param(&self) -> Option<Value> {
                $encode(self)
            }
        }
    )*};
}

collections! {
    Array elements list_of: [T: FromParam] Vec<T>;
    Array elements list_of: [T: FromParam + Ord] BTreeSet<T>;
    Array elements list_of: [T: FromParam + Eq + Hash, S: BuildHasher + Default] HashSet<T, S>;
    Object entries object_of: [T: FromParam] BTreeMap<String, T>;
    Object entries object_of: [T: FromParam, S: BuildHasher + Default] HashMap<String, T, S>;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn expected<T: FromParam>(value: &Value) -> String {
        match T::from_param(value) {
            Ok(_) => "accepted".to_owned(),
            Err(wrong) => match wrong.into_parts() {
                (expected, None) => expected,
                (expected, Some(problem)) => format!("{expected} ({problem})"),
            },
        }
    }

    macro_rules! accepts {
        ($($ty:ty: ($($value:tt)+) => $decoded:expr;)*) => {$(
            assert_eq!(<$ty>::from_param(&json!($($value)+)), Ok($decoded), "{} from {}", stringify!($ty), json!($($value)+));
        )*};
    }

    macro_rules! refuses {
        ($($ty:ty: ($($value:tt)+) => $expected:expr;)*) => {$(
            assert_eq!(expected::<$ty>(&json!($($value)+)), $expected, "{} from {}", stringify!($ty), json!($($value)+));
        )*};
    }

    #[test]
    fn scalars_decode() {
        accepts! {
            bool: (true) => true;
            i8: (-128) => -128;
            u8: (255) => 255;
            i16: (1.0) => 1;
            u32: (4_294_967_295_u32) => u32::MAX;
            i64: (1.0) => 1;
            i64: (-0.0) => 0;
            i64: (1e18) => 1_000_000_000_000_000_000;
            i64: (i64::MIN) => i64::MIN;
            u64: (u64::MAX) => u64::MAX;
            u128: (u64::MAX) => u128::from(u64::MAX);
            i128: (u64::MAX) => i128::from(u64::MAX);
            usize: (7) => 7;
            isize: (-7) => -7;
            f64: (1) => 1.0;
            f64: (0.1) => 0.1;
            f64: (u64::MAX) => u64::MAX as f64;
            f32: (0.5) => 0.5;
            f32: (0.1) => 0.1;
            String: ("") => String::new();
            Box<str>: ("b") => "b".into();
            Arc<str>: ("a") => "a".into();
            char: ("ß") => 'ß';
            Cow<'static, str>: ("c") => Cow::Borrowed("c");
            NonZero<u8>: (5) => NonZero::new(5).unwrap();
            NonZero<i64>: (-5) => NonZero::new(-5).unwrap();
            Value: (null) => Value::Null;
            Value: ({"a": [1]}) => json!({"a": [1]});
        }
    }

    #[test]
    fn scalars_refuse_other_types_and_ranges() {
        refuses! {
            bool: (1) => "true or false";
            bool: ("true") => "true or false";
            bool: (null) => "true or false";
            u8: (300) => "an integer in 0..=255";
            u8: (-1) => "an integer in 0..=255";
            u8: (1.5) => "an integer in 0..=255";
            u8: ("1") => "an integer in 0..=255";
            u8: (null) => "an integer in 0..=255";
            i64: (9_223_372_036_854_775_808_u64) => "an integer in -9223372036854775808..=9223372036854775807";
            i64: (9.3e18) => "an integer in -9223372036854775808..=9223372036854775807";
            u64: (18_446_744_073_709_551_616.0) => "an integer in 0..=18446744073709551615";
            u64: (1e300) => "an integer in 0..=18446744073709551615";
            f64: ("0.1") => "a number";
            f64: (null) => "a number";
            f32: (1e39) => "a number in -3.4028235e38..=3.4028235e38";
            String: (1) => "a string";
            String: (null) => "a string";
            Box<str>: (["a"]) => "a string";
            Arc<str>: ({"a": 1}) => "a string";
            NonZero<u8>: (0) => "an integer other than 0";
            NonZero<u8>: (256) => "an integer in 0..=255";
            char: ("") => "a string of one character";
            char: ("ab") => "a string of one character";
            char: (1) => "a string of one character";
        }
    }

    #[test]
    fn options_take_null() {
        accepts! {
            Option<u8>: (null) => None;
            Option<u8>: (1) => Some(1);
            Option<String>: ("a") => Some("a".to_owned());
            Option<Vec<Option<u8>>>: ([null, 2]) => Some(vec![None, Some(2)]);
        }
        refuses! {
            Option<u8>: ("1") => "an integer in 0..=255";
        }
        const { assert!(Option::<u8>::NULLABLE && !u8::NULLABLE) };
    }

    #[test]
    fn collections_decode() {
        accepts! {
            Vec<u8>: ([]) => vec![];
            Vec<u8>: ([1, 2.0]) => vec![1, 2];
            [u8; 2]: ([1, 2]) => [1, 2];
            Vec<String>: (["b", "a", "b"]) => vec!["b".to_owned(), "a".to_owned(), "b".to_owned()];
            BTreeSet<i8>: ([2, 1, 2]) => BTreeSet::from([1, 2]);
            HashSet<char>: (["x", "y"]) => HashSet::from(['x', 'y']);
            BTreeMap<String, bool>: ({"on": true}) => BTreeMap::from([("on".to_owned(), true)]);
            HashMap<String, Vec<u8>>: ({"a": [1]}) => HashMap::from([("a".to_owned(), vec![1])]);
        }
    }

    #[test]
    fn collections_say_where_the_problem_is() {
        refuses! {
            Vec<u8>: ({"0": 1}) => "a list";
            Vec<u8>: (null) => "a list";
            Vec<u8>: ([1, 300]) => "an integer in 0..=255 (at [1])";
            [u8; 2]: ([1]) => "a list of 2";
            [u8; 2]: ([1, "x"]) => "an integer in 0..=255 (at [1])";
            HashSet<bool>: ([true, null]) => "true or false (at [1])";
            BTreeMap<String, u8>: ([1]) => "an object";
            HashMap<String, Vec<bool>>: ({"on": [true, 0]}) => "true or false (at .on[1])";
        }
    }

    #[test]
    fn values_are_written_as_they_are_read() {
        fn assert_repeats<T: FromParam + PartialEq + std::fmt::Debug>(json: Value) {
            let value = T::from_param(&json).unwrap();
            assert_eq!(value.to_param(), Some(json));
        }
        assert_repeats::<bool>(json!(true));
        assert_repeats::<u64>(json!(u64::MAX));
        assert_repeats::<NonZero<i8>>(json!(-3));
        assert_repeats::<f64>(json!(0.1));
        assert_repeats::<f32>(json!(0.5));
        assert_repeats::<char>(json!("ß"));
        assert_repeats::<Arc<str>>(json!("a"));
        assert_repeats::<Cow<'static, str>>(json!("a"));
        assert_repeats::<Option<u8>>(json!(null));
        assert_repeats::<Option<u8>>(json!(1));
        assert_repeats::<[Vec<u8>; 2]>(json!([[1], []]));
        assert_repeats::<BTreeMap<String, HashSet<u8>>>(json!({"a": [1]}));
        assert_repeats::<Value>(json!({"a": null}));
        assert_eq!(f64::NAN.to_param(), None);
        assert_eq!(u128::MAX.to_param(), None, "JSON numbers end before");
    }
}
