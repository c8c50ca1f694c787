//! Values of custom events.

use std::borrow::Cow;

use serde::ser::{Serialize, Serializer};

use crate::text::SharedStr;

/// The value of a custom event: text or a number.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum EventValue {
    /// Text, unchanged.
    Text(String),
    /// A number. NaN and infinities are sent as `null`.
    Number(f64),
    /// An integer, exact within 64 bits with or without a sign. A larger one is sent as the nearest
    /// [`Number`](Self::Number).
    Integer(i128),
    /// No value.
    Null,
}

impl Serialize for EventValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Integer(integer) => match (i64::try_from(*integer), u64::try_from(*integer)) {
                (Ok(signed), _) => serializer.serialize_i64(signed),
                (_, Ok(unsigned)) => serializer.serialize_u64(unsigned),
                _ => serializer.serialize_f64(*integer as f64),
            },
            Self::Null => serializer.serialize_unit(),
        }
    }
}

macro_rules! from {
    ($variant:ident: $($ty:ty),*) => {
        $(impl From<$ty> for EventValue {
            fn from(value: $ty) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

from!(Text: &str, &String, String, Box<str>, Cow<'_, str>, char);
from!(Number: f32, f64);
from!(Integer: i8, i16, i32, i64, i128, u8, u16, u32, u64);

impl From<u128> for EventValue {
    fn from(value: u128) -> Self {
        i128::try_from(value).map_or(Self::Number(value as f64), Self::Integer)
    }
}

impl From<usize> for EventValue {
    fn from(value: usize) -> Self {
        // Lossless: no platform has a wider one.
        Self::Integer(value as i128)
    }
}

impl From<isize> for EventValue {
    fn from(value: isize) -> Self {
        Self::Integer(value as i128)
    }
}

impl From<bool> for EventValue {
    fn from(value: bool) -> Self {
        Self::Text(value.to_string())
    }
}

impl From<SharedStr> for EventValue {
    fn from(value: SharedStr) -> Self {
        Self::Text(value.as_str().to_owned())
    }
}

impl<T: Into<Self>> From<Option<T>> for EventValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::events::event::Event;

    fn wire(value: impl Into<EventValue>) -> Value {
        serde_json::to_value(value.into()).unwrap()
    }

    #[test]
    fn every_number_text_and_option_is_a_value() {
        let owned = "text".to_owned();
        let cases = [
            (wire(-1_i8), json!(-1)),
            (wire(i64::MIN), json!(i64::MIN)),
            (wire(7_u32), json!(7)),
            (wire(u64::MAX), json!(u64::MAX)),
            (wire(3_usize), json!(3)),
            (wire(-3_isize), json!(-3)),
            (wire(i128::MAX), json!(i128::MAX as f64)),
            (wire(u128::MAX), json!(u128::MAX as f64)),
            (wire(1.5_f32), json!(1.5)),
            (wire(f64::NAN), json!(null)),
            (wire(true), json!("true")),
            (wire('x'), json!("x")),
            (wire("text"), json!("text")),
            (wire(&owned), json!("text")),
            (wire(SharedStr::from("text")), json!("text")),
            (wire(Some(5_u64)), json!(5)),
            (wire(None::<u64>), json!(null)),
            (wire(Some(Some("text"))), json!("text")),
        ];
        for (found, expected) in cases {
            assert_eq!(found, expected);
        }
        assert_eq!(Event::new("e").value(None::<bool>), Event::new("e"));
    }
}
