//! A client with a forward proxy in memory, in simulated time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::adapter::GrpcSpecs;
use super::connection::{Messages, Opener, StreamProblem};
use super::progress::{FALLBACK_AFTER, FALLBACK_WITHOUT_SPECS};
use super::proxy::DEFAULT_REOPENING;
use crate::client::Statsig;
use crate::error::StatsigError;
use crate::facts::{Fact, FactSink};
use crate::observability::SdkEvent;
use crate::options::{StatsigOptions, StatsigOptionsBuilder};
use crate::sources::http::HttpSpecs;
use crate::sources::{
    BootstrapSpecs, DataStore, DataStoreError, DataStoreResponse, SpecAdapterConfig,
};
use crate::testing::{Answer, Endpoint, ScriptedTransport, SimulatedClock};
use crate::transport::BoxFuture;
use crate::transport::identity::{Identity, SdkKey};
use crate::user::StatsigUser;

const HEARTBEAT: &str = r#"{"has_updates":false}"#;

/// A proxy that is down until it has specs.
#[derive(Debug, Clone)]
struct Proxy(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    start: Instant,
    /// The time of the specs that it has.
    time: Option<u64>,
    is_up: bool,
    /// What a new stream says first where there are no newer specs.
    first: Option<&'static str>,
    /// While it is down, it asks for this pause.
    pause: Option<Duration>,
    /// When streams were opened or tried to, in milliseconds, and for specs newer than what.
    attempts: Vec<(u64, u64)>,
    stream: Option<mpsc::UnboundedSender<Bytes>>,
}

impl Proxy {
    fn new(time: Option<u64>) -> Self {
        Self(Arc::new(Mutex::new(State {
            start: Instant::now(),
            time,
            is_up: time.is_some(),
            first: Some(HEARTBEAT),
            pause: None,
            attempts: Vec::new(),
            stream: None,
        })))
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }

    /// Gets specs of this time, and is up from now on.
    fn has(&self, time: u64) {
        self.with(|state| {
            state.time = Some(time);
            state.is_up = true;
        });
        self.push(specs(time));
    }

    /// Sends this to the client, if it listens.
    fn push(&self, message: impl Into<Bytes>) {
        self.with(|state| {
            if let Some(stream) = &state.stream {
                let _ = stream.send(message.into());
            }
        });
    }

    fn goes_down(&self) {
        self.with(|state| {
            state.is_up = false;
            state.stream = None;
        });
    }

    fn breaks_the_stream(&self) {
        self.with(|state| state.stream = None);
    }

    fn attempts(&self) -> Vec<(u64, u64)> {
        self.with(|state| state.attempts.clone())
    }

    fn is_listened_to(&self) -> bool {
        self.with(|state| {
            let stream = state.stream.as_ref();
            stream.is_some_and(|stream| !stream.is_closed())
        })
    }
}

impl Opener for Proxy {
    fn open(
        &self,
        since_time: u64,
        _: usize,
    ) -> BoxFuture<'_, Result<Box<dyn Messages>, StreamProblem>> {
        Box::pin(async move {
            self.with(|state| {
                let at = u64::try_from(state.start.elapsed().as_millis()).unwrap();
                state.attempts.push((at, since_time));
                if !state.is_up && state.pause.is_some() {
                    return Err(StreamProblem::Status {
                        code: "ResourceExhausted".to_owned(),
                        message: "too many streams".to_owned(),
                        pause: state.pause,
                    });
                }
                if !state.is_up {
                    return Err(StreamProblem::Unconnected {
                        problem: "refused".to_owned(),
                    });
                }
                let (sender, stream) = mpsc::unbounded_channel();
                let first = match state.time {
                    Some(time) if time > since_time => Some(specs(time)),
                    _ => state.first.map(str::to_owned),
                };
                if let Some(first) = first {
                    let _ = sender.send(first.into());
                }
                state.stream = Some(sender);
                Ok(Box::new(Incoming(stream)) as Box<dyn Messages>)
            })
        })
    }
}

struct Incoming(mpsc::UnboundedReceiver<Bytes>);

impl Messages for Incoming {
    fn next(&mut self) -> BoxFuture<'_, Result<Bytes, StreamProblem>> {
        Box::pin(async { self.0.recv().await.ok_or(StreamProblem::Ended) })
    }
}

/// Specs of this time, in which the gate `g_<time>` is on.
fn specs(time: u64) -> String {
    format!(
        r#"{{"has_updates":true,"time":{time},"feature_gates":{{"g_{time}":{{"type":"feature_gate","salt":"s",
        "defaultValue":true,"enabled":true,"rules":[],"idType":"userID","entity":"feature_gate"}}}},
        "dynamic_configs":{{}},"layer_configs":{{}},"condition_map":{{}},"experiment_to_layer":{{}}}}"#
    )
}

struct Lab {
    network: Arc<ScriptedTransport>,
    statsig: Statsig,
    facts: Arc<Mutex<Vec<Fact>>>,
}

impl Lab {
    fn new(proxy: &Proxy) -> Self {
        Self::with(proxy, Duration::from_secs(3), |options| options)
    }

    /// With this limit for the first message.
    fn with(
        proxy: &Proxy,
        init_timeout: Duration,
        set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
    ) -> Self {
        let network = Arc::new(ScriptedTransport::new());
        let clock = Arc::new(SimulatedClock::new());
        let identity = Identity {
            key: SdkKey::new("secret-0123456789"),
            session_id: String::new(),
            service_name: None,
        };
        let http = HttpSpecs::new(
            network.clone(),
            clock.clone(),
            identity,
            "https://statsig/v2",
        );
        let opener = Box::new(proxy.clone());
        let facts = Arc::new(Mutex::new(Vec::new()));
        let sink = {
            let facts = Arc::clone(&facts);
            FactSink::new(move |fact| facts.lock().unwrap().push(fact))
        };
        let adapter = GrpcSpecs::with_opener(
            opener,
            init_timeout,
            DEFAULT_REOPENING,
            Arc::new(http),
            sink,
        );
        let options = StatsigOptions::builder()
            .transport(network.clone())
            .clock(clock)
            .specs_adapter(Arc::new(adapter));
        let statsig = Statsig::new("secret-0123456789", set(options).build().unwrap());
        Self {
            network,
            statsig,
            facts,
        }
    }

    /// The facts that the stream reported since the last call.
    fn facts(&self) -> Vec<Fact> {
        std::mem::take(&mut *self.facts.lock().unwrap())
    }

    /// The reason for a gate that is in specs of this time only.
    fn reason(&self, time: u64) -> String {
        let user = StatsigUser::with_user_id("u");
        let gate = self.statsig.get_feature_gate(&user, &format!("g_{time}"));
        gate.details.reason.to_string()
    }

    fn downloads(&self) -> usize {
        self.network.requests(Endpoint::Specs).len()
    }
}

/// Lets every task do what it can without time passing to speak of.
async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn changes_are_in_use_as_soon_as_the_proxy_sends_them() {
    let proxy = Proxy::new(Some(1));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    assert_eq!(lab.reason(1), "Adapter(GRPC):Recognized");

    for time in 2..5 {
        proxy.has(time);
        settle().await;
        assert_eq!(lab.reason(time), "Adapter(GRPC):Recognized");
    }
    for _ in 0..120 {
        sleep(Duration::from_secs(30)).await;
        proxy.push(HEARTBEAT);
    }
    assert_eq!(lab.reason(4), "Adapter(GRPC):Recognized");
    assert_eq!((proxy.attempts().len(), lab.downloads()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_broken_stream_is_opened_again_for_what_is_newer_than_the_specs_in_use() {
    let proxy = Proxy::new(Some(7));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    sleep(Duration::from_secs(20)).await;
    proxy.goes_down();
    sleep(Duration::from_secs(27)).await;
    assert_eq!(lab.reason(7), "Adapter(GRPC):Recognized");
    let attempts = proxy.attempts();
    assert_eq!(attempts[0], (0, 0));
    let times: Vec<u64> = attempts.iter().map(|(at, _)| *at).collect();
    let pauses = [3_000, 6_000, 12_000];
    let mut expected_at = 20_000;
    for (number, pause) in pauses.iter().enumerate() {
        let at = times[number + 1];
        let late = at.checked_sub(expected_at + pause).unwrap();
        assert!(late <= pause / 4 + 5, "{attempts:?}");
        expected_at = at;
    }
    assert!(attempts[1..].iter().all(|(_, since)| *since == 7));
    let failed = (1..=4).map(|failures| Fact::StreamFailed { failures });
    let told = std::iter::once(Fact::StreamMessage).chain(failed);
    assert_eq!(lab.facts(), told.collect::<Vec<_>>());

    proxy.has(8);
    sleep(Duration::from_secs(31)).await;
    assert_eq!(lab.reason(8), "Adapter(GRPC):Recognized");
    assert_eq!(lab.facts(), [Fact::StreamMessage, Fact::StreamReopened]);
    // Specs came meanwhile, so the pauses start again.
    let opened = proxy.attempts().len();
    proxy.breaks_the_stream();
    sleep(Duration::from_secs(4)).await;
    assert_eq!(proxy.attempts().len(), opened + 1);
    assert_eq!(lab.downloads(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_broken_for_a_minute_is_backed_by_downloads_until_the_proxy_sends_specs() {
    let proxy = Proxy::new(Some(1));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    lab.network.serve_specs(specs(5));
    proxy.goes_down();
    sleep(FALLBACK_AFTER - Duration::from_secs(1)).await;
    assert_eq!(lab.downloads(), 0);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(lab.reason(5), "Network:Recognized");
    let before = lab.downloads();
    sleep(Duration::from_secs(30)).await;
    assert_eq!(lab.downloads() - before, 10);

    proxy.has(6);
    sleep(Duration::from_secs(76)).await;
    assert_eq!(lab.reason(6), "Adapter(GRPC):Recognized");
    let before = lab.downloads();
    for _ in 0..20 {
        proxy.push(HEARTBEAT);
        sleep(Duration::from_secs(30)).await;
    }
    assert_eq!(lab.downloads(), before);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_lasts_ends_the_downloads_although_there_are_no_newer_specs() {
    let proxy = Proxy::new(Some(1));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    lab.network.serve_specs(specs(1));
    proxy.goes_down();
    sleep(FALLBACK_AFTER * 2).await;
    assert!(lab.downloads() > 0);
    proxy.has(1);
    for _ in 0..5 {
        sleep(Duration::from_secs(30)).await;
        proxy.push(HEARTBEAT);
    }
    let (before, attempts) = (lab.downloads(), proxy.attempts().len());
    for _ in 0..20 {
        sleep(Duration::from_secs(30)).await;
        proxy.push(HEARTBEAT);
    }
    assert_eq!(
        (lab.downloads(), proxy.attempts().len()),
        (before, attempts)
    );
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_has_no_specs_or_says_nothing_leaves_a_start_to_downloads() {
    for says in [Some(HEARTBEAT), None] {
        let proxy = Proxy::new(Some(0));
        proxy.with(|state| state.first = says);
        let lab = Lab::new(&proxy);
        lab.network.serve_specs(specs(5));
        let started = Instant::now();
        let _ = lab.statsig.initialize().await;
        assert_eq!(started.elapsed().as_secs(), 3, "a start waits for specs");
        sleep(FALLBACK_WITHOUT_SPECS - Duration::from_secs(4)).await;
        assert_eq!(lab.downloads(), 0);
        sleep(Duration::from_secs(2)).await;
        assert_eq!(lab.reason(5), "Network:Recognized", "{says:?}");
        assert_eq!(proxy.attempts().len(), 1);

        // With specs in use, a stream that brings heartbeats is as good as it can be. One that is silent is opened again.
        let before = lab.downloads();
        for _ in 0..20 {
            sleep(Duration::from_secs(30)).await;
            if says.is_some() {
                proxy.push(HEARTBEAT);
            }
        }
        if says.is_some() {
            assert_eq!((lab.downloads(), proxy.attempts().len()), (before, 1));
        } else {
            assert!(lab.downloads() > before + 100 && proxy.attempts().len() > 3);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_after_every_heartbeat_is_one_series_of_failures() {
    for time in [0, 7] {
        let proxy = Proxy::new(Some(time));
        let lab = Lab::new(&proxy);
        lab.network.serve_specs(specs(9));
        let _ = lab.statsig.initialize().await;
        lab.facts();
        for _ in 0..600 {
            proxy.breaks_the_stream();
            sleep(Duration::from_secs(1)).await;
        }
        assert!(proxy.attempts().len() < 20, "{:?}", proxy.attempts());
        let series = lab
            .facts()
            .into_iter()
            .filter(|fact| matches!(fact, Fact::StreamFailed { failures: 1 }))
            .count();
        assert_eq!(series, 1);
        assert_eq!(lab.reason(9), "Network:Recognized");
    }
}

#[tokio::test(start_paused = true)]
async fn a_download_that_fails_too_changes_nothing() {
    let proxy = Proxy::new(Some(1));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    lab.network.always(Endpoint::Specs, Answer::status(503));
    proxy.goes_down();
    sleep(Duration::from_secs(3_600)).await;
    assert!(lab.downloads() > 100);
    assert_eq!(lab.reason(1), "Adapter(GRPC):Recognized");
}

#[tokio::test(start_paused = true)]
async fn a_start_without_proxy_says_so_in_time_and_heals_by_itself() {
    let proxy = Proxy::new(None);
    let lab = Lab::new(&proxy);
    let start = Instant::now();
    let error = lab.statsig.initialize().await.unwrap_err();
    assert!(start.elapsed() <= Duration::from_millis(3_010));
    assert!(
        matches!(&error, StatsigError::NoSpecs { reason } if reason.contains("cannot be connected to: refused")),
        "{error}"
    );
    assert_eq!(lab.reason(1), "NoValues");

    proxy.has(1);
    sleep(Duration::from_secs(8)).await;
    assert_eq!(lab.reason(1), "Adapter(GRPC):Recognized");
}

#[tokio::test(start_paused = true)]
async fn a_failed_attempt_does_not_end_the_wait_of_a_start() {
    let proxy = Proxy::new(None);
    let limit = Duration::from_secs(10);
    let lab = Lab::with(&proxy, limit, |options| options.init_timeout(limit));
    let comes_up = async {
        sleep(Duration::from_millis(500)).await;
        proxy.has(1);
    };
    let (started, ()) = tokio::join!(lab.statsig.initialize(), comes_up);
    started.unwrap();
    assert_eq!(proxy.attempts().len(), 2);
    assert_eq!(lab.reason(1), "Adapter(GRPC):Recognized");
}

#[tokio::test(start_paused = true)]
async fn specs_that_are_broken_or_older_are_ignored_and_the_next_good_ones_are_used() {
    let proxy = Proxy::new(Some(5));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    for message in ["{", "", "<html>", &specs(4)] {
        proxy.push(message.to_owned());
        sleep(Duration::from_secs(25)).await;
        assert_eq!(lab.reason(5), "Adapter(GRPC):Recognized", "{message}");
    }
    proxy.has(6);
    settle().await;
    assert_eq!(lab.reason(6), "Adapter(GRPC):Recognized");
    assert_eq!(proxy.attempts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn with_the_network_disabled_no_stream_is_opened() {
    let proxy = Proxy::new(Some(1));
    let limit = Duration::from_secs(3);
    let lab = Lab::with(&proxy, limit, |options| options.disable_network(true));
    let _ = lab.statsig.initialize().await;
    sleep(Duration::from_secs(600)).await;
    assert!(proxy.attempts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_stream_ends_with_its_client() {
    let proxy = Proxy::new(Some(1));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    settle().await;
    assert!(proxy.is_listened_to());
    lab.statsig.shutdown().await.unwrap();
    settle().await;
    assert!(!proxy.is_listened_to());
    sleep(Duration::from_secs(600)).await;
    assert_eq!(proxy.attempts().len(), 1);
    assert_eq!(lab.reason(1), "Adapter(GRPC):Recognized");
}

/// A store in memory that has specs and is not polled.
#[derive(Debug)]
struct Store(String);

impl DataStore for Store {
    fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<DataStoreResponse, DataStoreError>> {
        Box::pin(async { Ok(DataStoreResponse::new(Some(self.0.clone()))) })
    }

    fn set<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: Option<u64>,
    ) -> BoxFuture<'a, Result<(), DataStoreError>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_start_from_a_data_store_the_stream_is_opened_at_once() {
    let proxy = Proxy::new(Some(2));
    let adapter = GrpcSpecs::with_opener(
        Box::new(proxy.clone()),
        Duration::from_secs(3),
        DEFAULT_REOPENING,
        Arc::new(BootstrapSpecs::new("")),
        FactSink::default(),
    );
    let options = StatsigOptions::builder()
        .transport(Arc::new(ScriptedTransport::new()))
        .clock(Arc::new(SimulatedClock::new()))
        .data_store(Arc::new(Store(specs(1))))
        .spec_adapters_config([
            SpecAdapterConfig::DataStore,
            SpecAdapterConfig::adapter(adapter),
        ]);
    let statsig = Statsig::new("secret-0123456789", options.build().unwrap());
    // The stream may be as fast as the caller who waits for the start: the order of the sources is what counts.
    let sources = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&sources);
    statsig.subscribe("specs_updated", move |event| {
        if let SdkEvent::SpecsUpdated { source, .. } = event {
            noted.lock().unwrap().push((*source).to_owned());
        }
    });
    statsig.initialize().await.unwrap();
    settle().await;
    assert_eq!(
        *sources.lock().unwrap(),
        ["Adapter(DataStore)", "Adapter(GRPC)"]
    );
    assert_eq!(statsig.specs_status().lcut, 2);
    assert_eq!(proxy.attempts(), [(0, 1)]);
    // One that is opened later asks for what is newer.
    proxy.breaks_the_stream();
    sleep(Duration::from_secs(4)).await;
    assert_eq!(proxy.attempts().last().map(|(_, since)| *since), Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_asks_for_a_pause_gets_it() {
    let proxy = Proxy::new(Some(1));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    let pause = Duration::from_secs(120);
    proxy.with(|state| state.pause = Some(pause));
    proxy.goes_down();
    sleep(pause * 4).await;
    let attempts = proxy.attempts();
    // The first break of the stream asks for nothing.
    let pauses = attempts
        .windows(2)
        .skip(1)
        .map(|pair| pair[1].0 - pair[0].0);
    let pauses: Vec<u64> = pauses.collect();
    assert!(pauses.len() >= 2, "{attempts:?}");
    assert!(pauses.iter().all(|pause| *pause >= 120_000), "{attempts:?}");
}

#[tokio::test(start_paused = true)]
async fn downloads_that_are_refused_keep_the_pause_while_the_stream_is_broken() {
    let proxy = Proxy::new(Some(1));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    let throttled = Answer::status(429).header("retry-after", "300");
    lab.network.always(Endpoint::Specs, throttled);
    proxy.goes_down();
    while lab.downloads() == 0 {
        sleep(Duration::from_secs(1)).await;
    }
    sleep(Duration::from_secs(290)).await;
    assert_eq!(lab.downloads(), 1);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(lab.downloads(), 2);
}
