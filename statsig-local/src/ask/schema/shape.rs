//! The type that all values of a parameter have in common, and values as Rust expressions.

use serde_json::{Number, Value};

/// The longest list that is written element by element. Longer lists are parsed from JSON.
const MAX_LISTED: usize = 16;

/// The type that values have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    kind: JsonType,
    is_nullable: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum JsonType {
    /// No value, or only `null`.
    Nothing,
    Bool,
    /// Whole numbers that `i64` and `u64` have in common.
    Whole,
    /// Whole numbers, some of them below zero.
    Signed,
    /// Whole numbers, some of them beyond `i64`.
    Unsigned,
    Number,
    Text,
    List(Box<Shape>),
    Object,
    /// Values of different types.
    Mixed,
}

impl JsonType {
    fn is_number(&self) -> bool {
        matches!(
            self,
            Self::Whole | Self::Signed | Self::Unsigned | Self::Number
        )
    }
}

impl Shape {
    /// The shape of all these values.
    pub(super) fn of<'a>(values: impl IntoIterator<Item = &'a Value>) -> Self {
        let nothing = Self {
            kind: JsonType::Nothing,
            is_nullable: false,
        };
        let shapes = values.into_iter().map(Self::of_one);
        shapes.fold(nothing, Self::join)
    }

    fn of_one(value: &Value) -> Self {
        let kind = match value {
            Value::Null => JsonType::Nothing,
            Value::Bool(_) => JsonType::Bool,
            Value::Number(number) => kind_of_number(number),
            Value::String(_) => JsonType::Text,
            Value::Array(list) => JsonType::List(Box::new(Self::of(list))),
            Value::Object(_) => JsonType::Object,
        };
        Self {
            kind,
            is_nullable: value.is_null(),
        }
    }

    fn join(self, other: Self) -> Self {
        let kind = match (self.kind, other.kind) {
            (JsonType::Nothing, kind) | (kind, JsonType::Nothing) => kind,
            (JsonType::List(a), JsonType::List(b)) => JsonType::List(Box::new(a.join(*b))),
            (a, b) if a == b => a,
            (JsonType::Whole, other) | (other, JsonType::Whole) if other.is_number() => other,
            (a, b) if a.is_number() && b.is_number() => JsonType::Number,
            _ => JsonType::Mixed,
        };
        Self {
            kind,
            is_nullable: self.is_nullable || other.is_nullable,
        }
    }

    fn is_option(&self) -> bool {
        self.is_nullable && !matches!(self.kind, JsonType::Nothing | JsonType::Mixed)
    }

    /// The type in Rust.
    pub(super) fn rust_type(&self) -> String {
        match self.is_option() {
            true => self.optional_type(),
            false => self.inner_type(),
        }
    }

    /// The type in Rust of a field that is sometimes absent.
    pub(super) fn optional_type(&self) -> String {
        format!("Option<{}>", self.inner_type())
    }

    fn inner_type(&self) -> String {
        match &self.kind {
            JsonType::Bool => "bool".to_owned(),
            JsonType::Whole | JsonType::Signed => "i64".to_owned(),
            JsonType::Unsigned => "u64".to_owned(),
            JsonType::Number => "f64".to_owned(),
            JsonType::Text => "String".to_owned(),
            JsonType::List(element) => format!("Vec<{}>", element.rust_type()),
            JsonType::Object => "std::collections::BTreeMap<String, serde_json::Value>".to_owned(),
            JsonType::Nothing | JsonType::Mixed => "serde_json::Value".to_owned(),
        }
    }

    /// The default of a field of this type, in the attribute's syntax.
    pub(super) fn default_for(&self, value: &Value) -> String {
        match value {
            Value::String(text) if self.kind == JsonType::Text => format!("{text:?}"),
            value => self.expression(value),
        }
    }

    fn expression(&self, value: &Value) -> String {
        match (self.is_option(), value) {
            (false, value) => self.inner_expression(value),
            (true, Value::Null) => "None".to_owned(),
            (true, value) => format!("Some({})", self.inner_expression(value)),
        }
    }

    fn inner_expression(&self, value: &Value) -> String {
        match (&self.kind, value) {
            (JsonType::Bool, value) => value.to_string(),
            (JsonType::Text, Value::String(text)) => format!("{text:?}.to_owned()"),
            (JsonType::Whole | JsonType::Signed | JsonType::Unsigned, Value::Number(number)) => {
                number.to_string()
            }
            (JsonType::Number, Value::Number(number)) => {
                format!("{:?}", number.as_f64().unwrap_or_default())
            }
            (JsonType::List(_), Value::Array(list)) if list.is_empty() => "Vec::new()".to_owned(),
            (JsonType::List(element), Value::Array(list)) if list.len() <= MAX_LISTED => {
                let elements: Vec<_> = list.iter().map(|one| element.expression(one)).collect();
                format!("vec![{}]", elements.join(", "))
            }
            (_, value) => {
                let text = value.to_string();
                format!(
                    "serde_json::from_str::<{}>({text:?}).unwrap_or_default()",
                    self.inner_type()
                )
            }
        }
    }
}

fn kind_of_number(number: &Number) -> JsonType {
    match (number.is_i64(), number.is_u64()) {
        (true, true) => JsonType::Whole,
        (true, false) => JsonType::Signed,
        (false, true) => JsonType::Unsigned,
        (false, false) => JsonType::Number,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shape(values: &Value) -> Shape {
        Shape::of(values.as_array().expect("a list"))
    }

    #[test]
    fn values_have_a_type_in_common() {
        let cases = [
            (json!([]), "serde_json::Value"),
            (json!([null]), "serde_json::Value"),
            (json!([true, false]), "bool"),
            (json!([1, -2]), "i64"),
            (json!([1, u64::MAX]), "u64"),
            (json!([-1, u64::MAX]), "f64"),
            (json!([1, 0.5]), "f64"),
            (json!([1, null]), "Option<i64>"),
            (json!(["a", "b"]), "String"),
            (json!(["a", 1]), "serde_json::Value"),
            (json!(["a", 1, null]), "serde_json::Value"),
            (json!([[], [1], [0.5]]), "Vec<f64>"),
            (json!([["a"], null]), "Option<Vec<String>>"),
            (json!([["a", null]]), "Vec<Option<String>>"),
            (json!([[]]), "Vec<serde_json::Value>"),
            (
                json!([{"a": 1}, {}]),
                "std::collections::BTreeMap<String, serde_json::Value>",
            ),
        ];
        for (values, expected) in cases {
            assert_eq!(shape(&values).rust_type(), expected, "{values}");
        }
    }

    #[test]
    fn what_may_be_absent_is_an_option() {
        assert_eq!(shape(&json!([1])).optional_type(), "Option<i64>");
        assert_eq!(shape(&json!([1, null])).optional_type(), "Option<i64>");
        assert_eq!(
            shape(&json!([1, "a"])).optional_type(),
            "Option<serde_json::Value>"
        );
    }

    #[test]
    fn defaults_are_expressions() {
        let cases = [
            (json!([true]), json!(true), "true"),
            (json!([1]), json!(-1), "-1"),
            (json!([1, 0.5]), json!(1), "1.0"),
            (json!(["a"]), json!("say \"hi\"\n"), r#""say \"hi\"\n""#),
            (json!(["a", null]), json!("b"), r#""b""#),
            (json!(["a", null]), json!(null), "None"),
            (json!([["a"]]), json!([]), "Vec::new()"),
            (json!([1, null]), json!(3), "Some(3)"),
            (
                json!([["a"]]),
                json!(["b", "c"]),
                r#"vec!["b".to_owned(), "c".to_owned()]"#,
            ),
            (json!([[1, null]]), json!([null, 2]), "vec![None, Some(2)]"),
            (
                json!([1, "a"]),
                json!("x"),
                r#"serde_json::from_str::<serde_json::Value>("\"x\"").unwrap_or_default()"#,
            ),
            (
                json!([{}]),
                json!({"a": 1}),
                r#"serde_json::from_str::<std::collections::BTreeMap<String, serde_json::Value>>("{\"a\":1}").unwrap_or_default()"#,
            ),
        ];
        for (values, default, expected) in cases {
            assert_eq!(
                shape(&values).default_for(&default),
                expected,
                "{values} {default}"
            );
        }
    }
}
