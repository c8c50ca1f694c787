use super::*;
use crate::error::StatsigError;
use crate::transport::{BoxFuture, Request, Response, Transport, TransportError};

#[tokio::test(start_paused = true)]
async fn the_crash_of_any_actor_loses_nothing_and_it_comes_back() {
    for whom in [
        ActorName::SpecSync,
        ActorName::Evaluation,
        ActorName::Exposure,
    ] {
        let lab = Lab::start().await;
        lab.record(5);
        lab.crash(whom);
        lab.record(5);
        lab.settle().await;
        lab.record(20);
        lab.stats();
        sleep(secs(1)).await;
        assert_eq!(lab.handle.restarts(), 1, "{whom:?}");

        lab.network.serve_specs(specs(2));
        sleep(secs(12)).await;
        assert_eq!(lab.specs_time(), 2, "{whom:?}");
        lab.handle.flush().await.unwrap();
        assert_eq!(lab.network.events().len(), 30, "{whom:?}");
        assert_eq!(lab.stats().delivered, 30, "{whom:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_on_its_way_survives_the_crash_of_the_exposure_actor() {
    let lab = Lab::start().await;
    let slow = Answer::response(202, "").after(secs(2));
    lab.network.next(Endpoint::Events, slow);
    lab.record(BATCH);
    lab.settle().await;
    lab.crash(ActorName::Exposure);
    sleep(secs(1)).await;
    assert_eq!(lab.handle.restarts(), 1);
    assert_eq!(lab.stats().pending, BATCH as u64);
    sleep(secs(2)).await;
    assert_eq!(lab.stats().delivered, BATCH as u64);
    assert_eq!(lab.network.batches().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn waiting_batches_survive_the_crash_of_the_exposure_actor() {
    let lab = Lab::start().await;
    lab.network.next(Endpoint::Events, Answer::status(500));
    lab.record(BATCH);
    lab.settle().await;
    lab.crash(ActorName::Exposure);
    sleep(secs(5)).await;
    assert_eq!(lab.stats().delivered, BATCH as u64);
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_keeps_crashing_is_started_less_and_less_often() {
    let lab = Lab::start().await;
    for _ in 0..120 {
        lab.crash(ActorName::SpecSync);
        sleep(Duration::from_millis(500)).await;
    }
    let restarts = lab.handle.restarts();
    assert!(
        (5..=12).contains(&restarts),
        "{restarts} restarts in a minute"
    );
    sleep(secs(120)).await;
    let restarts = lab.handle.restarts();
    lab.crash(ActorName::SpecSync);
    sleep(secs(1)).await;
    assert_eq!(lab.handle.restarts(), restarts + 1);
    lab.network.serve_specs(specs(2));
    sleep(secs(12)).await;
    assert_eq!(lab.specs_time(), 2);
}

#[tokio::test(start_paused = true)]
async fn specs_that_arrive_while_the_evaluation_actor_is_down_are_applied_later() {
    let lab = Lab::start().await;
    sleep(Duration::from_millis(9_990)).await;
    lab.network.serve_specs(specs(2));
    lab.crash(ActorName::Evaluation);
    sleep(Duration::from_millis(30)).await;
    assert_eq!(lab.network.requests(Endpoint::Specs).len(), 2);
    assert_eq!((lab.specs_time(), lab.handle.restarts()), (1, 0));
    sleep(Duration::from_millis(200)).await;
    assert_eq!((lab.specs_time(), lab.handle.restarts()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn an_evaluation_actor_that_keeps_crashing_does_not_end_syncing() {
    let lab = Lab::start().await;
    sleep(Duration::from_millis(9_990)).await;
    lab.network.serve_specs(specs(2));
    lab.crash(ActorName::Evaluation);
    sleep(Duration::from_millis(30)).await;
    for _ in 0..40 {
        lab.crash(ActorName::Evaluation);
        sleep(Duration::from_millis(50)).await;
    }
    sleep(secs(25)).await;
    assert_eq!(lab.specs_time(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_start_survives_the_crash_of_any_actor() {
    for whom in [ActorName::SpecSync, ActorName::Evaluation] {
        let network = Arc::new(ScriptedTransport::new());
        network.always(Endpoint::Specs, Answer::json(specs(1)).after(secs(1)));
        let lab = Lab::start_on(network, |options| options).await;
        sleep(Duration::from_millis(500)).await;
        lab.crash(whom);
        lab.handle.first_sync().await.unwrap();
        assert_eq!(lab.specs_time(), 1, "{whom:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_flush_during_a_crash_is_answered_after_the_restart_or_reported() {
    let lab = Lab::start().await;
    lab.record(1);
    lab.crash(ActorName::Exposure);
    lab.settle().await;
    let stats = lab.handle.flush().await.unwrap();
    assert_eq!((stats.delivered, stats.pending), (1, 0));

    lab.network.always(Endpoint::Events, Answer::hang());
    lab.record(1);
    let handle = lab.handle.clone();
    let flush = tokio::spawn(async move { handle.flush().await });
    lab.settle().await;
    lab.crash(ActorName::Exposure);
    let error = flush.await.unwrap().unwrap_err();
    assert!(matches!(error, StatsigError::Interrupted { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_paused_actor_delays_nothing_but_its_own_work() {
    let lab = Lab::start().await;
    lab.stall(ActorName::SpecSync, secs(60));
    lab.record(BATCH);
    lab.settle().await;
    assert_eq!(lab.network.events().len(), BATCH);
    sleep(secs(55)).await;
    assert_eq!(lab.fetch_seconds(), [0]);
    sleep(secs(20)).await;
    assert!(lab.fetch_seconds().len() > 1);
}

#[tokio::test(start_paused = true)]
async fn without_its_supervisor_a_client_answers_with_errors_and_keeps_its_specs() {
    let lab = Lab::start().await;
    lab.record(3);
    lab.crash(ActorName::Supervisor);
    lab.settle().await;
    assert!(lab.handle.flush().await.is_err());
    assert!(lab.handle.refresh().await.is_err());
    lab.handle.nudge();
    assert_eq!(lab.specs_time(), 1);
    let report = lab.handle.shutdown(secs(3)).await;
    assert!(report.timed_out);
    assert_eq!((report.stats.pending, lab.stats().pending), (3, 3));
}

/// Panics whenever it is asked for anything.
#[derive(Debug)]
struct PanickingTransport;

impl Transport for PanickingTransport {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async { panic!("a bug in somebody's transport") })
    }
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_is_a_transport_that_fails() {
    let network = Arc::new(ScriptedTransport::new());
    let lab = Lab::start_on(network, |options| {
        options.transport(Arc::new(PanickingTransport))
    })
    .await;
    let error = lab.handle.first_sync().await.unwrap_err();
    assert!(matches!(error, StatsigError::NoSpecs { .. }), "{error}");
    lab.record(BATCH);
    sleep(secs(120)).await;
    let stats = lab.stats();
    assert_eq!(
        (stats.dropped.delivery_failed, stats.pending),
        (BATCH as u64, 0)
    );
    assert_eq!(lab.handle.restarts(), 0);
}
