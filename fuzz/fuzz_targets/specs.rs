//! Reads any bytes as specs. The SDK returns an error, or can evaluate every entity.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use statsig::StatsigUser;
use statsig::testing::OfflineClient;

fuzz_target!(|specs: &str| {
    let Ok(statsig) = OfflineClient::new(specs, None) else {
        return;
    };
    let Ok(parsed) = serde_json::from_str::<Value>(specs) else {
        return;
    };
    let names = |of: &str| {
        parsed[of]
            .as_object()
            .into_iter()
            .flat_map(|map| map.keys())
    };
    let users = [
        StatsigUser::anonymous(),
        StatsigUser::builder("user-1")
            .custom_id("companyID", "c")
            .email("a@example.com")
            .ip("8.8.8.8")
            .user_agent("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0.0.0")
            .custom("n", 5)
            .custom("list", vec!["a", "b"])
            .build(),
    ];
    for user in &users {
        for name in names("feature_gates") {
            let _ = statsig.check_gate(user, name);
        }
        for name in names("dynamic_configs").chain(names("cmab_configs")) {
            let _ = statsig.get_dynamic_config(user, name);
            let _ = statsig.get_experiment(user, name);
        }
        for name in names("layer_configs") {
            let _ = statsig.get_layer(user, name).get_raw_value("a");
        }
        for name in names("param_stores") {
            let store = statsig.get_parameter_store(user, name);
            for parameter in store.get_parameter_names() {
                let _ = store.get_opt::<Value>(&parameter);
            }
        }
    }
});
