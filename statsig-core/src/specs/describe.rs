//! Describes compiled conditions in words, for explanations. Targets are shortened.

use chrono::{DateTime, SecondsFormat};

use super::compiled::EntryId;
use super::compiled::condition::{BucketSet, FieldName, Members, Operand, Subject, Test, Version};

/// The maximum number of list elements to show.
const MAX_ELEMENTS: usize = 5;
/// The maximum number of characters of a text to show.
const MAX_CHARS: usize = 60;
/// The replacement for private text.
pub(crate) const HIDDEN: &str = "<private>";

/// Formats targets, and leaves out private texts.
pub(crate) struct Describer<'a> {
    /// Whether a text of the specs is hidden, because it reveals a private attribute.
    pub hides: &'a dyn Fn(&str) -> bool,
}

impl Subject {
    /// The subject of a condition.
    pub fn describe(&self, text_of_entry: impl Fn(EntryId) -> String) -> String {
        let field = |field: Option<&FieldName>| match field {
            Some(field) => format!("field {}", quoted(&field.exact)),
            None => "a field without a name".to_owned(),
        };
        match self {
            Self::UserField(name) => field(name.as_ref()),
            Self::Derived { field: name, .. } => field(Some(name)),
            Self::EnvironmentField(Some(name)) => format!("environment {}", quoted(&name.exact)),
            Self::EnvironmentField(None) => "an environment field without a name".to_owned(),
            Self::CurrentTime => "current time".to_owned(),
            Self::UserBucket(bucket) => format!("user bucket of {}", bucket.unit.exact),
            Self::UnitId(unit) => format!("ID {}", unit.exact),
            Self::TargetApp => "target app".to_owned(),
            Self::ExperimentGroup(Some(experiment)) => {
                format!("group in experiment {}", text_of_entry(*experiment))
            }
            Self::ExperimentGroup(None) => "group in an experiment without a name".to_owned(),
        }
    }
}

impl Describer<'_> {
    /// The target of a test. `None` if the operator is unknown.
    pub(crate) fn target(&self, test: &Test) -> Option<String> {
        Some(match test {
            Test::Number { target, .. } => self.known(target.as_ref(), |number| number.to_string()),
            Test::Version { target, .. } => self.known(target.as_ref(), version),
            Test::Time { target, .. } => self.known(target.as_ref(), |ms| time(*ms)),
            Test::Any(members) | Test::AnyCaseSensitive(members) => self.members(members),
            Test::BucketAny(buckets) => ranges(*buckets),
            Test::Part { parts, .. } => self.list(parts.iter()),
            Test::Matches(Some(pattern)) => self.text(pattern.as_str()),
            Test::Matches(None) => "<no valid pattern>".to_owned(),
            Test::Equals(target) => self.operand(target),
            Test::IdList(Some(list)) => quoted(list),
            Test::Array {
                members: Some(members),
                ..
            } => self.list(members.iter()),
            Test::IdList(None) | Test::Array { members: None, .. } => "<no list>".to_owned(),
            Test::Unsupported => return None,
        })
    }

    fn known<T>(&self, target: Option<&T>, render: impl FnOnce(&T) -> String) -> String {
        match target.map(render) {
            Some(text) if (self.hides)(&text) => HIDDEN.to_owned(),
            Some(text) => text,
            None => "<nothing to compare with>".to_owned(),
        }
    }

    fn text(&self, text: &str) -> String {
        if (self.hides)(text) {
            HIDDEN.to_owned()
        } else {
            quoted(text)
        }
    }

    fn members(&self, members: &Members) -> String {
        match members {
            Members::Few(members) => self.list(members.iter()),
            Members::Many(members) => {
                let mut sorted: Vec<_> = members.keys().collect();
                sorted.sort_unstable();
                self.list(sorted.into_iter())
            }
        }
    }

    fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Null => "null".to_owned(),
            Operand::Bool(value) => self.known(Some(value), bool::to_string),
            Operand::Number(number) => self.known(Some(number), f64::to_string),
            Operand::Text(text) => self.text(text),
            Operand::Array(elements) => self.list(elements.iter().map(|(_, text)| text)),
            Operand::Object(entries) => {
                let shown = entries
                    .iter()
                    .map(|(key, text)| format!("{}: {}", quoted(key), self.text(text)));
                format!("{{{}}}", joined(shown))
            }
        }
    }

    fn list<'t, T: AsRef<str> + 't>(&self, texts: impl ExactSizeIterator<Item = &'t T>) -> String {
        format!("[{}]", joined(texts.map(|text| self.text(text.as_ref()))))
    }
}

/// The first elements, and the number of the others.
fn joined(items: impl ExactSizeIterator<Item = String>) -> String {
    let more = items.len().saturating_sub(MAX_ELEMENTS);
    let mut shown: Vec<_> = items.take(MAX_ELEMENTS).collect();
    if more > 0 {
        shown.push(format!("… {more} more"));
    }
    shown.join(", ")
}

/// A text in quotes. A long text is cut.
pub(crate) fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text))
}

/// A text. A long text is cut.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A time in UTC. A number outside the range of times stays a number.
pub(crate) fn time(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(
        || ms.to_string(),
        |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
    )
}

fn version(version: &Version) -> String {
    let components: Vec<_> = version
        .0
        .iter()
        .map(|component| component.map_or_else(|| "?".to_owned(), |number| number.to_string()))
        .collect();
    components.join(".")
}

/// Buckets as ranges: `0–449, 900–999`.
fn ranges(buckets: BucketSet) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for bucket in (0..BucketSet::BUCKETS).filter(|bucket| buckets.contains(*bucket)) {
        match ranges.last_mut() {
            Some((_, end)) if *end + 1 == bucket => *end = bucket,
            _ => ranges.push((bucket, bucket)),
        }
    }
    let shown = ranges.iter().map(|(from, to)| {
        if from == to {
            from.to_string()
        } else {
            format!("{from}–{to}")
        }
    });
    format!("[{}]", joined(shown))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::specs::compile::Compiler;
    use crate::specs::compile::condition::compile;
    use crate::specs::compiled::CompiledSpecs;
    use crate::specs::compiled::condition::Condition;
    use crate::specs::model;

    fn described(kind: &str, name: &str, target: Value) -> Option<String> {
        let wire = json!({
            "type": kind, "targetValue": target, "operator": name, "field": "f",
            "additionalValues": {}, "idType": "userID",
        })
        .to_string();
        let wire: model::Condition<'_> = serde_json::from_str(&wire).unwrap();
        let nothing = CompiledSpecs::default();
        let mut compiler = Compiler::resume(&nothing);
        let Condition::Compare { operator, test, .. } = compile(&wire, &mut compiler) else {
            panic!("no comparison");
        };
        assert_eq!(operator, compiler.symbol(name));
        let hides = |text: &str| text == "secret";
        Describer { hides: &hides }.target(&test)
    }

    #[test]
    fn every_operator_reads_as_written() {
        let list = json!(["a", "b"]);
        let cases = [
            ("gt", json!(5), "5"),
            ("gte", json!(0.5), "0.5"),
            ("lt", json!("7"), "7"),
            ("lte", json!("x"), "<nothing to compare with>"),
            ("version_gt", json!("1.2.3-beta"), "1.2.3"),
            ("version_neq", json!("1.x"), "1.?"),
            ("any", list.clone(), r#"["a", "b"]"#),
            ("none", list.clone(), r#"["a", "b"]"#),
            ("any_case_sensitive", json!(["B", "a"]), r#"["B", "a"]"#),
            ("none_case_sensitive", list.clone(), r#"["a", "b"]"#),
            ("str_starts_with_any", list.clone(), r#"["a", "b"]"#),
            ("str_ends_with_any", list.clone(), r#"["a", "b"]"#),
            ("str_contains_any", list.clone(), r#"["a", "b"]"#),
            ("str_contains_none", list.clone(), r#"["a", "b"]"#),
            ("str_matches", json!("^a+$"), r#""^a+$""#),
            ("str_matches", json!("("), "<no valid pattern>"),
            (
                "before",
                json!(1_704_067_201_000_i64),
                "2024-01-01T00:00:01Z",
            ),
            (
                "after",
                json!("2024-01-01T00:00:01Z"),
                "2024-01-01T00:00:01Z",
            ),
            ("on", json!(i64::MAX), "9223372036854775807"),
            ("eq", json!({"k": 1}), r#"{"k": "1"}"#),
            ("neq", json!(null), "null"),
            ("eq", json!(true), "true"),
            ("in_segment_list", json!("list"), r#""list""#),
            ("not_in_segment_list", json!(1), "<no list>"),
            ("array_contains_any", list.clone(), r#"["a", "b"]"#),
            ("array_contains_none", list.clone(), r#"["a", "b"]"#),
            ("array_contains_all", list.clone(), r#"["a", "b"]"#),
            ("not_array_contains_all", json!("a"), "<no list>"),
        ];
        for (operator, target, expected) in cases {
            let target = described("user_field", operator, target);
            assert_eq!(target.as_deref(), Some(expected), "{operator}");
        }
        assert_eq!(described("user_field", "sounds_like", json!("a")), None);
    }

    #[test]
    fn long_targets_are_shortened_and_buckets_are_ranges() {
        let many: Vec<_> = (10..99).map(|number| format!("m{number}")).collect();
        let target = described("user_field", "any", json!(many));
        let expected = r#"["m10", "m11", "m12", "m13", "m14", … 84 more]"#;
        assert_eq!(target.as_deref(), Some(expected));
        let target = described("user_field", "eq", json!("é".repeat(61)));
        assert_eq!(target, Some(format!("\"{}…\"", "é".repeat(60))));
        let buckets: Vec<_> = (0..450).chain([700]).chain(998..1000).collect();
        let target = described("user_bucket", "any", json!(buckets));
        assert_eq!(target.as_deref(), Some("[0–449, 700, 998–999]"));
    }

    #[test]
    fn what_must_not_be_shown_is_not() {
        for operator in ["any", "str_contains_any", "array_contains_all", "eq"] {
            let target = described("user_field", operator, json!(["a", "secret"]));
            assert_eq!(target.as_deref(), Some(r#"["a", <private>]"#), "{operator}");
        }
        let target = described("user_field", "str_matches", json!("secret"));
        assert_eq!(target.as_deref(), Some("<private>"));
    }
}
