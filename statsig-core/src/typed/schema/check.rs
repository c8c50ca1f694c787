//! Checks whether a value fits a parameter: its type, its constraints, and the inside of an object.

use serde_json::Value;

use super::param::{ParamKind, ParamSchema};
use crate::typed::wrong_value::WrongValue;

impl ParamSchema {
    /// Checks whether a value fits: its type, its constraints, and everything in a nested object.
    ///
    /// # Errors
    ///
    /// [`WrongValue`] tells what was expected.
    pub fn check(&self, value: &Value) -> Result<(), WrongValue> {
        if self.nullable && value.is_null() {
            return Ok(());
        }
        if let Some(unit) = self.unit {
            let decoded = unit.decode(value).map(drop);
            decoded.map_err(|wrong| self.explain(wrong))?;
        }
        (self.decodes)(value).map_err(|wrong| self.explain(wrong))?;
        self.check_constraint(value)?;
        let Some(inside) = self.nested else {
            return Ok(());
        };
        let object = value.as_object();
        let object = object.ok_or_else(|| WrongValue::expected("an object"))?;
        for param in inside.params {
            if let Some(value) = param.names().find_map(|name| object.get(name)) {
                let checked = param.check(value);
                checked.map_err(|wrong| wrong.inside(&format!(".{}", param.name)))?;
            }
        }
        Ok(())
    }

    /// Whether there are checks besides the type.
    #[inline]
    pub(crate) const fn is_constrained(&self) -> bool {
        self.range.is_some() || self.non_empty || !self.one_of.is_empty()
    }

    /// The constraint on the value, if the type alone does not express it.
    pub(crate) fn constraint(&self) -> Option<String> {
        if let Some(range) = self.range {
            let unit = self.unit.map(|unit| format!(" of {}", unit.name()));
            return Some(format!("a number{} in {range}", unit.unwrap_or_default()));
        }
        if !self.one_of.is_empty() {
            let listed: Vec<_> = self.one_of.iter().map(ToString::to_string).collect();
            return Some(format!("one of {}", listed.join(", ")));
        }
        self.non_empty.then(|| {
            let what = match self.kind {
                ParamKind::Array => "a list",
                ParamKind::Object => "an object",
                _ => "a string",
            };
            format!("{what} that is not empty")
        })
    }

    /// Adds the constraint to the error of a value of the wrong type.
    pub(crate) fn explain(&self, wrong: WrongValue) -> WrongValue {
        match self.constraint() {
            Some(expected) if self.range.is_some() => WrongValue::expected(expected),
            _ => wrong,
        }
    }

    /// Checks a value of the right type.
    pub(crate) fn check_constraint(&self, value: &Value) -> Result<(), WrongValue> {
        let is_absent = self.nullable && value.is_null();
        if is_absent || self.is_allowed(value) {
            return Ok(());
        }
        let expected = self.constraint().unwrap_or_default();
        Err(WrongValue::expected(expected))
    }

    fn is_allowed(&self, value: &Value) -> bool {
        let is_in_range = match (self.range, value.as_number()) {
            (Some(range), Some(number)) => range.allows(number),
            _ => true,
        };
        let is_listed = self.one_of.is_empty() || self.one_of.iter().any(|one| one.is(value));
        is_in_range && is_listed && !(self.non_empty && is_empty(value))
    }
}

/// Whether a value is an empty string, list or object.
pub(in crate::typed) fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::typed::constraint::{ParamLiteral, ParamRange};

    #[test]
    fn constraints_say_what_they_expect() {
        const PLAIN: ParamSchema = ParamSchema::new("a", "a", ParamKind::Array);
        let expected = |schema: ParamSchema, value: Value| {
            let wrong = schema.check_constraint(&value).err()?;
            Some(wrong.into_parts().0)
        };
        let listed = PLAIN.one_of(&[ParamLiteral::Text("a"), ParamLiteral::Integer(1)]);
        assert_eq!(expected(listed, json!(1.0)), None);
        assert_eq!(
            expected(listed, json!(2)).as_deref(),
            Some("one of \"a\", 1")
        );
        let filled = PLAIN.non_empty();
        assert_eq!(expected(filled, json!([1])), None);
        assert_eq!(
            expected(filled, json!([])).as_deref(),
            Some("a list that is not empty")
        );
        let ranged = PLAIN
            .range(ParamRange::floats(Some(0.0), Some(0.9)))
            .nullable(true);
        assert_eq!(expected(ranged, json!(null)), None);
        assert_eq!(
            expected(ranged, json!(1.2)).as_deref(),
            Some("a number in 0.0..=0.9")
        );
    }
}
