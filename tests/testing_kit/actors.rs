//! Clients whose actors are paused or crash.

use std::time::Duration;

use statsig::testing::{self, Actor, Specs, TestClient};
use statsig::{Event, StatsigUser};
use tokio::time::{sleep, timeout};
use tracing::Level;

const ALL: [Actor; 3] = [Actor::SpecSync, Actor::Evaluation, Actor::Exposure];

fn specs(share: u8) -> Specs {
    Specs::new().gate("new_page", |g| g.everyone().pass(share))
}

fn ann() -> StatsigUser {
    StatsigUser::with_user_id("ann")
}

async fn client() -> TestClient {
    testing::client(specs(100)).await
}

#[tokio::test(start_paused = true)]
async fn reads_go_on_and_nothing_is_lost_while_an_actor_is_paused() {
    for actor in ALL {
        let test = client().await;
        let paused = testing::pause(&test, actor).await;
        assert!(test.check_gate(&ann(), "new_page"), "{actor:?}");
        test.log_event(&ann(), Event::new("clicked"));
        test.network.serve_specs(specs(0));
        sleep(Duration::from_secs(60)).await;
        let is_updated = !test.check_gate(&ann(), "new_page");
        assert_eq!(is_updated, actor == Actor::Exposure, "{actor:?}");

        drop(paused);
        sleep(Duration::from_secs(60)).await;
        assert!(!test.check_gate(&ann(), "new_page"), "{actor:?}");
        let logged = test.logged().await;
        logged.assert_gate_exposed(&ann(), "new_page");
        assert_eq!(logged.named("clicked").of(&ann()).len(), 1, "{actor:?}");
        assert_eq!(test.restarts(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_flush_waits_for_a_paused_sender() {
    let test = client().await;
    let paused = testing::pause(&test, Actor::Exposure).await;
    let waiting = timeout(Duration::from_secs(5), test.flush_events()).await;
    assert!(waiting.is_err());
    drop(paused);
    test.flush_events().await.expect("a flush");
}

#[tokio::test(start_paused = true)]
async fn reads_go_on_and_nothing_is_lost_when_an_actor_crashes() {
    for actor in ALL {
        let log = testing::record_logs();
        let test = client().await;
        test.log_event(&ann(), Event::new("clicked"));
        testing::crash(&test, actor).await;
        // The crash is noted, and the restart is yet to come.
        log.assert_logged(Level::ERROR, "an actor ended and will be started again");
        assert_eq!(test.restarts(), 0, "{actor:?}");
        assert!(test.check_gate(&ann(), "new_page"), "{actor:?}");

        sleep(Duration::from_secs(1)).await;
        assert_eq!(test.restarts(), 1, "{actor:?}");
        test.serve(specs(0)).await;
        assert!(!test.check_gate(&ann(), "new_page"), "{actor:?}");
        let logged = test.logged().await;
        assert_eq!(logged.named("clicked").of(&ann()).len(), 1, "{actor:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_supervisor_reads_go_on_and_calls_fail() {
    let test = client().await;
    testing::crash(&test, Actor::Supervisor).await;
    assert!(test.check_gate(&ann(), "new_page"));
    test.flush_events().await.expect_err("no sender");
    test.refresh().await.expect_err("no downloads");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_a_paused_actor() {
    let test = client().await;
    let _paused = testing::pause(&test, Actor::SpecSync).await;
    let shutdown = timeout(Duration::from_secs(4), test.shutdown()).await;
    shutdown.expect("within the limit").expect("a clean end");
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "ID lists are disabled")]
async fn an_actor_that_does_not_run_cannot_be_paused() {
    let test = client().await;
    let _ = testing::pause(&test, Actor::IdListSync).await;
}
