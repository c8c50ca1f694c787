//! Starts, waits for specs, and restarts.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use statsig::sources::{
    AdapterContext, DataStore, DataStoreError, DataStoreResponse, SpecAdapterConfig, SpecsAdapter,
    SpecsAdapterFactory,
};
use statsig::testing::{Answer, Endpoint, ScriptedTransport, SimulatedClock};
use statsig::transport::BoxFuture;
use statsig::{Event, Statsig, StatsigError, StatsigOptions, StatsigUser};
use statsig_tests::specs;

use super::{KEY, Lab, pass, settle};

fn served(time: u64) -> Lab {
    let lab = Lab::new(|options| options);
    lab.network.serve_specs(specs::at(time, true).to_string());
    lab
}

#[derive(Debug)]
struct Panicking;

impl SpecsAdapterFactory for Panicking {
    fn make(&self, _: AdapterContext) -> Arc<dyn SpecsAdapter> {
        panic!("no adapter");
    }
}

#[tokio::test(start_paused = true)]
async fn a_factory_that_panics_fails_the_start_instead_of_holding_it_up() {
    let lab = Lab::new(|options| options.specs_adapter(SpecAdapterConfig::made_by(Panicking)));
    let started = tokio::time::timeout(Duration::from_secs(60), lab.statsig.initialize()).await;
    let error = started.expect("an answer").unwrap_err();
    assert!(matches!(error, StatsigError::NoSpecs { .. }), "{error}");
    assert!(lab.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn calls_at_the_same_time_share_one_request_and_its_details() {
    let lab = served(1);
    lab.network.next(
        Endpoint::Specs,
        Answer::status(500).after(Duration::from_secs(1)),
    );
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let statsig = lab.statsig.clone();
            tokio::spawn(async move { statsig.initialize_with_details().await.unwrap() })
        })
        .collect();
    let mut all = Vec::new();
    for caller in callers {
        all.push(caller.await.unwrap());
    }
    assert!(all.iter().all(|details| *details == all[0]));
    assert_eq!(lab.requests(), [0]);
    // A later call starts nothing, and reports the current state.
    pass(15.0).await;
    assert_eq!(lab.lcut(), 1);
    let now = lab.statsig.initialize_with_details().await.unwrap();
    assert!(now.is_config_spec_ready && now.failure_details.is_none());
    assert_eq!(lab.requests(), [0, 11]);
}

#[tokio::test(start_paused = true)]
async fn waiting_callers_get_specs_from_the_start_or_from_a_later_sync() {
    let lab = served(1);
    lab.network.next(Endpoint::Specs, Answer::status(500));
    let waiting = tokio::spawn({
        let statsig = lab.statsig.clone();
        async move { statsig.ready().await.map(|()| statsig.specs_status()) }
    });
    settle().await;
    lab.statsig.initialize().await.unwrap_err();
    pass(9.0).await;
    assert!(!waiting.is_finished());
    pass(2.0).await;
    let status = waiting.await.unwrap().unwrap();
    assert!(status.is_ready() && status.lcut == 1);
    lab.statsig.ready().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn waiting_for_specs_ends_with_the_client() {
    let lab = served(1);
    lab.network.always(Endpoint::Specs, Answer::status(500));
    lab.statsig.initialize().await.unwrap_err();
    let waiting = tokio::spawn({
        let statsig = lab.statsig.clone();
        async move { statsig.ready().await }
    });
    settle().await;
    lab.statsig.shutdown().await.unwrap();
    assert_eq!(waiting.await.unwrap(), Err(StatsigError::ShutDown));
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_every_other_set_of_specs_and_the_end_of_the_client() {
    let lab = served(1);
    let mut watch = lab.statsig.watch_specs();
    let seen = tokio::spawn(async move {
        let mut seen = Vec::new();
        while let Some(status) = watch.changed().await {
            seen.push((status.source.to_string(), status.lcut, status.received_at));
        }
        seen
    });
    settle().await;
    lab.network.next(
        Endpoint::Specs,
        Answer::json(specs::at(1, true).to_string()).after(Duration::from_secs(1)),
    );
    lab.statsig.initialize().await.unwrap();
    pass(25.0).await;
    lab.network.serve_specs(specs::at(2, true).to_string());
    pass(10.0).await;
    assert_eq!(lab.statsig.specs_status().lcut, 2);
    lab.statsig.shutdown().await.unwrap();
    drop(lab);
    let seen = seen.await.unwrap();
    let told: Vec<_> = seen
        .iter()
        .map(|(source, lcut, _)| (source.as_str(), *lcut))
        .collect();
    assert_eq!(told, [("Loading", 0), ("Network", 1), ("Network", 2)]);
    let received_at = seen[1].2.unwrap() - SimulatedClock::START_MS;
    assert!((1_000..1_100).contains(&received_at), "{received_at}");
}

#[tokio::test(start_paused = true)]
async fn after_a_shutdown_a_client_can_be_started_again() {
    let lab = served(1);
    lab.statsig.initialize().await.unwrap();
    lab.statsig.shutdown().await.unwrap();
    let user = StatsigUser::with_user_id("u");
    lab.statsig.log_event(&user, Event::new("lost"));
    assert_eq!(lab.check(), (true, "Network:Recognized".to_owned()));
    assert_eq!(lab.statsig.refresh().await, Err(StatsigError::ShutDown));
    pass(60.0).await;
    assert_eq!(lab.requests(), [0]);

    lab.network.serve_specs(specs::at(2, false).to_string());
    let details = lab.statsig.initialize().await.unwrap();
    assert!(details.init_success && details.is_config_spec_ready);
    assert_eq!(lab.check(), (false, "Network:Recognized".to_owned()));
    lab.statsig.log_event(&user, Event::new("kept"));
    pass(10.5).await;
    assert_eq!(lab.requests(), [0, 60, 70]);
    let report = lab.statsig.shutdown().await.unwrap();
    assert_eq!(report.stats.dropped.after_shutdown, 1);
    assert_eq!(lab.events(), ["kept"]);
}

#[tokio::test(start_paused = true)]
async fn started_again_without_service_it_keeps_the_specs_it_has() {
    let lab = served(1);
    lab.statsig.initialize().await.unwrap();
    lab.statsig.shutdown().await.unwrap();
    lab.network.always(Endpoint::Specs, Answer::status(500));
    let details = lab.statsig.initialize_with_details().await.unwrap();
    assert!(details.is_config_spec_ready && details.failure_details.is_some());
    assert_eq!(lab.check(), (true, "Network:Recognized".to_owned()));

    // An answer without news does not remove anything.
    lab.statsig.shutdown().await.unwrap();
    lab.network.recover(Endpoint::Specs);
    let details = lab.statsig.initialize().await.unwrap();
    assert_eq!(details.source.to_string(), "Network");
    assert_eq!(lab.check(), (true, "Network:Recognized".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn shut_down_before_the_start_it_starts_nevertheless() {
    let lab = served(1);
    let error = lab.statsig.shutdown().await.unwrap_err();
    assert_eq!(error, StatsigError::NotInitialized);
    lab.statsig.initialize().await.unwrap();
    assert_eq!(lab.lcut(), 1);
}

#[tokio::test(start_paused = true)]
async fn starting_again_while_a_shutdown_is_under_way_waits_for_its_end() {
    let lab = served(1);
    lab.statsig.initialize().await.unwrap();
    lab.statsig
        .log_event(&StatsigUser::with_user_id("u"), Event::new("slow"));
    lab.network.next(
        Endpoint::Events,
        Answer::response(202, "{}").after(Duration::from_secs(1)),
    );
    let ending = tokio::spawn({
        let statsig = lab.statsig.clone();
        async move { statsig.shutdown().await }
    });
    settle().await;
    lab.statsig.initialize().await.unwrap();
    assert!(ending.is_finished());
    assert_eq!(ending.await.unwrap().unwrap().stats.pending, 0);
    assert_eq!(lab.events(), ["slow"]);
    lab.network.serve_specs(specs::at(2, true).to_string());
    lab.statsig.refresh().await.unwrap();
    assert_eq!(lab.lcut(), 2);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn a_runtime_that_is_gone_is_an_error_and_another_one_heals() {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs::at(1, true).to_string());
    let options = StatsigOptions::builder().transport(network.clone());
    let statsig = Statsig::new(KEY, options.build().unwrap());
    let first = runtime();
    first.block_on(statsig.initialize()).unwrap();
    drop(first);

    let second = runtime();
    let user = StatsigUser::with_user_id("u");
    statsig.log_event(&user, Event::new("in between"));
    for error in [
        second.block_on(statsig.refresh()).unwrap_err(),
        second.block_on(statsig.flush_events()).unwrap_err(),
    ] {
        assert_eq!(error, StatsigError::RuntimeGone);
    }
    network.serve_specs(specs::at(2, false).to_string());
    second.block_on(statsig.initialize()).unwrap();
    assert_eq!(statsig.specs_status().lcut, 2);
    let report = second.block_on(statsig.shutdown()).unwrap();
    assert_eq!(report.stats.pending, 0);
    let arrived = network.events();
    assert!(
        arrived
            .iter()
            .any(|event| event["eventName"] == "in between")
    );
}

#[test]
fn a_client_may_outlive_every_runtime() {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs::at(1, true).to_string());
    let options = StatsigOptions::builder().transport(network);
    let statsig = Statsig::new(KEY, options.build().unwrap());
    let only = runtime();
    only.block_on(statsig.initialize()).unwrap();
    drop(only);
    let user = StatsigUser::with_user_id("u");
    let before = statsig.event_stats().enqueued;
    for n in 0..20_000 {
        statsig.log_event(&user, Event::new(format!("event {n}")));
    }
    let stats = statsig.event_stats();
    assert_eq!(stats.enqueued - before, 20_000);
    assert!(stats.dropped.queue_full > 0 && stats.pending > 0);
    drop(statsig);
}

#[tokio::test(start_paused = true)]
async fn a_client_for_a_forked_process_has_the_specs_and_none_of_the_events() {
    let parent = served(1);
    parent.statsig.initialize().await.unwrap();
    let user = StatsigUser::with_user_id("u");
    parent.statsig.log_event(&user, Event::new("the parent's"));

    let child = parent.statsig.after_fork();
    assert!(child.check_gate(&user, "on"));
    assert_eq!(child.specs_status(), parent.statsig.specs_status());
    assert_eq!(child.event_stats().enqueued, 1);
    assert!(matches!(
        child.refresh().await,
        Err(StatsigError::NotInitialized)
    ));
    child.initialize().await.unwrap();
    let report = child.shutdown().await.unwrap();
    assert_eq!(report.stats.pending, 0);
    assert_eq!(parent.events(), ["statsig::gate_exposure"]);
    parent.statsig.shutdown().await.unwrap();
    assert_eq!(parent.events(), ["statsig::gate_exposure", "the parent's"]);
}

#[test]
fn code_without_a_runtime_can_start_deliver_and_end_and_start_again() {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs::at(1, true).to_string());
    let options = StatsigOptions::builder().transport(network.clone());
    let statsig = Statsig::new(KEY, options.build().unwrap());
    let user = StatsigUser::with_user_id("u");
    for round in 1..3 {
        let details = statsig.initialize_blocking().unwrap();
        assert!(details.is_config_spec_ready);
        // A second call does not start the client again.
        statsig.initialize_blocking().unwrap();
        assert_eq!(network.requests(Endpoint::Specs).len(), round);
        assert!(statsig.check_gate(&user, "on"));
        statsig.log_event(&user, Event::new("bought"));
        assert_eq!(statsig.flush_events_blocking().unwrap().pending, 0);
        statsig.log_event(&user, Event::new("left"));
        assert!(!statsig.shutdown_blocking().unwrap().timed_out);
    }
    let events = network.events();
    let count = |name: &str| {
        let named = events.iter().filter(|event| event["eventName"] == name);
        named.count()
    };
    assert_eq!((count("bought"), count("left")), (2, 2));
}

/// Reports its shutdown, which takes several polls.
#[derive(Debug)]
struct SlowToShutDown(mpsc::Sender<()>);

impl DataStore for SlowToShutDown {
    fn shutdown(&self) -> BoxFuture<'_, Result<(), DataStoreError>> {
        Box::pin(async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            self.0.send(()).unwrap();
            Ok(())
        })
    }

    fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<DataStoreResponse, DataStoreError>> {
        Box::pin(async { Ok(DataStoreResponse::new(None)) })
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

#[test]
fn dropping_a_client_of_code_without_a_runtime_shuts_its_data_store_down() {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs::at(1, true).to_string());
    let (store, shut_down) = mpsc::channel();
    let options = StatsigOptions::builder()
        .transport(network)
        .data_store(Arc::new(SlowToShutDown(store)));
    let statsig = Statsig::new(KEY, options.build().unwrap());
    statsig.initialize_blocking().unwrap();
    drop(statsig);
    // This fails if the store is dropped without a shutdown.
    shut_down.recv().unwrap();
}

#[tokio::test]
async fn blocking_calls_in_async_code_are_errors() {
    let options = StatsigOptions::builder().disable_network(true);
    let statsig = Statsig::new(KEY, options.build().unwrap());
    let error = statsig.initialize_blocking().unwrap_err();
    assert_eq!(error, StatsigError::InsideRuntime);
    statsig.initialize().await.unwrap();
    let error = statsig.initialize_blocking().unwrap_err();
    assert_eq!(error, StatsigError::InsideRuntime);
    let error = statsig.flush_events_blocking().unwrap_err();
    assert_eq!(error, StatsigError::InsideRuntime);
    let error = statsig.shutdown_blocking().unwrap_err();
    assert_eq!(error, StatsigError::InsideRuntime);

    // A thread that may block is refused, too, but it has an alternative.
    let (on_thread, runtime) = (statsig.clone(), tokio::runtime::Handle::current());
    let waiting = tokio::task::spawn_blocking(move || {
        let error = on_thread.flush_events_blocking().unwrap_err();
        assert_eq!(error, StatsigError::InsideRuntime);
        runtime.block_on(on_thread.flush_events()).unwrap();
    });
    waiting.await.unwrap();
}
