//! Custom decoding by attribute: `json`, `with`, `decode_with` and `validate`.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::wrong_value::WrongValue;

/// Decodes a parameter with the type's own [`serde::Deserialize`]: the attribute `json`.
///
/// # Errors
///
/// [`WrongValue`] with serde's message, if the value does not fit.
pub fn from_json<T: DeserializeOwned>(value: &Value) -> Result<T, WrongValue> {
    T::deserialize(value).map_err(|error| {
        let expected = format!("JSON for `{}`", std::any::type_name::<T>());
        WrongValue::expected(expected).because(error.to_string())
    })
}

/// The error of an application's function: a text, or a [`WrongValue`] with an expectation.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what is wrong with a parameter",
    label = "cannot be reported",
    note = "the error of a function for `with`, `decode_with` or `validate` is a `WrongValue`, or implements `Display`"
)]
pub trait IntoWrongValue {
    /// `expected` is the expectation if the error has none.
    fn into_wrong_value(self, expected: String) -> WrongValue;
}

impl<E: fmt::Display> IntoWrongValue for E {
    fn into_wrong_value(self, expected: String) -> WrongValue {
        WrongValue::expected(expected).because(self.to_string())
    }
}

impl IntoWrongValue for WrongValue {
    fn into_wrong_value(self, _expected: String) -> WrongValue {
        self
    }
}

/// Decodes with an application's function. `name` is the name of the function.
#[doc(hidden)]
pub fn decode_with<'a, T, E: IntoWrongValue>(
    value: &'a Value,
    decode: impl FnOnce(&'a Value) -> Result<T, E>,
    name: &str,
) -> Result<T, WrongValue> {
    decode(value).map_err(|error| error.into_wrong_value(format!("a value for `{name}`")))
}

/// The result of a `validate` function: whether the value is valid, or an error with the reason.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether a parameter is valid",
    label = "expected `bool` or `Result<(), _>`",
    note = "a function for `validate` takes a reference to the field's type and returns `bool`, or `Result<(), E>` where `E: Display`"
)]
pub trait Valid {
    /// `expected` is the expectation if the error has none.
    fn or_wrong_value(self, expected: impl FnOnce() -> String) -> Result<(), WrongValue>;
}

impl Valid for bool {
    fn or_wrong_value(self, expected: impl FnOnce() -> String) -> Result<(), WrongValue> {
        let valid = self.then_some(());
        valid.ok_or_else(|| WrongValue::expected(expected()))
    }
}

impl<E: IntoWrongValue> Valid for Result<(), E> {
    fn or_wrong_value(self, expected: impl FnOnce() -> String) -> Result<(), WrongValue> {
        self.map_err(|error| error.into_wrong_value(expected()))
    }
}

/// Validates a decoded value with an application's function of this name.
#[doc(hidden)]
pub fn validated<T, V: Valid>(
    decoded: Result<T, WrongValue>,
    validate: impl FnOnce(&T) -> V,
    name: &str,
) -> Result<T, WrongValue> {
    let value = decoded?;
    let valid = validate(&value);
    valid.or_wrong_value(|| format!("a value that passes `{name}`"))?;
    Ok(value)
}
