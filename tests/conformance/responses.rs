//! `gcir/*.jsonl.gz`: client initialize responses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use statsig::testing::internals::{djb2, sha256_base64};
use statsig_tests::client_init::options_of;
use statsig_tests::conformance::{Case, Conformance, entries, items, text};
use statsig_tests::json::is_same;
use statsig_tests::tally::Tally;

/// Replaces parts that the records leave out.
const MASKED: &str = "<masked>";

/// The sections of entities, by their names in `depends_on.json`.
const SECTIONS: [(&str, &str); 3] = [
    ("feature_gates", "gates"),
    ("dynamic_configs", "configs"),
    ("layer_configs", "layers"),
];

/// One entity in one response is one comparison. Everything around the entities is another one.
pub(crate) fn compare(data: &Conformance, case: &Case) -> Tally {
    let client = data.client(case, &data.text(&case.spec));
    let values = case.values.as_ref().map(|file| data.json(file));
    let values = values.unwrap_or_default();
    let skips = SECTIONS.map(|(section, sort)| (section, data.skips(case, sort)));
    let plain_names = plain_names(&data.json(&case.spec));
    let mut tally = Tally::default();
    for line in data.lines(&case.file) {
        let id = text(&line["user"]);
        let options = options_of(&line["options"]);
        let json = client.get_client_init_response_as_string_with_options(data.user(&id), &options);
        let found: Value = json.parse().expect("JSON");
        let response = Response {
            context: format!("{}: {id}, {}", case.file, line["options"]),
            is_compact: line["options"]["response_format"] == "InitializeV2",
            expected: &line["response"],
            found: &found,
            values: &values,
        };
        let mut leaves_out = false;
        for (section, skips) in &skips {
            let skipped = |name: &str| {
                let plain = plain_names.get(name).map_or(name, String::as_str);
                skips.reason(plain)
            };
            for name in response.names(section) {
                if let Some(reason) = skipped(name) {
                    tally.skip(reason, 1);
                    leaves_out = true;
                } else {
                    tally.compare(response.entity_differences(section, name));
                }
            }
        }
        tally.compare(response.other_differences(leaves_out));
    }
    tally
}

/// The plain form of every name, by its hash in every algorithm.
fn plain_names(specs: &Value) -> BTreeMap<String, String> {
    let sections = SECTIONS.map(|(section, _)| section);
    let names = sections
        .iter()
        .flat_map(|section| entries(&specs[section]).map(|(name, _)| name));
    names
        .flat_map(|name| [djb2(name), sha256_base64(name)].map(|hash| (hash, name.clone())))
        .collect()
}

struct Response<'a> {
    context: String,
    is_compact: bool,
    expected: &'a Value,
    found: &'a Value,
    /// The values to which the record refers by index.
    values: &'a Value,
}

impl Response<'_> {
    /// The entities of a section, recorded or found.
    fn names(&self, section: &str) -> BTreeSet<&str> {
        let recorded = entries(&self.expected[section]);
        let found = entries(&self.found[section]);
        recorded
            .chain(found)
            .map(|(name, _)| name.as_str())
            .collect()
    }

    fn entity_differences(&self, section: &str, name: &str) -> Vec<String> {
        let context = format!("{}, {section} {name}", self.context);
        let expected = &self.expected[section][name];
        let mut found = self.found[section][name].clone();
        if let Some(entity) = found.as_object_mut() {
            if self.is_compact {
                self.resolve_numbers(entity, expected);
            }
            let key = if self.is_compact { "v" } else { "value" };
            self.mark_value(entity, key, expected);
        }
        differences(&context, expected, &found)
    }

    /// Replaces the indices of values and exposures by what they refer to.
    fn resolve_numbers(&self, entity: &mut Map<String, Value>, expected: &Value) {
        if let Some(value) = entity.get_mut("v").filter(|value| value.is_string()) {
            *value = self.found["values"][text(value)].clone();
            let is_plain = value.is_null() || value.is_boolean();
            if expected["v"] == MASKED && is_plain {
                *value = json!(MASKED);
            }
        }
        for key in ["s", "us"] {
            for exposure in entity
                .get_mut(key)
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                let full = &self.found["exposures"][text(exposure)];
                *exposure = json!([full["gate"], full["gateValue"], full["ruleID"]]);
            }
        }
    }

    /// Replaces a value by the recorded index if the value is the recorded one.
    fn mark_value(&self, entity: &mut Map<String, Value>, key: &str, expected: &Value) {
        let index = expected[key]["$value"].as_u64();
        let index = index.and_then(|index| usize::try_from(index).ok());
        if let (Some(index), Some(value)) = (index, entity.get_mut(key))
            && is_same(&items(self.values)[index], value)
        {
            *value = expected[key].clone();
        }
    }

    /// Compares everything except the entities. If the record leaves some out, shared exposures
    /// cannot be compared.
    fn other_differences(&self, leaves_out: bool) -> Vec<String> {
        let others = |response: &Value| {
            let mut others = response.as_object().cloned().unwrap_or_default();
            for (section, _) in SECTIONS {
                others.remove(section);
            }
            if leaves_out {
                others.remove("exposures");
            }
            others
        };
        let expected = others(self.expected);
        let mut found = others(self.found);
        for (key, value) in &expected {
            let is_there = found.get(key).is_some_and(Value::is_object);
            if *value == MASKED && is_there {
                found.insert(key.clone(), value.clone());
            }
        }
        differences(
            &self.context,
            &Value::Object(expected),
            &Value::Object(found),
        )
    }
}

/// The fields in which two objects differ. Here, an absent field differs from an empty one.
fn differences(context: &str, expected: &Value, found: &Value) -> Vec<String> {
    let fields: BTreeSet<&String> = entries(expected)
        .chain(entries(found))
        .map(|(field, _)| field)
        .collect();
    let mut differences = Vec::new();
    if !(expected.is_object() && found.is_object()) {
        differences.push(format!("{context}: expected {expected}, found {found}"));
    }
    for field in fields {
        let (expected, found) = (expected.get(field), found.get(field));
        let is_equal =
            matches!((expected, found), (Some(expected), Some(found)) if is_same(expected, found));
        if !is_equal {
            let shown =
                |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
            differences.push(format!(
                "{context}, {field}: expected {}, found {}",
                shown(expected),
                shown(found)
            ));
        }
    }
    differences
}
