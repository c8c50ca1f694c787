mod sources;
mod typed;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::*;
use crate::client::Statsig;
use crate::observability::{ObservabilityClient, SdkEvent, Tag};
use crate::user::StatsigUser;

/// A client with its network and somebody who listens to its health.
struct Observed {
    network: Arc<ScriptedTransport>,
    health: Arc<Listener>,
    statsig: Statsig,
}

#[derive(Debug, Default)]
struct Listener {
    heard: Mutex<Vec<Heard>>,
    wants_lcut: bool,
    panics: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Heard {
    kind: &'static str,
    name: String,
    value: f64,
    tags: BTreeMap<&'static str, String>,
}

impl Listener {
    fn hear(&self, kind: &'static str, name: &str, value: f64, tags: &[Tag]) {
        let tags = tags
            .iter()
            .map(|(name, value)| (*name, Cow::clone(value).into_owned()));
        self.heard.lock().unwrap().push(Heard {
            kind,
            name: name.to_owned(),
            value,
            tags: tags.collect(),
        });
        assert!(!self.panics, "on purpose");
    }

    fn of(&self, name: &str) -> Vec<Heard> {
        let heard = self.heard.lock().unwrap();
        let named = heard
            .iter()
            .filter(|heard| heard.name == format!("statsig.sdk.{name}"));
        named.cloned().collect()
    }
}

impl ObservabilityClient for Listener {
    fn init(&self) {
        self.hear("init", "", 0.0, &[]);
    }

    fn increment(&self, metric: &'static str, value: f64, tags: &[Tag]) {
        self.hear("increment", metric, value, tags);
    }

    fn gauge(&self, metric: &'static str, value: f64, tags: &[Tag]) {
        self.hear("gauge", metric, value, tags);
    }

    fn dist(&self, metric: &'static str, value: f64, tags: &[Tag]) {
        self.hear("dist", metric, value, tags);
    }

    fn error(&self, tag: &str, info: &str) {
        self.hear("error", &format!("{tag} {info}"), 1.0, &[]);
    }

    fn should_enable_high_cardinality_for_this_tag(&self, tag: &str) -> Option<bool> {
        (tag == "lcut").then_some(self.wants_lcut)
    }
}

impl Observed {
    fn new() -> Self {
        Self::with(Listener::default(), |options| options)
    }

    fn with(
        listener: Listener,
        set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
    ) -> Self {
        let network = Arc::new(ScriptedTransport::new());
        network.serve_specs(specs(1));
        let health = Arc::new(listener);
        let options = StatsigOptions::builder()
            .transport(network.clone())
            .clock(Arc::new(SimulatedClock::new()))
            .observability_client(health.clone())
            .event_logging_max_queue_size(BATCH);
        let statsig = Statsig::new(KEY, set(options).build().unwrap());
        Self {
            network,
            health,
            statsig,
        }
    }

    /// The diagnostics events that were delivered: contexts and markers.
    async fn diagnostics(&self) -> Vec<(String, Vec<Value>)> {
        self.statsig.flush_events().await.unwrap();
        let batches = self.network.batches();
        let events = batches.iter().flat_map(|batch| &batch.events);
        let diagnostics = events.filter(|event| event["eventName"] == "statsig::diagnostics");
        diagnostics
            .map(|event| {
                assert_eq!(event["user"], json!({}));
                let metadata = &event["metadata"];
                let markers = serde_json::from_str(metadata["markers"].as_str().unwrap()).unwrap();
                (metadata["context"].as_str().unwrap().to_owned(), markers)
            })
            .collect()
    }

    /// The errors that the observability client received: tag and info.
    fn errors(&self) -> Vec<String> {
        let heard = self.health.heard.lock().unwrap();
        let errors = heard.iter().filter(|heard| heard.kind == "error");
        errors.map(|heard| heard.name.clone()).collect()
    }

    fn log(&self, events: usize) {
        for _ in 0..events {
            let event = crate::events::event::Event::new("purchase");
            self.statsig
                .log_event(&StatsigUser::with_user_id("u"), event);
        }
    }
}

/// A gate that half of all users pass.
fn percentage_gate() -> Specs {
    Specs::new().gate("half", |g| g.everyone().pass(50))
}

/// Specs of this time that ask for these rates of diagnostics.
fn specs_with_rates(time: u64, rates: &str) -> String {
    specs(time).replacen('{', &format!(r#"{{"diagnostics":{rates},"#), 1)
}

async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn initialising_is_diagnosed_and_syncs_as_often_as_the_specs_say() {
    let observed = Observed::new();
    observed
        .network
        .serve_specs(specs_with_rates(1, r#"{"dcs": 10000}"#));
    observed.statsig.initialize().await.unwrap();
    let (context, markers) = observed.diagnostics().await.remove(0);
    let steps: Vec<String> = markers
        .iter()
        .map(|marker| {
            let text = |key: &str| marker[key].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", text("key"), text("step"), text("action"))
        })
        .collect();
    assert_eq!(context, "initialize");
    assert_eq!(
        steps,
        [
            "overall - start",
            "download_config_specs network_request start",
            "download_config_specs network_request end",
            "download_config_specs process start",
            "download_config_specs process end",
            "overall - end",
        ]
    );
    let end = &markers[5];
    assert_eq!(
        (&end["success"], &end["configSpecReady"], &end["source"]),
        (&json!(true), &json!(true), &json!("Network"))
    );
    let text = Value::from(markers).to_string();
    assert!(!text.contains(KEY), "{text}");

    sleep(secs(25)).await;
    let contexts: Vec<String> = observed
        .diagnostics()
        .await
        .into_iter()
        .map(|(context, _)| context)
        .collect();
    assert_eq!(contexts, ["initialize", "config_sync", "config_sync"]);
}

#[tokio::test(start_paused = true)]
async fn the_specs_that_initialise_may_forbid_the_event_about_it() {
    let observed = Observed::new();
    let rates = r#"{"initialize": 0, "dcs": -1}"#;
    observed.network.serve_specs(specs_with_rates(1, rates));
    observed.statsig.initialize().await.unwrap();
    sleep(secs(100)).await;
    assert_eq!(observed.diagnostics().await, []);
}

#[tokio::test(start_paused = true)]
async fn a_failed_or_late_initialisation_is_diagnosed_too() {
    let observed = Observed::new();
    observed
        .network
        .always(Endpoint::Specs, Answer::status(500));
    observed.statsig.initialize().await.unwrap_err();
    let (_, markers) = observed.diagnostics().await.remove(0);
    let end = markers.last().unwrap();
    assert_eq!(
        (&end["success"], &end["configSpecReady"], &end["source"]),
        (&json!(true), &json!(false), &json!("NoValues"))
    );
    assert_eq!(markers[2]["statusCode"], 500);
    assert_eq!(markers[2]["error"]["code"], "500");

    let late = Observed::with(Listener::default(), |options| options.init_timeout(secs(1)));
    late.network.always(Endpoint::Specs, Answer::hang());
    late.statsig.initialize().await.unwrap_err();
    let (_, markers) = late.diagnostics().await.remove(0);
    assert_eq!(markers.last().unwrap()["success"], false);
}

#[tokio::test(start_paused = true)]
async fn diagnostics_can_be_switched_off() {
    let observed = Observed::with(Listener::default(), |options| {
        options.disable_diagnostics(true)
    });
    observed.statsig.initialize().await.unwrap();
    assert_eq!(observed.diagnostics().await, []);
}

#[tokio::test(start_paused = true)]
async fn observers_hear_of_each_error_and_the_key_is_masked() {
    let observed = Observed::new();
    observed
        .network
        .always(Endpoint::Specs, Answer::status(503));
    observed.statsig.initialize().await.unwrap_err();
    sleep(secs(120)).await;
    let errors = observed.errors();
    assert!(errors[0].starts_with("NetworkClient {\"RetriesExhausted\":["));
    assert!(errors[0].contains(",503,1,"), "{errors:?}");
    assert!(errors[1].starts_with("Statsig {\"InitializationError\":"));
    assert!(errors.len() > 2 && errors.iter().all(|error| !error.contains(KEY)));
    let counted = observed.health.of("sdk_exceptions_count");
    assert_eq!(counted.len(), errors.len());
}

#[tokio::test(start_paused = true)]
async fn observers_hear_of_lost_events_each_time_and_at_the_end() {
    let observed = Observed::new();
    observed.statsig.initialize().await.unwrap();
    observed
        .network
        .always(Endpoint::Events, Answer::status(403));
    observed.log(BATCH);
    sleep(secs(11)).await;
    observed.log(BATCH);
    let _ = observed.statsig.shutdown().await;
    settle().await;
    let lost = r#"statsig::log_event_failed {"LogEventError":"Log event failed"}"#;
    let errors = observed.errors();
    assert_eq!(errors.iter().filter(|error| *error == lost).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn observers_hear_of_the_health_of_the_client() {
    let observed = Observed::new();
    observed.statsig.initialize().await.unwrap();
    settle().await;
    assert_eq!(observed.health.heard.lock().unwrap()[0].kind, "init");
    let initialization = observed.health.of("initialization").remove(0);
    assert_eq!(initialization.kind, "dist");
    assert_eq!(initialization.tags["init_success"], "true");
    assert_eq!(initialization.tags["source"], "Network");
    assert_eq!(initialization.tags["store_populated"], "true");
    assert_eq!(initialization.tags["sdk_key"], &KEY[..13]);
    assert_eq!(
        initialization.tags["init_source_api"],
        "https://api.statsigcdn.com/v2"
    );
    let request = observed.health.of("network_request.latency").remove(0);
    assert_eq!(request.tags["request_path"], "/v2/download_config_specs");
    assert_eq!(request.tags["source_service"], "https://api.statsigcdn.com");
    assert_eq!(request.tags["status_code"], "200");

    observed.log(BATCH);
    observed.network.serve_specs(specs(2));
    sleep(secs(11)).await;
    observed.network.next(Endpoint::Events, Answer::status(403));
    observed.log(BATCH);
    sleep(secs(10)).await;
    let sent = observed.health.of("events_successfully_sent_count");
    // With the diagnostics event, which filled a batch.
    assert_eq!(sent.iter().map(|heard| heard.value).sum::<f64>(), 10.0);
    let dropped = observed.health.of("events_dropped_count");
    assert!(dropped[0].tags["reason"].contains("refused"));
    assert_eq!(observed.health.of("events_pending").len(), 2);
    assert_eq!(observed.health.of("events_request.latency").len(), 2);
    let ages = observed.health.of("config_sync_age");
    assert!(
        ages.iter()
            .all(|age| age.kind == "gauge" && age.value <= 10_000.0)
    );
    let propagation = observed.health.of("config_propagation_diff").remove(0);
    assert_eq!(propagation.tags["response_format"], "JSON");
    assert!(!propagation.tags.contains_key("lcut"));
    assert_eq!(observed.health.of("config_no_update").len(), 1);
    assert_eq!(observed.health.of("config_sync_overall.latency").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn observers_hear_of_id_lists_and_of_the_evaluation_cache() {
    let observed = Observed::with(Listener::default(), |options| options.enable_id_lists(true));
    observed.network.set_id_list_file("list", "+abcdefgh\n");
    observed.network.serve_specs(percentage_gate());
    observed.statsig.initialize().await.unwrap();
    let user = StatsigUser::with_user_id("u");
    for _ in 0..10 {
        let _ = observed.statsig.check_gate(&user, "half");
    }
    sleep(secs(11)).await;
    let synced = observed
        .health
        .of("id_lists_sync_overall.latency")
        .remove(0);
    assert_eq!(synced.tags["id_list_manifest_success"], "true");
    assert_eq!(synced.tags["succeed_single_id_list_number"], "1");
    assert_eq!(synced.tags["failed_single_id_list_number"], "0");
    let manifests = observed.health.of("id_list_manifest_download_success");
    assert_eq!(manifests.len(), 1);
    let hits = observed.health.of("memo_hits_count").remove(0);
    let misses = observed.health.of("memo_misses_count").remove(0);
    assert_eq!((hits.value, misses.value), (8.0, 2.0));
    let rate = observed.health.of("memo_hit_rate").remove(0);
    assert_eq!((rate.kind, rate.value), ("gauge", 0.8));
}

#[tokio::test(start_paused = true)]
async fn costly_tags_are_for_those_who_ask() {
    let listener = Listener {
        wants_lcut: true,
        ..Listener::default()
    };
    let observed = Observed::with(listener, |options| options);
    observed.statsig.initialize().await.unwrap();
    observed.network.serve_specs(specs(2));
    sleep(secs(11)).await;
    let propagation = observed.health.of("config_propagation_diff").remove(0);
    assert_eq!(propagation.tags["lcut"], "2");
    assert!(!propagation.tags.contains_key("prev_lcut"));
}

#[tokio::test(start_paused = true)]
async fn an_observer_that_panics_is_called_again() {
    let listener = Listener {
        panics: true,
        ..Listener::default()
    };
    let observed = Observed::with(listener, |options| options);
    observed.statsig.initialize().await.unwrap();
    sleep(secs(11)).await;
    assert!(observed.health.heard.lock().unwrap().len() > 5);
}

#[tokio::test(start_paused = true)]
async fn subscribers_hear_of_new_specs_before_initialise_ends() {
    let observed = Observed::new();
    let reported = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&reported);
    observed.statsig.subscribe("specs_updated", move |event| {
        let SdkEvent::SpecsUpdated {
            source,
            source_api,
            values,
        } = event
        else {
            panic!("expected new specs");
        };
        let values: Value = serde_json::from_str(values.unwrap().get()).unwrap();
        let heard = format!("{source} {} {}", source_api.unwrap(), values["time"]);
        noted.lock().unwrap().push(heard);
    });
    observed.statsig.initialize().await.unwrap();
    let first = "Network https://api.statsigcdn.com/v2 1";
    assert_eq!(*reported.lock().unwrap(), [first]);
    sleep(secs(11)).await;
    assert_eq!(reported.lock().unwrap().len(), 1);
    observed.network.serve_specs(specs(2));
    sleep(secs(11)).await;
    assert_eq!(reported.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_crash_is_counted_as_an_error() {
    let observed = Observed::new();
    observed.statsig.initialize().await.unwrap();
    crate::testing::crash(&observed.statsig, ActorName::Exposure).await;
    sleep(secs(2)).await;
    assert!(observed.errors()[0].starts_with("Statsig {\"ThreadFailure\":"));
    assert_eq!(observed.health.of("sdk_exceptions_count").len(), 1);
}
