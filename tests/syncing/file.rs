//! Specs in a file: the client watches it, or downloads into it.

use std::sync::Arc;

use statsig::StatsigError;
use statsig::sources::{FileSpecs, SpecAdapterConfig};
use statsig::testing::{Answer, Endpoint};
use statsig_tests::specs;

use super::{KEY, Lab, OWN_URL, pass};

#[tokio::test(start_paused = true)]
async fn a_change_of_the_file_is_seen_within_seconds() {
    let directory = tempfile::tempdir().unwrap();
    let file = FileSpecs::in_directory(directory.path(), KEY);
    std::fs::write(file.path(), specs::at(1, true).to_string()).unwrap();
    let path = file.path().to_owned();
    let lab = Lab::new(|options| options.specs_adapter(Arc::new(file)));
    lab.statsig.initialize().await.unwrap();
    assert_eq!(
        lab.check(),
        (true, "Adapter(FileBased):Recognized".to_owned())
    );

    pass(5.0).await;
    // The size differs, so the test does not depend on the file system's resolution of times.
    std::fs::write(&path, specs::at(22, false).to_string()).unwrap();
    pass(2.5).await;
    assert_eq!((lab.check().0, lab.lcut()), (false, 22));

    // Broken and missing files do no harm, and the client uses the next good one.
    std::fs::write(&path, "{").unwrap();
    pass(10.0).await;
    assert_eq!(lab.lcut(), 22);
    std::fs::remove_file(&path).unwrap();
    pass(10.0).await;
    assert_eq!(lab.lcut(), 22);
    std::fs::write(&path, specs::at(333, true).to_string()).unwrap();
    pass(2.5).await;
    assert_eq!((lab.check().0, lab.lcut()), (true, 333));
}

#[tokio::test(start_paused = true)]
async fn in_front_of_the_network_it_starts_and_the_network_keeps_fresh() {
    let directory = tempfile::tempdir().unwrap();
    let file = FileSpecs::in_directory(directory.path(), KEY);
    std::fs::write(file.path(), specs::at(1, true).to_string()).unwrap();
    let lab = Lab::new(|options| {
        options.spec_adapters_config([
            SpecAdapterConfig::adapter(file),
            SpecAdapterConfig::network_http(),
        ])
    });
    lab.network.serve_specs(specs::at(2, false).to_string());
    lab.statsig.initialize().await.unwrap();
    assert_eq!((lab.lcut(), lab.requests()), (1, vec![]));
    pass(15.0).await;
    assert_eq!((lab.lcut(), lab.requests()), (2, vec![10]));
}

#[tokio::test(start_paused = true)]
async fn fetching_into_a_file_asks_for_news_only_and_writes_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let below = directory.path().join("not/there/yet");
    let lab = Lab::new(|options| options);
    lab.network
        .serve_specs(specs::with_checksum(1, true, "a+b").to_string());
    assert!(lab.statsig.fetch_and_write_to_file(&below).await.unwrap());
    let path = FileSpecs::in_directory(&below, KEY).path().to_owned();
    let written = std::fs::read_to_string(&path).unwrap();
    assert_eq!(written, specs::with_checksum(1, true, "a+b").to_string());

    // The second request contains the time and checksum of the file.
    assert!(!lab.statsig.fetch_and_write_to_file(&below).await.unwrap());
    assert!(
        lab.urls()[1].ends_with(".json?sinceTime=1&checksum=a%2Bb"),
        "{:?}",
        lab.urls()
    );

    for bad in [
        Answer::status(500),
        Answer::json("nonsense"),
        Answer::refuse_connection(),
        Answer::status(204),
    ] {
        lab.network.next(Endpoint::Specs, bad);
        let error = lab
            .statsig
            .fetch_and_write_to_file(&below)
            .await
            .unwrap_err();
        assert!(matches!(error, StatsigError::SyncFailed { .. }), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), written);
    }

    lab.network.serve_specs(specs::at(2, false).to_string());
    assert!(lab.statsig.fetch_and_write_to_file(&below).await.unwrap());
    assert_ne!(std::fs::read_to_string(&path).unwrap(), written);
    assert_eq!(std::fs::read_dir(&below).unwrap().count(), 1);
    assert_eq!(lab.lcut(), 0, "the client itself was not touched");
}

#[tokio::test(start_paused = true)]
async fn fetching_into_a_file_heeds_the_options() {
    let directory = tempfile::tempdir().unwrap();
    let lab = Lab::new(|options| options.disable_network(true));
    let error = lab.statsig.fetch_and_write_to_file(directory.path()).await;
    assert!(error.unwrap_err().to_string().contains("disabled"));
    assert!(lab.requests().is_empty());

    let lab = Lab::new(|options| options.specs_url(OWN_URL).fallback_to_statsig_api(true));
    lab.network.next(Endpoint::Specs, Answer::status(500));
    lab.network.serve_specs(specs::at(1, true).to_string());
    assert!(
        lab.statsig
            .fetch_and_write_to_file(directory.path())
            .await
            .unwrap()
    );
    assert!(lab.urls()[1].starts_with("https://api.statsigcdn.com/"));
}

#[tokio::test(start_paused = true)]
async fn the_file_is_left_alone_after_a_shutdown() {
    let directory = tempfile::tempdir().unwrap();
    let file = FileSpecs::in_directory(directory.path(), KEY);
    std::fs::write(file.path(), specs::at(1, true).to_string()).unwrap();
    let lab = Lab::new(|options| options.specs_adapter(Arc::new(file)));
    lab.statsig.initialize().await.unwrap();
    let tasks = || {
        let runtime = tokio::runtime::Handle::current();
        runtime.metrics().num_alive_tasks()
    };
    assert!(tasks() > 0);
    lab.statsig.shutdown().await.unwrap();
    pass(2.0).await;
    assert_eq!(tasks(), 0);
}
