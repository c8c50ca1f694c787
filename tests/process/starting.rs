//! The reports of a failed start, and later reports.

use std::time::Duration;

use statsig::testing::{Answer, Endpoint, ScriptedTransport};
use statsig::{Statsig, StatsigError};
use statsig_tests::specs;
use std::sync::Arc;
use tokio::time::{sleep, timeout};

use super::{KEY, network, options};

#[tokio::test(start_paused = true)]
async fn after_a_failed_start_initialize_says_what_is_now() {
    let network = network();
    network.always(Endpoint::Specs, Answer::status(503));
    let statsig = Statsig::new(KEY, options(&network).build().unwrap());
    let first = statsig.initialize().await.unwrap_err();
    assert!(matches!(first, StatsigError::NoSpecs { .. }), "{first}");
    assert!(!statsig.is_initialized(), "there are no specs");
    let again = statsig.initialize().await.unwrap_err();
    assert!(matches!(again, StatsigError::NoSpecs { .. }), "{again}");

    assert!(!statsig.is_ready());
    network.recover(Endpoint::Specs);
    statsig.ready().await.unwrap();
    assert!(statsig.is_ready());
    let details = statsig.initialize().await.unwrap();
    assert!(details.is_config_spec_ready && details.init_success);
    assert!(statsig.is_initialized());
    let recorded = statsig.get_initialize_details().unwrap();
    assert_eq!(recorded.failure_details, None);
    assert!(recorded.is_config_spec_ready);
    statsig.shutdown().await.unwrap();
    assert!(!statsig.is_initialized(), "nothing runs");
}

#[tokio::test(start_paused = true)]
async fn specs_that_come_after_the_limit_make_the_client_initialised() {
    let network = network();
    let slow = specs::at(1, true).to_string();
    let slow = Answer::json(slow).after(Duration::from_secs(5));
    network.next(Endpoint::Specs, slow);
    let options = options(&network).init_timeout(Duration::from_secs(2));
    let statsig = Statsig::new(
        KEY,
        options
            .specs_request_timeout(Duration::from_secs(20))
            .build()
            .unwrap(),
    );
    let first = statsig.initialize().await.unwrap_err();
    assert!(matches!(first, StatsigError::InitTimeout { .. }), "{first}");
    assert!(!statsig.is_initialized());
    statsig.ready().await.unwrap();
    sleep(Duration::from_millis(1)).await;
    assert!(statsig.is_initialized());
    statsig.initialize().await.unwrap();
    assert_eq!(
        statsig.get_initialize_details().unwrap().failure_details,
        None
    );
    statsig.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn details_are_recorded_though_the_caller_stops_waiting() {
    let network = Arc::new(ScriptedTransport::new());
    let slow = specs::at(1, true).to_string();
    let slow = Answer::json(slow).after(Duration::from_secs(2));
    network.next(Endpoint::Specs, slow);
    let statsig = Statsig::new(KEY, options(&network).build().unwrap());
    let gave_up = timeout(Duration::from_millis(100), statsig.initialize()).await;
    assert!(gave_up.is_err());
    assert_eq!(statsig.get_initialize_details(), None);
    sleep(Duration::from_secs(3)).await;
    let details = statsig.get_initialize_details().expect("recorded");
    assert_eq!(details.failure_details, None);
    assert!(statsig.is_initialized());
    assert_eq!(details.duration, Duration::from_secs(2));
    statsig.shutdown().await.unwrap();
}
