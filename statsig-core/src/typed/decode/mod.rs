//! Decodes the JSON of a parameter into the type of its field.

mod collections;
mod scalars;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::schema::{ParamKind, ParamSchema};
use super::wrong_value::WrongValue;

/// A type that a parameter can decode into.
///
/// Decoding is strict. Text does not decode to a number, and a number does not decode to text.
/// `null` fits only `Option` and [`serde_json::Value`]. Integers accept whole floats (`3.0`) and
/// check their range.
///
/// Most of your types need no manual implementation: derive `ParamEnum` for enums, and mark
/// fields with `#[statsig(json)]` if their type implements `serde::Deserialize`. A manual
/// implementation:
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
    /// The expected JSON type.
    const KIND: ParamKind;

    /// Whether this type accepts `null`.
    const NULLABLE: bool = false;

    /// The strings of an enum, including older names. Empty for other types.
    const NAMES: &'static [&'static str] = &[];

    /// For generated code: a parameter of this type, without a name.
    #[doc(hidden)]
    const PARAM: ParamSchema = ParamSchema::of::<Self>("", "");

    /// Decodes a served value.
    ///
    /// # Errors
    ///
    /// [`WrongValue`] tells what was expected.
    fn from_param(value: &Value) -> Result<Self, WrongValue>;

    /// The value as JSON that decodes to this value. `None` if it has no JSON form. Used for
    /// overrides and for defaults in reports.
    fn to_param(&self) -> Option<Value> {
        None
    }
}

impl ParamSchema {
    /// A parameter with the kind of its Rust type.
    #[must_use]
    pub const fn of<T: FromParam>(field: &'static str, name: &'static str) -> Self {
        let mut schema = Self::new(field, name, T::KIND)
            .nullable(T::NULLABLE)
            .checked_by(|value| T::from_param(value).map(drop));
        schema.names = T::NAMES;
        schema
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
        self.as_ref().map_or(Some(Value::Null), T::to_param)
    }
}
