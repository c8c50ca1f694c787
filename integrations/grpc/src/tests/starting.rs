//! Tests of starts, with and without specs from other sources.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_start_without_proxy_says_so_in_time_and_heals_by_itself() {
    let proxy = Proxy::new(None);
    let lab = Lab::new(&proxy);
    let start = Instant::now();
    let error = lab.statsig.initialize().await.unwrap_err();
    assert!(start.elapsed() <= Duration::from_millis(3_010));
    assert!(
        matches!(&error, StatsigError::NoSpecs { source, .. } if source.to_string().contains("cannot be connected to: refused")),
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
async fn with_the_network_disabled_no_stream_is_opened() {
    let proxy = Proxy::new(Some(1));
    let limit = Duration::from_secs(3);
    let lab = Lab::with(&proxy, limit, |options| options.disable_network(true));
    let _ = lab.statsig.initialize().await;
    sleep(Duration::from_secs(600)).await;
    assert!(proxy.attempts().is_empty());
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
    let streamed = TestProxy {
        proxy: proxy.clone(),
        init_timeout: Duration::from_secs(3),
    };
    let options = StatsigOptions::builder()
        .transport(Arc::new(ScriptedTransport::new()))
        .clock(Arc::new(SimulatedClock::new()))
        .data_store(Arc::new(Store(specs(1))))
        .spec_adapters_config([
            SpecAdapterConfig::DataStore,
            SpecAdapterConfig::made_by(streamed),
        ]);
    let statsig = Statsig::new("secret-0123456789", options.build().unwrap());
    // The stream may be faster than the caller who waits for the start. The order of the sources
    // decides.
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
    // A stream that opens later requests newer specs.
    proxy.breaks_the_stream();
    sleep(Duration::from_secs(4)).await;
    assert_eq!(proxy.attempts().last().map(|(_, since)| *since), Some(2));
}
