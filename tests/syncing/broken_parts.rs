//! A broken part of specs affects only itself.

use statsig::StatsigUser;
use statsig::testing::{Answer, Endpoint};
use statsig_tests::specs;

use super::Lab;

/// Good specs with this text before their gates.
fn with_gate(broken: &[u8]) -> Vec<u8> {
    let good = specs::at(7, true).to_string();
    let (before, after) = good.split_once(r#""feature_gates":{"#).unwrap();
    [
        before.as_bytes(),
        br#""feature_gates":{"#,
        broken,
        b",",
        after.as_bytes(),
    ]
    .concat()
}

/// Good specs with these additional top-level fields.
fn with_field(broken: &[u8]) -> Vec<u8> {
    let good = specs::at(7, true).to_string();
    [b"{", broken, b",", &good.as_bytes()[1..]].concat()
}

async fn gate_is_served(body: Vec<u8>) {
    let shown = String::from_utf8_lossy(&body).into_owned();
    let lab = Lab::new(|options| options);
    lab.network
        .always(Endpoint::Specs, Answer::response(200, body.clone()));
    lab.statsig.initialize().await.unwrap();
    let good = (true, "Network:Recognized".to_owned());
    assert_eq!(lab.check(), good, "{shown}");

    // The same with specs already in use: the client reads the new ones in another way then.
    let lab = Lab::new(|options| options);
    lab.network.serve_specs(specs::at(1, false).to_string());
    lab.statsig.initialize().await.unwrap();
    lab.network
        .always(Endpoint::Specs, Answer::response(200, body));
    lab.statsig.refresh().await.unwrap();
    assert_eq!(lab.check(), good, "{shown}");
    let broken = (lab.statsig).get_feature_gate(&StatsigUser::with_user_id("u"), "broken");
    assert!(!broken.value, "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_broken_gate_costs_itself_alone() {
    let whole = br#"{"type":"feature_gate","entity":"feature_gate","salt":"s","enabled":true,"defaultValue":false,"idType":"userID","rules":[]}"#;
    let named = |name: &[u8]| [name, b":", whole].concat();
    let broken: Vec<Vec<u8>> = vec![
        named(br#""\ud800""#),
        named(br#""a \udc00 b""#),
        named(b"\"\xff\""),
        br#""\ud800": 7"#.to_vec(),
        br#""broken": {"type": "\ud800"}"#.to_vec(),
        b"\"broken\": {\"type\": \"\xff\xfe\"}".to_vec(),
        br#""broken": 7"#.to_vec(),
        br#""broken": null"#.to_vec(),
        br#""broken": [[[]]]"#.to_vec(),
        br#""broken": {"version": 1e999}"#.to_vec(),
        br#""broken": {"version": 99999999999999999999999}"#.to_vec(),
        br#""broken": {"type": "a", "type": "b"}"#.to_vec(),
        [
            br#""broken": "#.to_vec(),
            b"[".repeat(100_000),
            b"]".repeat(100_000),
        ]
        .concat(),
        [named(br#""broken""#), b", \"broken\": 7".to_vec()].concat(),
    ];
    for broken in broken {
        gate_is_served(with_gate(&broken)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_part_that_nobody_needs_costs_itself_alone() {
    let broken: [&[u8]; 17] = [
        br#""checksum": 7"#,
        br#""checksum": "\ud800""#,
        br#""default_environment": {}"#,
        br#""default_environment": "\ud800""#,
        br#""param_stores": []"#,
        br#""param_stores": {"\ud800": {}}"#,
        br#""param_stores": {"s": 5}"#,
        br#""cmab_configs": "x""#,
        br#""overrides": 5"#,
        br#""override_rules": [1]"#,
        br#""app_id": "\ud800""#,
        br#""sdk_configs": "on""#,
        br#""sdk_configs": {"\ud800": 1, "a": 1e999, "b": "\ud800"}"#,
        br#""diagnostics": {"dcs": "\ud800"}"#,
        br#""diagnostics": 1e999"#,
        br#""session_replay_info": 5"#,
        b"\"unknown\": \"\xff\"",
    ];
    for broken in broken {
        gate_is_served(with_field(broken)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn of_broken_settings_the_others_are_read() {
    let broken = br#""sdk_configs": {"\ud800": 1, "a": 1e999, "exposure_dedupe_ttl_ms": 5}, "default_environment": "staging""#;
    let lab = Lab::new(|options| options);
    lab.network
        .always(Endpoint::Specs, Answer::response(200, with_field(broken)));
    lab.statsig.initialize().await.unwrap();
    // The window of repeats is 5 ms after the first one has ended.
    super::pass(61.0).await;
    let user = StatsigUser::with_user_id("u");
    for _ in 0..2 {
        assert!(lab.statsig.check_gate(&user, "on"));
        super::pass(1.0).await;
    }
    lab.statsig.flush_events().await.unwrap();
    assert_eq!(lab.events().len(), 2);
}
