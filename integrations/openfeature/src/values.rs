//! Converts Statsig's JSON to OpenFeature's types.

use open_feature::{EvaluationError, EvaluationErrorCode, StructValue, Value};
use serde_json::{Map, Number, Value as Json};
use statsig::Reason;
use statsig::flags::FlagValue;

use crate::failure::failure;

/// A type of flags.
pub(crate) trait Flag: Sized {
    /// Its name with an article, for errors.
    const NAME: &'static str;

    /// Whether the whole value of an entity can be of this type.
    const IS_STRUCT: bool = false;

    /// Whether a gate can be of this type.
    const IS_BOOL: bool = false;

    fn of_parameter(value: &Json) -> Option<Self>;

    fn of_gate(_value: bool) -> Option<Self> {
        None
    }

    fn of_parameters(_parameters: &Map<String, Json>) -> Option<Self> {
        None
    }
}

impl Flag for bool {
    const NAME: &'static str = "a boolean";
    const IS_BOOL: bool = true;

    fn of_parameter(value: &Json) -> Option<Self> {
        value.as_bool()
    }

    fn of_gate(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Flag for i64 {
    const NAME: &'static str = "an integer";

    fn of_parameter(value: &Json) -> Option<Self> {
        let number = value.as_number()?;
        number.as_i64().or_else(|| whole(number))
    }
}

impl Flag for f64 {
    const NAME: &'static str = "a number";

    fn of_parameter(value: &Json) -> Option<Self> {
        value.as_f64()
    }
}

impl Flag for String {
    const NAME: &'static str = "a string";

    fn of_parameter(value: &Json) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Flag for StructValue {
    const NAME: &'static str = "an object";
    const IS_STRUCT: bool = true;

    fn of_parameter(value: &Json) -> Option<Self> {
        value.as_object().map(struct_of)
    }

    fn of_parameters(parameters: &Map<String, Json>) -> Option<Self> {
        Some(struct_of(parameters))
    }
}

/// A float without a fraction as an integer.
fn whole(number: &Number) -> Option<i64> {
    /// 2 to the power of 63, the first float above all integers.
    const END: f64 = 9_223_372_036_854_775_808.0;
    let float = number.as_f64().filter(|_| number.is_f64())?;
    let is_integer = float.fract() == 0.0 && (-END..END).contains(&float);
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    is_integer.then_some(float as i64)
}

/// Decodes the value of a flag, or says why it has none.
pub(crate) fn decode<T: Flag>(key: &str, value: FlagValue<'_>) -> Result<T, EvaluationError> {
    let (decoded, found) = match value {
        FlagValue::Gate(value) => (T::of_gate(value), "a gate"),
        FlagValue::One(value) => (T::of_parameter(value), kind_of(value)),
        FlagValue::All(parameters) => (T::of_parameters(parameters), "all parameters of an entity"),
        FlagValue::Missing => {
            return Err(failure(
                EvaluationErrorCode::FlagNotFound,
                format!("flag {key:?}: the entity has no parameter of this name for this user"),
            ));
        }
        FlagValue::Several(names) => return Err(several::<T>(key, &names)),
        FlagValue::Unevaluated(reason) => {
            let code = match reason {
                Reason::Unsupported(_) => EvaluationErrorCode::ParseError,
                _ => EvaluationErrorCode::General(reason.to_string()),
            };
            return Err(failure(code, format!("flag {key:?}: {reason}")));
        }
    };
    decoded.ok_or_else(|| wrong_type::<T>(key, found))
}

#[cold]
pub(crate) fn wrong_type<T: Flag>(key: &str, found: &str) -> EvaluationError {
    failure(
        EvaluationErrorCode::TypeMismatch,
        format!("flag {key:?}: expected {}, found {found}", T::NAME),
    )
}

/// The error for a key that names no parameter, of an entity with none or several.
#[cold]
fn several<T: Flag>(key: &str, names: &[statsig::SharedStr]) -> EvaluationError {
    match names.first() {
        None => failure(
            EvaluationErrorCode::FlagNotFound,
            format!("flag {key:?}: the entity has no parameters for this user"),
        ),
        Some(first) => failure(
            EvaluationErrorCode::TypeMismatch,
            format!(
                "flag {key:?}: expected {}, found {} parameters; name one, as in \"{key}.{first}\"",
                T::NAME,
                names.len()
            ),
        ),
    }
}

fn kind_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(number) if number.is_f64() => "a number",
        Json::Number(number) if number.is_u64() && !number.is_i64() => {
            "an integer that does not fit in an `i64`"
        }
        Json::Number(_) => "an integer",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// An object without its `null`s: OpenFeature has no such value.
pub(crate) fn struct_of(object: &Map<String, Json>) -> StructValue {
    let fields = object.iter();
    StructValue {
        fields: fields
            .filter_map(|(name, value)| Some((name.clone(), value_of(value)?)))
            .collect(),
    }
}

/// A value; `None` for `null`. An integer that OpenFeature cannot hold becomes a float.
fn value_of(value: &Json) -> Option<Value> {
    Some(match value {
        Json::Null => return None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::Int(integer),
            None => Value::Float(number.as_f64()?),
        },
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::Array(items.iter().filter_map(value_of).collect()),
        Json::Object(object) => Value::Struct(struct_of(object)),
    })
}

pub(crate) fn json_of(value: &Value) -> Json {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => Json::Array(items.iter().map(json_of).collect()),
        Value::Struct(value) => Json::Object(json_of_struct(value)),
    }
}

pub(crate) fn json_of_struct(value: &StructValue) -> Map<String, Json> {
    let fields = value.fields.iter();
    fields
        .map(|(name, value)| (name.clone(), json_of(value)))
        .collect()
}
