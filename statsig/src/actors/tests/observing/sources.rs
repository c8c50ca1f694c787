//! What observers hear of how specs come.

use super::*;

#[tokio::test(start_paused = true)]
async fn observers_hear_in_which_form_specs_came() {
    let observed = Observed::new();
    observed.statsig.initialize().await.unwrap();
    let typed = |time, kind: &str| Answer::response(200, specs(time)).header("content-type", kind);
    for (time, answer) in [
        (2, typed(2, "application/json; charset=utf-8")),
        (3, typed(3, "text/plain").header("x-deltas-used", "true")),
    ] {
        observed.network.next(Endpoint::Specs, answer);
        sleep(secs(11)).await;
        assert_eq!(
            observed.statsig.shared_state().published.load().specs.time,
            time
        );
    }
    let synced = observed.health.of("config_sync_overall.latency");
    let tags: Vec<_> = synced
        .iter()
        .map(|heard| (&*heard.tags["format"], &*heard.tags["deltas_used"]))
        .collect();
    let expected = [
        ("unknown", "false"),
        ("json", "false"),
        ("plain_text", "true"),
    ];
    assert_eq!(tags, expected);
    let requests = observed.health.of("network_request.latency");
    assert_eq!(requests.last().unwrap().tags["deltas_used"], "true");
    let diffs = observed.health.of("config_propagation_diff");
    assert!(
        diffs
            .iter()
            .all(|heard| heard.tags["response_format"] == "JSON")
    );
}

#[cfg(feature = "proto")]
#[tokio::test(start_paused = true)]
async fn observers_hear_that_specs_came_in_the_binary_form() {
    use crate::specs::proto::encode;

    let observed = Observed::with(Listener::default(), |options| {
        options.enable_proto_specs(true)
    });
    observed.statsig.initialize().await.unwrap();
    let mut next: Value = serde_json::from_str(&specs(2)).unwrap();
    next["param_stores"] = json!({});
    let body = encode::compressed(&encode::response(&next));
    let answer = Answer::response(200, body)
        .header("content-type", "application/octet-stream")
        .header("content-encoding", "statsig-br");
    observed.network.next(Endpoint::Specs, answer);
    sleep(secs(11)).await;
    let synced = observed.health.of("config_sync_overall.latency");
    assert_eq!(synced.last().unwrap().tags["format"], "protobuf");
    let diff = observed.health.of("config_propagation_diff").remove(0);
    assert_eq!(diff.tags["response_format"], "Protobuf");
}

#[cfg(feature = "proto")]
#[tokio::test(start_paused = true)]
async fn observers_hear_of_streams_and_deltas() {
    use crate::facts::Fact;

    let observed = Observed::new();
    observed.statsig.initialize().await.unwrap();
    for fact in [
        Fact::StreamMessage,
        Fact::StreamFailed { failures: 3 },
        Fact::StreamReopened,
        Fact::DeltaChecked { fits: true },
        Fact::DeltaChecked { fits: false },
    ] {
        observed.statsig.shared_state().note(fact);
    }
    settle().await;
    let only = |name: &str| {
        let heard = observed.health.of(name);
        assert_eq!(heard.len(), 1, "{heard:?}");
        (heard[0].kind, heard[0].value)
    };
    assert_eq!(only("grpc_received_message"), ("increment", 1.0));
    assert_eq!(only("grpc_reconnected"), ("increment", 1.0));
    assert_eq!(only("grpc_streaming_failed_with_retry_ct"), ("dist", 3.0));
    let checked = observed.health.of("deltas_checksum_validation.count");
    let results: Vec<_> = checked.iter().map(|heard| &*heard.tags["result"]).collect();
    assert_eq!(results, ["success", "failure"]);
}
