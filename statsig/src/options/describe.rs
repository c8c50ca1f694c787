//! The options as reports to Statsig show them.

use serde_json::{Map, Value};

use super::{
    DEFAULT_LOG_EVENT_URL, DEFAULT_SPECS_SYNC_INTERVAL, DEFAULT_SPECS_URL, StatsigOptions,
};
use crate::transport::address;

/// Stands for what is set to something that has no text, or whose text is nobody's business.
const SET: &str = "set";

/// Those that differ from their defaults, as a JSON object, under the names that the official SDK has for them.
pub(crate) fn describe(options: &StatsigOptions) -> String {
    let mut described = Map::new();
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            described.insert(name.to_owned(), value);
        }
    };
    let url = |url: &str, default: &str| (url != default).then(|| Value::from(address::shown(url)));
    let flag = |is_set: bool| is_set.then_some(Value::Bool(true));
    let set = |is_set: bool| is_set.then(|| Value::from(SET));
    let millis = |duration: std::time::Duration| {
        Value::from(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    };
    add("spec_url", url(&options.specs_url, DEFAULT_SPECS_URL));
    add("spec_adapter", set(options.specs_adapter.is_some()));
    add(
        "specs_sync_interval_ms",
        Some(options.specs_sync_interval)
            .filter(|interval| *interval != DEFAULT_SPECS_SYNC_INTERVAL)
            .map(millis),
    );
    add("init_timeout_ms", options.init_timeout.map(millis));
    add(
        "log_event_url",
        url(&options.log_event_url, DEFAULT_LOG_EVENT_URL),
    );
    add("disable_all_logging", flag(options.disable_all_logging));
    add("disable_network", flag(options.disable_network));
    add(
        "environment",
        options.environment.as_deref().map(Value::from),
    );
    add(
        "fallback_to_statsig_api",
        flag(options.fallback_to_statsig_api),
    );
    add("override_adapter", set(options.override_adapter.is_some()));
    add("service_name", set(options.service_name.is_some()));
    let fields = &*options.global_custom_fields;
    add(
        "global_custom_fields",
        (!fields.is_empty()).then(|| fields.clone().into_iter().collect()),
    );
    Value::Object(described).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_set_is_shown_and_the_private_parts_are_not() {
        assert_eq!(describe(&StatsigOptions::default()), "{}");
        let options = StatsigOptions::builder()
            .environment("staging")
            .log_event_url("https://proxy.example/v1/log_event")
            .service_name("checkout")
            .global_custom_field("region", "eu")
            .build()
            .unwrap();
        let described: Value = serde_json::from_str(&describe(&options)).unwrap();
        let expected = serde_json::json!({
            "environment": "staging",
            "log_event_url": "https://proxy.example/v1/log_event",
            "service_name": "set",
            "global_custom_fields": {"region": "eu"},
        });
        assert_eq!(described, expected);
    }
}
