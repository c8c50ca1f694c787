//! The client sends fewer requests to a service that refuses them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::json;
use statsig::SpecsSource;
use statsig::sources::{ChangeSignal, FetchError, SpecsAdapter, SpecsPayload, SpecsRequest};
use statsig::testing::{Answer, Endpoint};
use statsig::transport::BoxFuture;
use statsig_tests::specs;

use super::{Lab, pass, settle};

const TEN_MINUTES: f64 = 600.0;

async fn started() -> Lab {
    let lab = Lab::new(|options| options);
    lab.network.serve_specs(specs::at(1, true).to_string());
    lab.statsig.initialize().await.unwrap();
    lab
}

fn after(lab: &Lab, seconds: u64) -> Vec<u64> {
    lab.requests()
        .into_iter()
        .filter(|at| *at > seconds)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_the_service_asks_for_is_kept() {
    let lab = started().await;
    let throttled = Answer::status(429).header("retry-after", "300");
    lab.network.always(Endpoint::Specs, throttled);
    pass(TEN_MINUTES).await;
    // The start, the refused request, and a request after the pause.
    assert_eq!(lab.requests(), [0, 10, 310]);
    // A refresh on request gets an answer, but does not bring the next sync forward.
    assert!(lab.statsig.refresh().await.is_err());
    pass(200.0).await;
    assert_eq!(lab.requests(), [0, 10, 310, 600]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_a_day_is_kept_for_five_minutes() {
    let lab = started().await;
    let throttled = Answer::status(503).header("retry-after", "86400");
    lab.network.next(Endpoint::Specs, throttled);
    lab.network.serve_specs(specs::at(2, false).to_string());
    pass(305.0).await;
    assert_eq!(lab.requests(), [0, 10]);
    pass(10.0).await;
    assert!(!lab.check().0, "the next sync brings what is new");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_asks_for_a_second_at_each_request_is_asked_at_every_interval() {
    let lab = Lab::new(|options| options.enable_id_lists(true));
    lab.network.serve_specs(specs::at(1, true).to_string());
    let _ = lab.statsig.initialize().await;
    let away = || Answer::status(503).header("retry-after", "1");
    lab.network.always(Endpoint::Specs, away());
    lab.network.always(Endpoint::IdLists, away());
    pass(TEN_MINUTES).await;
    let asked = lab.requests().len();
    assert!((60..=62).contains(&asked), "{asked}");
    // Their interval is one minute.
    let asked = lab.network.requests(Endpoint::IdLists).len();
    assert!((10..=12).contains(&asked), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn refused_syncs_are_not_retried_and_become_rarer() {
    for status in [401, 403, 429] {
        let lab = started().await;
        lab.network.always(Endpoint::Specs, Answer::status(status));
        pass(3_600.0).await;
        let requests = lab.requests();
        assert!(requests.len() < 25, "{status}: {requests:?}");
        // There is a request every few minutes.
        let last = requests.last().unwrap();
        assert!(*last > 3_600 - 376, "{status}: {requests:?}");

        // When the service works again, the usual interval applies.
        lab.network
            .always(Endpoint::Specs, Answer::json(r#"{"has_updates":false}"#));
        pass(376.0).await;
        let works_since = *lab.requests().last().unwrap();
        pass(30.0).await;
        assert!(after(&lab, works_since).len() >= 3, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_asks_often_does_not_make_the_pauses_longer() {
    let lab = started().await;
    lab.network.always(Endpoint::Specs, Answer::status(429));
    for _ in 0..50 {
        assert!(lab.statsig.refresh().await.is_err());
    }
    lab.network.serve_specs(specs::at(2, false).to_string());
    lab.network.always(
        Endpoint::Specs,
        Answer::json(specs::at(2, false).to_string()),
    );
    pass(13.0).await;
    assert!(!lab.check().0);
}

#[tokio::test(start_paused = true)]
async fn a_failing_service_is_still_asked_at_every_interval() {
    let lab = started().await;
    lab.network.always(Endpoint::Specs, Answer::status(500));
    pass(60.0).await;
    assert!(lab.requests().len() > 4 * 4, "{:?}", lab.requests());
}

#[tokio::test(start_paused = true)]
async fn id_lists_keep_the_pause_too() {
    let lab = Lab::new(|options| options.enable_id_lists(true));
    lab.network.serve_specs(specs::at(1, true).to_string());
    let throttled = || Answer::status(429).header("retry-after", "300");
    lab.network.always(Endpoint::IdLists, throttled());
    let _ = lab.statsig.initialize().await;
    pass(TEN_MINUTES - 10.0).await;
    let manifests = |lab: &Lab| lab.network.requests(Endpoint::IdLists).len();
    assert_eq!(manifests(&lab), 2);

    // Without a requested pause, the intervals grow: 60, 120, 240, 300 seconds, plus up to a
    // quarter.
    let lab = Lab::new(|options| options.enable_id_lists(true));
    lab.network.serve_specs(specs::at(1, true).to_string());
    lab.network.always(Endpoint::IdLists, Answer::status(401));
    let _ = lab.statsig.initialize().await;
    pass(3_600.0).await;
    let asked = manifests(&lab);
    assert!((10..=16).contains(&asked), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_throttled_ends_the_round_and_a_forbidden_one_does_not() {
    for (status, files) in [(429, 1), (403, 3)] {
        let lab = Lab::new(|options| options.enable_id_lists(true));
        lab.network.serve_specs(specs::at(1, true).to_string());
        let entry = |name: &str| json!({"name": name, "url": "https://api.statsigcdn.com/v1/download_id_list_file/x", "size": 10, "creationTime": 1});
        let manifest = json!({"a": entry("a"), "b": entry("b"), "c": entry("c")});
        lab.network
            .always(Endpoint::IdLists, Answer::json(manifest.to_string()));
        lab.network
            .always(Endpoint::IdListFile, Answer::status(status));
        let _ = lab.statsig.initialize().await;
        pass(1.0).await;
        let asked = lab.network.requests(Endpoint::IdListFile).len();
        assert_eq!(asked, files, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fallback_is_asked_although_the_first_source_refuses() {
    let lab = Lab::new(|options| {
        options
            .specs_url(super::OWN_URL)
            .fallback_to_statsig_api(true)
    });
    lab.network.next(Endpoint::Specs, Answer::status(429));
    lab.network.serve_specs(specs::at(1, true).to_string());
    lab.statsig.initialize().await.unwrap();
    assert_eq!(lab.check(), (true, "Network:Recognized".to_owned()));
}

/// A polled source that also signals new specs.
#[derive(Debug, Default)]
struct Telling {
    signal: Mutex<Option<ChangeSignal>>,
    is_throttled: AtomicBool,
    asked: AtomicUsize,
}

impl SpecsAdapter for Telling {
    fn source(&self) -> SpecsSource {
        SpecsSource::Adapter("Telling".into())
    }

    fn fetch(&self, _: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = if self.is_throttled.load(Ordering::Relaxed) {
            Err(FetchError::status(429))
        } else {
            let specs = specs::at(asked as u64 + 1, true).to_string();
            Ok(SpecsPayload::new(specs))
        };
        Box::pin(async move { answer })
    }

    fn on_start(&self, signal: ChangeSignal) {
        *self.signal.lock().unwrap() = Some(signal);
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_refused_is_asked_when_it_has_something_new() {
    let source = Arc::new(Telling::default());
    let lab = Lab::new(|options| options.specs_adapter(source.clone()));
    lab.statsig.initialize().await.unwrap();
    source.is_throttled.store(true, Ordering::Relaxed);
    pass(75.0).await;
    let asked = source.asked.load(Ordering::Relaxed);
    assert_eq!(asked, 4, "the start, and after 10, 20 and 40 seconds");
    source.is_throttled.store(false, Ordering::Relaxed);
    source.signal.lock().unwrap().as_ref().unwrap().notify();
    settle().await;
    assert_eq!(lab.lcut(), 5);
}
