//! A server that is killed, or that loses what it held.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_costs_no_evaluation_and_is_found_again() {
    let Some(mut server) = RedisServer::start() else {
        return;
    };
    let local = local(specs_at(START, true)).await;
    let writer = writer(&local, server.store()).await;
    let reader = reader(server.store()).await;
    until(async || is_on(&reader)).await;

    // A thread without a runtime evaluates all the time, and records the longest evaluation.
    let evaluating = Evaluating::start(&reader);
    server.kill();
    local
        .set_specs_json(specs_at(START + 1, true))
        .expect("valid specs");
    until(async || details(&writer).1 == Some(START + 1)).await;
    assert!(server.store().get("any").await.is_err());
    assert_eq!(
        details(&reader),
        ("Adapter(DataStore):Recognized".to_owned(), Some(START))
    );

    server.restart();
    // Redis comes back empty. The specs changed in between, and the client stores them without
    // another change.
    until(async || details(&reader).1 == Some(START + 1)).await;
    let (evaluations, wrong, longest) = evaluating.end();
    println!("{evaluations} evaluations during the outage, the longest took {longest:?}");
    assert!(evaluations > 1_000);
    assert_eq!(wrong, 0);
    for statsig in [writer, reader] {
        statsig.shutdown().await.expect("a shutdown");
    }
}

#[tokio::test]
async fn specs_and_id_lists_that_the_server_lost_are_stored_again() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let local = local(specs::id_list_gate(START, "a_list").to_string()).await;
    local.set_id_list("a_list", ["a-user"]);
    local.set_id_list("of_nobody", [""; 0]);
    let store = server.store().with_id_lists(true);
    let options = local_options()
        .specs_url(local.specs_url())
        .id_lists_url(local.id_lists_url())
        .specs_sync_interval(INTERVAL)
        .id_lists_sync_interval(INTERVAL)
        .disable_all_logging(true)
        .enable_id_lists(true)
        .data_store(Arc::new(store));
    let writer = Statsig::new(KEY, options.build().expect("valid options"));
    writer.initialize().await.expect("specs and lists");
    let store = server.store();
    let keys = [
        "/v2/download_config_specs",
        "/v1/get_id_lists",
        "id_list::a_list",
        "id_list::of_nobody",
    ]
    .map(|path| specs_key().replace("/v2/download_config_specs", path));
    let are_stored = async || {
        for key in &keys {
            if store.get(key).await.expect("an answer").result.is_none() {
                return false;
            }
        }
        true
    };
    for _ in 0..2 {
        until(are_stored).await;
        server.command(&["FLUSHALL"]).await;
    }
    // Redis evicts one value.
    until(are_stored).await;
    server.command(&["DEL", &keys[2]]).await;
    until(are_stored).await;
    writer.shutdown().await.expect("a shutdown");
}

/// A thread that evaluates without pause.
struct Evaluating {
    is_over: Arc<AtomicBool>,
    longest_ns: Arc<AtomicU64>,
    thread: std::thread::JoinHandle<(u64, u64)>,
}

impl Evaluating {
    fn start(statsig: &Statsig) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let longest_ns = Arc::new(AtomicU64::new(0));
        let (statsig, stop, longest) = (statsig.clone(), is_over.clone(), longest_ns.clone());
        let thread = std::thread::spawn(move || {
            let (mut evaluations, mut wrong) = (0, 0);
            while !stop.load(Ordering::Relaxed) {
                let start = tokio::time::Instant::now();
                wrong += u64::from(!is_on(&statsig));
                evaluations += 1;
                let took = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
                longest.fetch_max(took, Ordering::Relaxed);
            }
            (evaluations, wrong)
        });
        Self {
            is_over,
            longest_ns,
            thread,
        }
    }

    /// The number of evaluations, the number of wrong ones, and the duration of the longest.
    fn end(self) -> (u64, u64, Duration) {
        self.is_over.store(true, Ordering::Relaxed);
        let (evaluations, wrong) = self.thread.join().expect("no panic");
        let longest = Duration::from_nanos(self.longest_ns.load(Ordering::Relaxed));
        (evaluations, wrong, longest)
    }
}
