//! What the service says about the SDK itself, in `sdk_configs` of the specs.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::events::sampling::{SamplingConfig, SamplingMode};

const DEFAULT_DEDUPE_TTL_MS: u64 = 60_000;

/// Remote settings. Keys accumulate: one that a later payload lacks keeps its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    sdk_configs: BTreeMap<String, Value>,
    pub(crate) sampling: SamplingConfig,
    /// How long an exposure suppresses its repeats.
    pub(crate) dedupe_ttl_ms: u64,
    /// Clients in buckets below this log nested gates as exposures of their own.
    pub(crate) nested_gates_rollout: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sdk_configs: BTreeMap::new(),
            sampling: SamplingConfig::default(),
            dedupe_ttl_ms: DEFAULT_DEDUPE_TTL_MS,
            nested_gates_rollout: 0,
        }
    }
}

impl Settings {
    /// These settings with the keys of a newer payload on top.
    pub(crate) fn merged(&self, newer: &BTreeMap<String, Value>) -> Self {
        let mut sdk_configs = self.sdk_configs.clone();
        sdk_configs.extend(
            newer
                .iter()
                .map(|(key, value)| (key.clone(), value.clone())),
        );
        let number = |key: &str| sdk_configs.get(key).and_then(number_of);
        let mode = match sdk_configs.get("sampling_mode").and_then(Value::as_str) {
            Some("on") => SamplingMode::On,
            Some("shadow") => SamplingMode::Shadow,
            _ => SamplingMode::Off,
        };
        let sampling = SamplingConfig {
            mode,
            special_case_rate: number("special_case_sampling_rate"),
            first_sight_ttl_ms: number("exposure_spec_sampling_ttl_ms")
                .unwrap_or(SamplingConfig::default().first_sight_ttl_ms),
        };
        let nested_gates_rollout = number("sec_expo_number").unwrap_or(0);
        let dedupe_ttl_ms = number("exposure_dedupe_ttl_ms").unwrap_or(DEFAULT_DEDUPE_TTL_MS);
        Self {
            sdk_configs,
            sampling,
            dedupe_ttl_ms,
            nested_gates_rollout,
        }
    }
}

/// A whole number, or a text of one.
fn number_of(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
