//! Specs with an impossible time, and the specs that follow them.

use std::sync::Arc;
use std::time::Duration;

use statsig::testing::{Answer, Endpoint, ScriptedTransport};
use statsig_tests::specs;

use super::stores::MemoryStore;
use super::{Lab, pass, settle};

const GOOD: u64 = 1_767_000_000_000;
const FAR_FUTURES: [u64; 3] = [9_000_000_000_000_000, u64::MAX, 1_767_225_600_000 * 2];

#[tokio::test(start_paused = true)]
async fn specs_from_the_future_are_used_and_give_way_to_the_next_ones() {
    for future in FAR_FUTURES {
        let lab = Lab::new(|options| options);
        lab.network.serve_specs(specs::at(GOOD, false).to_string());
        lab.network.next(
            Endpoint::Specs,
            Answer::json(specs::at(future, true).to_string()),
        );
        lab.statsig.initialize().await.unwrap();
        assert_eq!(lab.check(), (true, "Network:Recognized".to_owned()));
        // The request must not contain a time that makes the service answer without specs.
        pass(11.0).await;
        let urls = lab.urls();
        assert!(!urls[1].contains("sinceTime"), "{urls:?}");
        assert_eq!(lab.check(), (false, "Network:Recognized".to_owned()));
        assert_eq!(lab.lcut(), GOOD);
    }
}

#[tokio::test(start_paused = true)]
async fn the_network_beats_specs_from_the_future_that_a_data_store_kept() {
    for future in FAR_FUTURES {
        let store = Arc::new(MemoryStore::holding(specs::at(future, true)));
        let lab = Lab::new(|options| options.data_store(store.clone()));
        lab.network.serve_specs(specs::at(GOOD, false).to_string());
        lab.statsig.initialize().await.unwrap();
        lab.statsig.refresh().await.unwrap();
        assert_eq!(lab.check(), (false, "Network:Recognized".to_owned()));
        // The store then holds the good specs, so that a client that starts later gets these.
        settle().await;
        let kept = String::from_utf8(store.specs().unwrap().to_vec()).unwrap();
        assert!(kept.contains(&GOOD.to_string()), "{kept}");
    }
}

#[tokio::test(start_paused = true)]
async fn specs_of_tomorrow_morning_are_ordered_as_others_are() {
    let soon = statsig::testing::SimulatedClock::START_MS + 23 * 60 * 60 * 1_000;
    let lab = Lab::new(|options| options);
    lab.network.serve_specs(specs::at(soon, true).to_string());
    lab.statsig.initialize().await.unwrap();
    pass(11.0).await;
    assert!(lab.urls()[1].contains(&format!("sinceTime={soon}")));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_brings_older_specs_says_so() {
    let lab = Lab::new(|options| options.specs_sync_interval(Duration::from_secs(3_600)));
    lab.network.serve_specs(specs::at(7, true).to_string());
    lab.statsig.initialize().await.unwrap();
    let older = || Answer::json(specs::at(6, false).to_string());
    lab.network.always(Endpoint::Specs, older());
    // The same bytes again do not count as a new case.
    for _ in 0..3 {
        let error = lab.statsig.refresh().await.unwrap_err().to_string();
        assert!(
            error.contains("time 7 or later") && error.contains("time 6"),
            "{error}"
        );
        assert_eq!(lab.check(), (true, "Network:Recognized".to_owned()));
    }
    lab.network.always(
        Endpoint::Specs,
        Answer::json(specs::at(8, false).to_string()),
    );
    lab.statsig.refresh().await.unwrap();
    assert_eq!(lab.check(), (false, "Network:Recognized".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_joins_a_sync_is_reported_older_specs_too() {
    let network = Arc::new(ScriptedTransport::new());
    let lab = Lab::on(network, |options| options);
    lab.network.serve_specs(specs::at(7, true).to_string());
    lab.statsig.initialize().await.unwrap();
    let older = Answer::json(specs::at(6, false).to_string());
    lab.network
        .always(Endpoint::Specs, older.after(Duration::from_secs(2)));
    pass(11.0).await; // the background asks, and waits for the answer
    assert!(lab.statsig.refresh().await.is_err());
    assert_eq!(lab.requests(), [0, 10]);
}
