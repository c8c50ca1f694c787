//! `eq`, `neq`: compare by the type of the target.

use serde_json::Value;

use super::Observed;
use crate::specs::compiled::condition::Operand;
use crate::text::SharedStr;
use crate::value::text_of;

pub(super) fn equals(target: &Operand, observed: &Observed<'_>) -> bool {
    match target {
        Operand::Null => {
            matches!(
                observed,
                Observed::Missing | Observed::Now(_) | Observed::Json(Value::Null)
            )
        }
        Operand::Bool(target) => matches!(observed, Observed::Json(Value::Bool(v)) if v == target),
        #[expect(clippy::float_cmp, reason = "the protocol compares doubles exactly")]
        Operand::Number(target) => observed.float().is_some_and(|value| value == *target),
        Operand::Text(target) => observed.text().is_some_and(|text| text == target.as_str()),
        Operand::Array(target) => observed
            .array()
            .is_some_and(|elements| equals_array(target, elements)),
        Operand::Object(target) => match observed {
            Observed::Json(Value::Object(object)) => {
                object.len() == target.len()
                    && target
                        .iter()
                        .all(|(key, text)| has_text(object.get(key.as_str()), text))
            }
            _ => false,
        },
    }
}

/// The target's elements keep their positions. So a target with collapsed elements does not equal
/// an array of the shorter length.
fn equals_array(target: &[(usize, SharedStr)], elements: &[Value]) -> bool {
    target.len() == elements.len()
        && target
            .iter()
            .all(|(place, text)| has_text(elements.get(*place), text))
}

fn has_text(value: Option<&Value>, text: &SharedStr) -> bool {
    value
        .and_then(text_of)
        .is_some_and(|value| value == text.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_target_with_colliding_elements_equals_nothing_and_does_not_panic() {
        let target = Operand::Array(vec![(1, "A".into())]);
        for value in [json!(["a"]), json!(["A"]), json!(["a", "A"]), json!([])] {
            assert!(!equals(&target, &Observed::Json(&value)), "{value}");
        }
    }

    #[test]
    fn missing_equals_null_and_no_text() {
        assert!(equals(&Operand::Null, &Observed::Missing));
        assert!(!equals(&Operand::Text("".into()), &Observed::Missing));
        assert!(!equals(
            &Operand::Bool(true),
            &Observed::Text("true".into())
        ));
        assert!(equals(&Operand::Number(5.0), &Observed::Text("5.0".into())));
    }
}
