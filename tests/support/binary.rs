//! Recorded specs in the service's binary form, as JSON.

use serde_json::Value;
use statsig::testing::internals::specs_of_binary;

use crate::conformance::entries;

const SECTIONS: [&str; 3] = ["feature_gates", "dynamic_configs", "layer_configs"];

/// What the SDK's reader makes of them, with the fractions of percentages from the same specs in JSON: when these were recorded, the
/// service's binary form had whole percentages only (0 for 0.5).
///
/// # Errors
/// When they cannot be read.
pub(crate) fn to_json(body: &[u8], twin: Option<&Value>) -> Result<String, String> {
    let json = specs_of_binary(body)?;
    let Some(twin) = twin else {
        return Ok(json);
    };
    let mut specs: Value = json.parse().map_err(|problem| format!("{problem}"))?;
    for section in SECTIONS {
        for (name, spec) in entries(&twin[section]) {
            let rules = spec["rules"].as_array().into_iter().flatten();
            for (place, rule) in rules.enumerate() {
                let percentage = rule["passPercentage"].as_f64().unwrap_or_default();
                let found = specs[section][name]["rules"].get_mut(place);
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
