//! Several sources in order.

use std::sync::Arc;

use statsig::sources::{
    BackgroundSync, BootstrapSpecs, ChangeSignal, DataStore, FetchError, FileSpecs,
    SpecAdapterConfig, SpecsAdapter, SpecsPayload, SpecsRequest,
};
use statsig::testing::{Answer, Endpoint};
use statsig::transport::BoxFuture;
use statsig::{SpecsSource, StatsigOptions};
use statsig_tests::specs;

use super::stores::MemoryStore;
use super::{Lab, OWN_URL, pass, settle};

fn bootstrap(time: u64) -> (Arc<BootstrapSpecs>, SpecAdapterConfig) {
    let specs = Arc::new(BootstrapSpecs::new(specs::at(time, true).to_string()));
    (specs.clone(), SpecAdapterConfig::Adapter(specs))
}

#[tokio::test(start_paused = true)]
async fn the_first_source_that_has_specs_starts_and_the_others_are_not_asked() {
    let (_, in_memory) = bootstrap(1);
    let lab = Lab::new(|options| {
        options.spec_adapters_config([
            SpecAdapterConfig::adapter(FileSpecs::new("/no/such/file")),
            in_memory,
            SpecAdapterConfig::network_http(),
        ])
    });
    let details = lab.statsig.initialize().await.unwrap();
    assert_eq!(details.source, SpecsSource::Bootstrap);
    assert_eq!(lab.check(), (true, "Bootstrap:Recognized".to_owned()));
    assert!(lab.requests().is_empty());

    // The first source that keeps specs fresh does so.
    lab.network.serve_specs(specs::at(2, false).to_string());
    pass(15.0).await;
    assert_eq!(lab.requests(), [10]);
    assert_eq!(lab.check(), (false, "Network:Recognized".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_source_with_news_is_heard_wherever_it_stands() {
    let (specs_in_memory, in_memory) = bootstrap(1);
    let lab = Lab::new(|options| {
        options.spec_adapters_config([SpecAdapterConfig::network_http(), in_memory])
    });
    lab.network.serve_specs(specs::at(5, false).to_string());
    lab.statsig.initialize().await.unwrap();
    assert_eq!(lab.check(), (false, "Network:Recognized".to_owned()));

    // Older than the specs in use.
    specs_in_memory.set_data(specs::at(4, true).to_string());
    settle().await;
    assert_eq!(lab.check(), (false, "Network:Recognized".to_owned()));
    specs_in_memory.set_data(specs::at(6, true).to_string());
    settle().await;
    assert_eq!(lab.check(), (true, "Bootstrap:Recognized".to_owned()));
    assert_eq!(lab.requests(), [0]);
}

#[tokio::test(start_paused = true)]
async fn each_network_source_has_its_own_url_and_the_next_is_asked_when_it_fails() {
    let lab = Lab::new(|options| {
        options.spec_adapters_config([
            SpecAdapterConfig::network_http_at(OWN_URL),
            SpecAdapterConfig::network_http_at("null"),
        ])
    });
    lab.network.next(Endpoint::Specs, Answer::status(502));
    lab.network.serve_specs(specs::at(1, true).to_string());
    let details = lab.statsig.initialize().await.unwrap();
    assert_eq!(
        details.spec_source_api.as_deref(),
        Some("https://api.statsigcdn.com/v2")
    );
    pass(15.0).await;
    let is_own: Vec<bool> = lab
        .urls()
        .iter()
        .map(|url| url.starts_with(OWN_URL))
        .collect();
    assert_eq!(
        is_own,
        [true, false, true],
        "the first keeps the specs fresh"
    );
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_every_reason_is_reported() {
    let lab = Lab::new(|options| {
        options
            .data_store(Arc::new(MemoryStore::default()))
            .spec_adapters_config([
                SpecAdapterConfig::DataStore,
                SpecAdapterConfig::network_http(),
                SpecAdapterConfig::adapter(FileSpecs::new("/no/such/file")),
            ])
    });
    lab.network.next(Endpoint::Specs, Answer::status(502));
    let error = lab.statsig.initialize().await.unwrap_err().to_string();
    for part in [
        "in the data store, found none",
        "found 502",
        "/no/such/file",
    ] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(lab.check(), (false, "NoValues".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_says_nothing_is_new_does_not_end_the_start_with_nothing() {
    let store = Arc::new(MemoryStore::holding(r#"{"has_updates":false}"#));
    let lab = Lab::new(|options| options.data_store(store));
    lab.network.serve_specs(specs::at(1, true).to_string());
    lab.statsig.initialize().await.unwrap();
    assert_eq!(lab.check(), (true, "Network:Recognized".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn one_adapter_alone_replaces_all_other_sources() {
    let store = Arc::new(MemoryStore::holding(specs::at(1, true)));
    let (specs_in_memory, _) = bootstrap(2);
    let lab = Lab::new(|options| {
        options
            .data_store(store.clone())
            .spec_adapters_config([SpecAdapterConfig::network_http()])
            .specs_adapter(specs_in_memory)
    });
    lab.statsig.initialize().await.unwrap();
    pass(60.0).await;
    assert_eq!((store.reads(), lab.requests()), (0, vec![]));
    assert_eq!(lab.check(), (true, "Bootstrap:Recognized".to_owned()));
}

/// A source that pushes specs. Counts the requests to it.
#[derive(Debug, Default)]
struct Pushed {
    signal: std::sync::OnceLock<ChangeSignal>,
    fetches: std::sync::atomic::AtomicU64,
}

impl SpecsAdapter for Pushed {
    fn source(&self) -> SpecsSource {
        SpecsSource::Adapter("GRPC".into())
    }

    fn fetch(&self, _: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>> {
        let time = 1 + self
            .fetches
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Box::pin(async move { Ok(SpecsPayload::new(specs::at(time, true).to_string())) })
    }

    fn background_sync(&self) -> BackgroundSync {
        BackgroundSync::Pushed
    }

    fn on_start(&self, signal: ChangeSignal) {
        self.signal.set(signal).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_pushes_is_not_polled_and_nothing_after_it_is() {
    let pushed = Arc::new(Pushed::default());
    let lab = Lab::new(|options| {
        options.spec_adapters_config([
            SpecAdapterConfig::Adapter(pushed.clone()),
            SpecAdapterConfig::network_http(),
        ])
    });
    lab.statsig.initialize().await.unwrap();
    pass(60.0).await;
    assert_eq!((lab.lcut(), lab.requests()), (1, vec![]));
    assert!(pushed.signal.get().unwrap().notify());
    settle().await;
    assert_eq!(lab.lcut(), 2);
    assert_eq!(lab.check().1, "Adapter(GRPC):Recognized");
}

#[test]
fn what_cannot_work_is_refused_when_options_are_built() {
    let none = StatsigOptions::builder().spec_adapters_config([]);
    let no_store = StatsigOptions::builder().spec_adapters_config([SpecAdapterConfig::DataStore]);
    for options in [none, no_store.clone()] {
        assert_eq!(options.build().unwrap_err().option, "spec_adapters_config");
    }
    let store: Arc<dyn DataStore> = Arc::new(MemoryStore::default());
    no_store.data_store(store).build().unwrap();
}
