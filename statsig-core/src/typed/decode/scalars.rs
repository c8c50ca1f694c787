//! Decodes booleans, numbers and text.

use std::borrow::Cow;
use std::num::NonZero;
use std::sync::Arc;

use serde_json::{Number, Value};

use super::FromParam;
use crate::typed::schema::ParamKind;
use crate::typed::wrong_value::WrongValue;

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

/// The value of a whole number in any notation.
fn whole_number(value: &Value) -> Option<i128> {
    let number = value.as_number()?;
    number.as_i128().or_else(|| {
        let float = number.as_f64()?;
        // A whole JSON number above 2^100 is out of every supported range except those of `u128`
        // and `i128`. Floats are too imprecise for them.
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
        let found = value.as_f64();
        found.ok_or_else(|| WrongValue::expected("a number"))
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
        // The shortest decimal for this number: 0.1 instead of 0.10000000149…, its value as an
        // `f64`.
        let decimal: f64 = self.to_string().parse().ok()?;
        decimal.to_param()
    }
}

macro_rules! strings {
    ($($ty:ty)*) => {$(
        impl FromParam for $ty {
            const KIND: ParamKind = ParamKind::String;

            fn from_param(value: &Value) -> Result<Self, WrongValue> {
                let text = value.as_str().map(|text| text.to_owned().into());
                text.ok_or_else(|| WrongValue::expected("a string"))
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
