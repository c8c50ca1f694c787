//! Tolerant parsing: a malformed part is left out, and the rest of the payload stays valid.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::mask::shown;
use crate::notice::{self, Notice};

/// Text. It borrows from the payload if it has no escapes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text<'a>(pub Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

/// The entries of a JSON object in their order, including duplicates. An entry is left out if its
/// name is not text.
#[derive(Debug)]
pub struct Entries<'a, T>(pub Vec<(Text<'a>, T)>);

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Entries<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
            type Value = Entries<'de, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(0));
                let mut left_out = 0;
                while let Some((Name(name), value)) = map.next_entry()? {
                    match name {
                        Some(name) => entries.push((name, value)),
                        None => left_out += 1,
                    }
                }
                warn_of_names(left_out);
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

/// The name of an entry. `None` if it is not text: JSON can encode half of a surrogate pair, and
/// text cannot contain it.
#[derive(Debug)]
pub struct Name<'a>(pub Option<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                let text = std::str::from_utf8(bytes).ok();
                Ok(Name(text.map(|text| Text(Cow::Borrowed(text)))))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                let text = std::str::from_utf8(bytes).ok();
                Ok(Name(text.map(|text| Text(Cow::Owned(text.to_owned())))))
            }
        }

        // Read as bytes, because a string that is not text fails the whole payload.
        deserializer.deserialize_bytes(NameVisitor)
    }
}

/// Warns that entries were left out because their names are not text.
pub(super) fn warn_of_names(count: usize) {
    if count > 0 {
        notice::give(&Notice::NamesThatAreNotText(count));
    }
}

/// An optional part of a payload. A malformed part, or a part of another type, is `None`.
pub(super) fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let raw: &'de RawValue = Deserialize::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).unwrap_or_else(|problem| {
        warn_of_part(&problem);
        None
    }))
}

/// An optional value. In an object, malformed entries are left out.
pub(super) fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    let raw: &'de RawValue = Deserialize::deserialize(deserializer)?;
    let problem = match serde_json::from_str(raw.get()) {
        Ok(value) => return Ok(value),
        Err(problem) => problem,
    };
    warn_of_part(&problem);
    let readable = |(name, raw): (Text<'_>, &RawValue)| {
        let value: Value = serde_json::from_str(raw.get()).ok()?;
        Some((name.to_string(), value))
    };
    let entries = serde_json::from_str::<Entries<'_, &RawValue>>(raw.get()).ok();
    Ok(entries.map(|Entries(entries)| entries.into_iter().filter_map(readable).collect()))
}

/// Like `value`, for an object. Other values are empty.
pub(super) fn object<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Map<String, Value>, D::Error> {
    Ok(match value(deserializer)? {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    })
}

fn warn_of_part(problem: &serde_json::Error) {
    notice::give(&Notice::MalformedPart {
        problem: &shown(problem),
    });
}

/// The payload as text. Invalid UTF-8 becomes an escape that is not valid text. So only the entity
/// around it is malformed.
#[must_use]
pub fn as_text(bytes: &[u8]) -> Cow<'_, str> {
    const NO_TEXT: &str = "\\ud800";
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() + NO_TEXT.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            let backslashes = text.bytes().rev().take_while(|byte| *byte == b'\\').count();
            // An unescaped backslash starts the escape.
            text.push_str(NO_TEXT.get(backslashes % 2..).unwrap_or_default());
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_utf8_becomes_an_escape_that_no_text_holds() {
        assert!(matches!(as_text("ü".as_bytes()), Cow::Borrowed("ü")));
        let cases: [(&[u8], &str); 4] = [
            (b"\"a\xffb\"", "\"a\\ud800b\""),
            (b"\"a\\\xff\"", "\"a\\ud800\""),
            (b"\"a\\\\\xff\"", "\"a\\\\\\ud800\""),
            (b"\"\xe2\x82\"", "\"\\ud800\""),
        ];
        for (bytes, expected) in cases {
            let text = as_text(bytes);
            assert_eq!(text, expected);
            assert!(serde_json::from_str::<String>(&text).is_err(), "{text}");
            assert!(serde_json::from_str::<&RawValue>(&text).is_ok(), "{text}");
        }
    }
}
