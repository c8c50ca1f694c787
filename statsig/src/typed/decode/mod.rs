//! From the JSON of a parameter to the type of its field.

mod collections;
mod scalars;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::Value;

use super::schema::{ParamKind, ParamSchema};

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

    /// For generated code: a parameter of this type, yet to be named.
    #[doc(hidden)]
    const PARAM: ParamSchema = ParamSchema::of::<Self>("", "");

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
