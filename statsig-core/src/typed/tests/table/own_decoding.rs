//! Fields with decoding of their own: `json`, `with`, `decode` and nested structs.

use super::*;

#[derive(Debug, Default, PartialEq, Deserialize)]
struct Banner {
    text: String,
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "l")]
struct Json {
    #[statsig(json, default)]
    value: Banner,
}

/// A module for serde's attribute `with`.
mod shouted {
    use serde::{Deserialize, Deserializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<String, D::Error> {
        String::deserialize(deserializer).map(|text| text.to_uppercase())
    }
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "l")]
struct Shouted {
    #[statsig(with = shouted, default = "QUIET")]
    value: String,
}

fn parsed(value: &Value) -> Result<u16, std::num::ParseIntError> {
    value.as_str().unwrap_or_default().parse()
}

fn picky(value: &Value) -> Result<u16, WrongValue> {
    let found = value.as_u64().and_then(|number| number.try_into().ok());
    found.ok_or_else(|| WrongValue::expected("a port"))
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "l")]
struct Parsed {
    #[statsig(decode_with = parsed, default = 80)]
    value: u16,
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "l")]
struct Picky {
    #[statsig(decode_with = picky, default = 80)]
    value: u16,
}

#[derive(Debug, StatsigParams)]
#[statsig(embedded)]
struct Inner {
    #[statsig(default = 1)]
    size: u8,
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "l")]
struct Nested {
    #[statsig(nested)]
    value: Inner,
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "l")]
struct MaybeNested {
    #[statsig(nested)]
    value: Option<Inner>,
}

#[test]
fn decoding_of_ones_own() {
    table! {
        Json {
            {"text": "Hi"} => "Banner { text: \"Hi\" } served"
            - => "Banner { text: \"\" } default"
        }
        Shouted {
            "hi" => "\"HI\" served"
            - => "\"QUIET\" default"
            1 => "\"QUIET\" mismatch: expected a value for `shouted`, found 1 (invalid type: integer `1`, expected a string)"
        }
        Parsed {
            "443" => "443 served"
            - => "80 default"
            null => "80 mismatch: expected a value for `parsed`, found null (cannot parse integer from empty string)"
            "x" => "80 mismatch: expected a value for `parsed`, found \"x\" (invalid digit found in string)"
        }
        Picky {
            443 => "443 served"
            "443" => "80 mismatch: expected a port, found \"443\""
        }
        Nested {
            {"size": 3} => "Inner { size: 3 } served"
            {} => "Inner { size: 1 } served"
            - => "Inner { size: 1 } default"
            null => "Inner { size: 1 } mismatch: expected an object, found null"
            [] => "Inner { size: 1 } mismatch: expected an object, found []"
        }
        MaybeNested {
            {} => "Some(Inner { size: 1 }) served"
            - => "None default"
            null => "None served"
            1 => "None mismatch: expected an object, found 1"
        }
    }
    let wrong = outcome::<Json>(Some(&json!({"txt": 1})));
    assert!(
        wrong.starts_with("Banner { text: \"\" } mismatch: expected JSON for `"),
        "{wrong}"
    );
    assert!(
        wrong.ends_with("Banner`, found {\"txt\":1} (missing field `text`)"),
        "{wrong}"
    );
}
