//! The service's settings for the SDK: `sdk_configs` and `diagnostics` of the specs.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Remote settings. Keys accumulate: a key that is missing in a later payload keeps its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    sdk_configs: Map<String, Value>,
    /// How exposures are sampled.
    pub sampling: SamplingConfig,
    /// How long an exposure suppresses equal exposures.
    pub dedupe_ttl_ms: u64,
    /// Clients with a bucket below this number log separate exposures for nested gates.
    pub nested_gates_rollout: u64,
    /// The sampling rates of diagnostics events.
    pub diagnostics: DiagnosticsRates,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sdk_configs: Map::new(),
            sampling: SamplingConfig::default(),
            dedupe_ttl_ms: 60_000,
            nested_gates_rollout: 0,
            diagnostics: DiagnosticsRates::default(),
        }
    }
}

impl Settings {
    /// These settings, updated with the keys of newer specs.
    pub fn merged(&self, newer: &Map<String, Value>, diagnostics: &Map<String, Value>) -> Self {
        let mut sdk_configs = self.sdk_configs.clone();
        sdk_configs.extend(newer.clone());
        let number = |key: &str| sdk_configs.get(key).and_then(number_of);
        let mode = match sdk_configs.get("sampling_mode").and_then(Value::as_str) {
            Some("on") => SamplingMode::On,
            Some("shadow") => SamplingMode::Shadow,
            _ => SamplingMode::Off,
        };
        let defaults = Self::default();
        Self {
            sampling: SamplingConfig {
                mode,
                special_case_rate: number("special_case_sampling_rate"),
                first_sight_ttl_ms: number("exposure_spec_sampling_ttl_ms")
                    .unwrap_or(defaults.sampling.first_sight_ttl_ms),
            },
            dedupe_ttl_ms: number("exposure_dedupe_ttl_ms").unwrap_or(defaults.dedupe_ttl_ms),
            nested_gates_rollout: number("sec_expo_number").unwrap_or(0),
            diagnostics: self.diagnostics.merged(diagnostics),
            sdk_configs,
        }
    }
}

/// The sampling of exposures, from `sdk_configs` of the specs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SamplingConfig {
    /// Whether exposures are sampled.
    pub mode: SamplingMode,
    /// The rate for the rule IDs `default`, `disabled` and the empty text.
    pub special_case_rate: Option<u64>,
    /// After this time, a (spec, rule) pair counts as new again.
    pub first_sight_ttl_ms: u64,
}

/// Whether exposures are sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SamplingMode {
    /// The SDK sends all exposures.
    #[default]
    Off,
    /// The SDK leaves out exposures outside the sample.
    On,
    /// The SDK sends all exposures, and marks those that sampling would leave out.
    Shadow,
}

impl Default for SamplingConfig {
    fn default() -> Self {
        Self {
            mode: SamplingMode::Off,
            special_case_rate: None,
            first_sight_ttl_ms: 60_000,
        }
    }
}

/// How many of 10,000 diagnostics events the SDK sends, by subject.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DiagnosticsRates(BTreeMap<String, u64>);

impl DiagnosticsRates {
    const HIGHEST: u64 = 10_000;

    /// These rates, updated with those of newer specs. Each is limited to its range.
    #[must_use]
    pub fn merged(&self, newer: &Map<String, Value>) -> Self {
        let mut rates = self.0.clone();
        rates.extend(newer.iter().filter_map(|(key, value)| {
            let rate = value.as_f64()?.clamp(0.0, Self::HIGHEST as f64);
            Some((key.clone(), rate as u64))
        }));
        Self(rates)
    }

    /// The rate of events about initialization.
    #[must_use]
    pub fn initialize(&self) -> u64 {
        self.get("initialize", 10_000)
    }

    /// The rate of events about downloads of specs.
    #[must_use]
    pub fn specs_sync(&self) -> u64 {
        self.get("dcs", 1_000)
    }

    /// The rate of events about downloads of ID lists.
    #[must_use]
    pub fn id_lists_sync(&self) -> u64 {
        self.get("get_id_list", 100)
    }

    fn get(&self, key: &str, default: u64) -> u64 {
        self.0.get(key).copied().unwrap_or(default)
    }
}

/// Reads a whole number, or a text with a whole number.
fn number_of(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn diagnostics_rates_merge_and_stay_in_range() {
        let merged = |rates: &DiagnosticsRates, newer: Value| match newer {
            Value::Object(newer) => rates.merged(&newer),
            _ => rates.clone(),
        };
        let none = DiagnosticsRates::default();
        assert_eq!((none.initialize(), none.specs_sync()), (10_000, 1_000));
        let first = merged(&none, json!({"initialize": -5, "dcs": 20_000}));
        assert_eq!((first.initialize(), first.specs_sync()), (0, 10_000));
        let second = merged(&first, json!({"dcs": 7.9, "initialize": "x"}));
        assert_eq!((second.initialize(), second.specs_sync()), (0, 7));
    }
}
