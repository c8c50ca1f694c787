use std::path::Path;

use tempfile::TempDir;

use super::malformed::Picky;
use super::*;
use crate::events::spool::Spool;
use crate::spool::DiskSpool;
use crate::transport::Transport;

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A lab on this network with a spool in this directory.
async fn lab_on(network: &Arc<ScriptedTransport>, directory: &TempDir) -> Lab {
    let lab = Lab::start_on(Arc::clone(network), |options| {
        options.event_spool(directory.path())
    })
    .await;
    lab.handle.first_sync().await.unwrap();
    lab
}

fn network() -> Arc<ScriptedTransport> {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs(1));
    network
}

fn is_empty(directory: &TempDir) -> bool {
    std::fs::read_dir(directory.path())
        .unwrap()
        .next()
        .is_none()
}

/// The events in a spool that is not in use.
pub(super) fn events_on_disk(directory: &Path) -> u64 {
    let clock = Arc::new(SimulatedClock::new());
    let spool = DiskSpool::new(directory.to_owned(), KEY, 1 << 30, clock);
    spool.adopt().unwrap()
}

#[tokio::test(start_paused = true)]
async fn with_a_working_service_the_disk_is_not_touched() {
    let directory = directory();
    let lab = lab_on(&network(), &directory).await;
    for _ in 0..20 {
        lab.record(BATCH);
        sleep(secs(1)).await;
    }
    lab.handle.flush().await.unwrap();
    let stats = lab.stats();
    assert_eq!((stats.delivered, stats.spooled), (20 * BATCH as u64, 0));
    assert!(is_empty(&directory));
}

#[tokio::test(start_paused = true)]
async fn an_outage_goes_to_disk_and_is_delivered_afterwards() {
    let (network, directory) = (network(), directory());
    let lab = lab_on(&network, &directory).await;
    network.always(Endpoint::Events, Answer::status(503));
    for _ in 0..300 {
        lab.record(BATCH);
        sleep(secs(1)).await;
    }
    let stats = lab.stats();
    assert_eq!(stats.dropped.total(), 0);
    assert!(stats.spooled >= 290 * BATCH as u64, "{stats:?}");
    assert!(network.batches().len() < 30);

    network.recover(Endpoint::Events);
    sleep(secs(700)).await;
    let stats = lab.stats();
    assert_eq!((stats.delivered, stats.spooled), (300 * BATCH as u64, 0));
    assert_eq!(network.events().len(), 300 * BATCH);
    assert!(is_empty(&directory));
}

#[tokio::test(start_paused = true)]
async fn a_flush_that_fails_has_everything_on_disk_when_it_returns() {
    let (network, directory) = (network(), directory());
    let lab = lab_on(&network, &directory).await;
    network.always(Endpoint::Events, Answer::refuse_connection());
    lab.record(3 * BATCH + 2);
    let stats = lab.handle.flush().await.unwrap();
    assert_eq!((stats.pending, stats.spooled), (0, 3 * BATCH as u64 + 2));
    lab.stats();
}

#[tokio::test(start_paused = true)]
async fn the_next_process_delivers_what_a_shutdown_left() {
    let (network, directory) = (network(), directory());
    for answer in [Answer::status(500), Answer::hang()] {
        let lab = lab_on(&network, &directory).await;
        network.always(Endpoint::Events, answer);
        lab.record(2 * BATCH + 5);
        let report = lab.handle.shutdown(secs(3)).await;
        assert_eq!((report.stats.pending, report.stats.spooled), (0, 25));
        assert!(report.to_string().contains("25 kept on disk"), "{report}");
        lab.stats();
        let before = network.events().len();

        network.recover(Endpoint::Events);
        let next = lab_on(&network, &directory).await;
        sleep(secs(10)).await;
        let stats = next.stats();
        assert_eq!((stats.recovered, stats.delivered), (25, 25));
        assert_eq!((stats.enqueued, stats.spooled), (0, 0));
        assert_eq!(network.events().len(), before + 25);
        assert!(is_empty(&directory));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_starts_again_finds_what_its_shutdown_left_and_counts_it_once() {
    let (network, directory) = (network(), directory());
    let mut lab = lab_on(&network, &directory).await;
    network.always(Endpoint::Events, Answer::status(500));
    lab.record(25);
    assert_eq!(lab.handle.shutdown(secs(3)).await.stats.spooled, 25);

    lab.handle = Arc::new(start(Arc::clone(&lab.shared)).await.unwrap());
    sleep(secs(1)).await;
    let stats = lab.stats();
    assert_eq!((stats.spooled, stats.left_on_disk), (25, 25));
    assert_eq!((stats.enqueued, stats.recovered), (25, 25));
    network.recover(Endpoint::Events);
    sleep(secs(60)).await;
    let stats = lab.stats();
    assert_eq!((stats.delivered, stats.spooled), (25, 0));
    assert!(is_empty(&directory));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_tries_again_when_the_disk_fails() {
    let (network, directory) = (network(), directory());
    let file = directory.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let lab = Lab::start_on(Arc::clone(&network), |options| options.event_spool(&file)).await;
    lab.handle.first_sync().await.unwrap();
    network.next(Endpoint::Events, Answer::status(503));
    lab.record(25);
    let report = lab.handle.shutdown(secs(3)).await;
    assert!(!report.timed_out);
    assert_eq!((report.stats.delivered, report.stats.pending), (25, 0));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_dropped_keeps_its_events_on_disk() {
    let (network, directory) = (network(), directory());
    let lab = lab_on(&network, &directory).await;
    network.always(Endpoint::Events, Answer::hang());
    lab.record(3);
    let shared = Arc::clone(&lab.shared);
    drop(lab);
    sleep(secs(5)).await;
    let stats = shared.events.counters.stats();
    assert_eq!((stats.spooled, stats.pending), (3, 0));
    network.recover(Endpoint::Events);
    let next = lab_on(&network, &directory).await;
    sleep(secs(10)).await;
    assert_eq!(next.stats().delivered, 3);
}

#[tokio::test(start_paused = true)]
async fn what_another_process_leaves_is_found_within_minutes() {
    let (network, directory) = (network(), directory());
    let one = lab_on(&network, &directory).await;
    let two = lab_on(&network, &directory).await;
    network.always(Endpoint::Events, Answer::status(500));
    one.record(4);
    assert_eq!(one.handle.shutdown(secs(3)).await.stats.spooled, 4);
    network.recover(Endpoint::Events);
    sleep(secs(130)).await;
    let stats = two.stats();
    assert_eq!((stats.recovered, stats.delivered), (4, 4));
}

#[tokio::test(start_paused = true)]
async fn an_unwritable_directory_degrades_to_memory() {
    let (network, directory) = (network(), directory());
    let file = directory.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let lab = Lab::start_on(Arc::clone(&network), |options| options.event_spool(&file)).await;
    lab.handle.first_sync().await.unwrap();
    network.next(Endpoint::Events, Answer::status(500));
    lab.record(BATCH);
    lab.settle().await;
    let stats = lab.stats();
    assert_eq!((stats.pending, stats.spooled), (BATCH as u64, 0));
    sleep(secs(5)).await;
    assert_eq!(lab.stats().delivered, BATCH as u64);

    // Repaired, it is used again.
    std::fs::remove_file(&file).unwrap();
    sleep(secs(120)).await;
    network.always(Endpoint::Events, Answer::status(500));
    lab.record(BATCH);
    sleep(secs(1)).await;
    assert_eq!(lab.stats().spooled, BATCH as u64);
}

#[tokio::test(start_paused = true)]
async fn a_malformed_event_on_disk_costs_itself_and_not_its_batch() {
    let (network, directory) = (network(), directory());
    let picky = Picky {
        network: Arc::clone(&network),
        name: "poison",
    };
    let lab = Lab::start_on(Arc::clone(&network), |options| {
        options
            .transport(Arc::new(picky))
            .event_spool(directory.path())
    })
    .await;
    lab.handle.first_sync().await.unwrap();
    network.always(Endpoint::Events, Answer::status(500));
    lab.record_named("poison");
    lab.record(BATCH - 1);
    let stats = lab.handle.flush().await.unwrap();
    assert_eq!(stats.spooled, BATCH as u64);
    network.recover(Endpoint::Events);
    sleep(secs(60)).await;
    let stats = lab.stats();
    assert_eq!(stats.dropped.refused, 1, "{stats:?}");
    assert_eq!((stats.delivered, stats.spooled), (BATCH as u64 - 1, 0));
    assert!(is_empty(&directory));
}

#[tokio::test(start_paused = true)]
async fn private_attributes_never_reach_the_disk() {
    let (network, directory) = (network(), directory());
    let transport: Arc<dyn Transport> = network.clone();
    let options = StatsigOptions::builder()
        .transport(transport)
        .disable_diagnostics(true)
        .event_spool(directory.path())
        .build()
        .unwrap();
    let statsig = crate::Statsig::new(KEY, options);
    statsig.initialize().await.unwrap();
    network.always(Endpoint::Events, Answer::status(500));
    let user = crate::StatsigUser::builder("public-id")
        .private("card", "4111-secret")
        .build();
    let _ = statsig.check_gate(&user, "a_gate");
    statsig.log_event(&user, crate::Event::new("purchase"));
    let report = statsig.shutdown().await.unwrap();
    assert_eq!(report.stats.spooled, 2);
    let mut bodies = String::new();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        // Header, record head and batch head come before the body.
        let plain = crate::events::seal::decompress(&bytes[8 + 9 + 8..]).unwrap();
        bodies += &String::from_utf8(plain).unwrap();
    }
    assert!(bodies.contains("public-id"));
    assert!(!bodies.contains("4111") && !bodies.contains("card"));
}

#[tokio::test(start_paused = true)]
async fn the_crash_of_the_exposure_actor_loses_nothing_on_its_way_to_disk_or_back() {
    let (network, directory) = (network(), directory());
    let lab = lab_on(&network, &directory).await;
    network.always(Endpoint::Events, Answer::status(500));
    for _ in 0..20 {
        lab.record(BATCH);
        lab.crash(ActorName::Exposure);
        sleep(Duration::from_millis(700)).await;
        lab.stats();
    }
    network.recover(Endpoint::Events);
    for _ in 0..10 {
        sleep(secs(1)).await;
        lab.crash(ActorName::Exposure);
    }
    sleep(secs(700)).await;
    let stats = lab.stats();
    // While the actor is away the queue may overflow, and that is all that is lost.
    assert_eq!(stats.dropped.total(), stats.dropped.queue_full);
    assert_eq!(
        (stats.delivered + stats.dropped.queue_full, stats.spooled),
        (20 * BATCH as u64, 0)
    );
    assert_eq!(network.events().len() as u64, stats.delivered);
}
