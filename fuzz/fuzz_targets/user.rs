//! Reads any bytes as a user. The SDK returns an error, or evaluates and logs the user.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use statsig::testing::OfflineClient;
use statsig::{Event, StatsigUser};

/// Specs with every kind of condition and operator.
const SPECS: &str = include_str!("../seeds/specs/operators.json");

fuzz_target!(|json: &str| {
    static CLIENT: OnceLock<(OfflineClient, Vec<String>)> = OnceLock::new();
    let (statsig, gates) = CLIENT.get_or_init(|| {
        let specs: Value = serde_json::from_str(SPECS).expect("our specs");
        let gates = specs["feature_gates"]
            .as_object()
            .expect("gates")
            .keys()
            .cloned()
            .collect();
        (OfflineClient::new(SPECS, None).expect("our specs"), gates)
    });
    let Ok(user) = serde_json::from_str::<StatsigUser>(json) else {
        return;
    };
    for gate in gates {
        let first = statsig.check_gate(&user, gate);
        assert_eq!(first, statsig.check_gate(&user, gate), "{gate}");
    }
    statsig.log_event(&user, Event::new("event"));
    let events = statsig.take_events();
    assert!(
        events
            .iter()
            .all(|event| event["user"]["privateAttributes"].is_null())
    );
});
