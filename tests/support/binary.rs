//! Converts recorded specs in the service's binary form to JSON.

use serde_json::Value;
use statsig::testing::internals::specs_of_binary;

use crate::conformance::{entries, items};

const SECTIONS: [&str; 3] = ["feature_gates", "dynamic_configs", "layer_configs"];

/// The result of the SDK's reader. Some information is missing in the binary form and comes from
/// the same specs in JSON: fractions of percentages (the recorded form has only whole ones, 0 for
/// 0.5), and whether a list is empty or absent.
///
/// # Errors
/// If the specs are unreadable.
pub(crate) fn to_json(body: &[u8], twin: Option<&Value>) -> Result<String, String> {
    let json = specs_of_binary(body)?;
    let Some(twin) = twin else {
        return Ok(json);
    };
    let mut specs: Value = json.parse().map_err(|problem| format!("{problem}"))?;
    for section in SECTIONS {
        for (name, spec) in entries(&twin[section]) {
            let found = &mut specs[section][name];
            for (field, value) in entries(spec) {
                if items(value).is_empty() && value.is_array() && found.get(field).is_none() {
                    found[field] = value.clone();
                }
            }
            let rules = spec["rules"].as_array().into_iter().flatten();
            for (place, rule) in rules.enumerate() {
                let percentage = rule["passPercentage"].as_f64().unwrap_or_default();
                let found = found["rules"].get_mut(place);
                if let Some(found) = found.map(|rule| &mut rule["passPercentage"])
                    && percentage.fract() != 0.0
                    && found.as_f64() == Some(percentage.trunc())
                {
                    *found = percentage.into();
                }
            }
        }
    }
    Ok(specs.to_string())
}
