//! Services that share specs and ID lists.

use super::*;

#[tokio::test]
async fn one_service_writes_and_another_reads() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let local = local(specs_at(START, true)).await;
    let writer = writer(&local, server.store()).await;
    assert_eq!(details(&writer).0, "Network:Recognized");
    let reader = reader(server.store()).await;
    until(async || is_on(&reader)).await;
    assert_eq!(
        details(&reader),
        ("Adapter(DataStore):Recognized".to_owned(), Some(START))
    );

    local
        .set_specs_json(specs_at(START + 1, false))
        .expect("valid specs");
    until(async || !is_on(&reader)).await;
    assert_eq!(details(&reader).1, Some(START + 1));
    let stored = server.store().get(&specs_key()).await.expect("an answer");
    assert_eq!(stored.result, Some(specs_at(START + 1, false)));

    // A service that starts during an outage of Statsig starts with the stored specs.
    local.shutdown().await;
    let late = self::reader(server.store()).await;
    assert_eq!(details(&late).1, Some(START + 1));
    for statsig in [writer, reader, late] {
        statsig.shutdown().await.expect("a shutdown");
    }
}

#[tokio::test]
async fn one_service_downloads_id_lists_and_another_reads_them() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let local = local(specs::id_list_gate(START, "a_list").to_string()).await;
    local.set_id_list("a_list", ["a-user"]);
    local.set_id_list("of_nobody", [""; 0]);
    let options = |store: RedisDataStore| {
        local_options()
            .specs_url(local.specs_url())
            .id_lists_url(local.id_lists_url())
            .specs_sync_interval(INTERVAL)
            .id_lists_sync_interval(INTERVAL)
            .disable_all_logging(true)
            .enable_id_lists(true)
            .data_store(Arc::new(store.with_id_lists(true)))
    };
    let writer = Statsig::new(KEY, options(server.store()).build().expect("valid options"));
    writer.initialize().await.expect("specs and lists");
    let store = server.store().polled(true).read_only(true);
    let options = options(store).disable_network(true);
    let reader = Statsig::new(KEY, options.build().expect("valid options"));
    // There may be no specs yet. A later read returns them.
    let _ = reader.initialize().await;
    let is_member =
        |statsig: &Statsig, id: &str| statsig.check_gate(&StatsigUser::with_user_id(id), "in_list");
    until(async || is_member(&reader, "a-user")).await;
    local.set_id_list("a_list", ["Marcos"]);
    until(async || is_member(&reader, "Marcos") && !is_member(&reader, "a-user")).await;
    for statsig in [writer, reader] {
        statsig.shutdown().await.expect("a shutdown");
    }
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_an_error_and_specs_stay() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let local = local(specs_at(START, true)).await;
    let _writer = writer(&local, server.store()).await;
    let reader = reader(server.store()).await;
    until(async || is_on(&reader)).await;

    server.command(&["DEL", &specs_key()]).await;
    // The data of a forward proxy under such keys.
    server
        .command(&["HSET", &specs_key(), "config", "{}"])
        .await;
    let error = server.store().get(&specs_key()).await.expect_err("no text");
    assert!(error.to_string().contains("WRONGTYPE"), "{error}");
    let _ = reader.refresh().await;
    assert!(is_on(&reader));

    // A write replaces it.
    local
        .set_specs_json(specs_at(START + 1, false))
        .expect("valid specs");
    until(async || !is_on(&reader)).await;
}

#[tokio::test]
async fn nine_megabytes_of_specs_pass_through() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let mut large = specs_at(START, true);
    large.push_str(&" ".repeat(9 * 1024 * 1024));
    let local = local(large).await;
    let writer = writer(&local, server.store()).await;
    let reader = reader(server.store()).await;
    until(async || is_on(&reader)).await;
    assert_eq!(details(&reader).1, Some(START));
    writer.shutdown().await.expect("a shutdown");
}

#[tokio::test]
async fn with_two_writers_readers_never_go_back() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let (old, new) = (
        local(specs_at(START, true)).await,
        local(specs_at(START, true)).await,
    );
    let writers = [
        writer(&old, server.store()).await,
        writer(&new, server.store()).await,
    ];
    let reader = reader(server.store()).await;
    until(async || is_on(&reader)).await;
    let mut highest = START;
    for step in 1..=3 {
        // One writer is a step ahead of the other, and both write.
        new.set_specs_json(specs_at(START + 2 * step, true))
            .expect("valid specs");
        old.set_specs_json(specs_at(START + 2 * step - 1, true))
            .expect("valid specs");
        let seen = std::cell::Cell::new(highest);
        until(async || {
            let lcut = details(&reader).1.expect("specs");
            assert!(lcut >= seen.get(), "from {} back to {lcut}", seen.get());
            seen.set(lcut);
            lcut >= START + 2 * step - 1
        })
        .await;
        highest = seen.get();
    }
    for statsig in writers {
        statsig.shutdown().await.expect("a shutdown");
    }
    assert!(is_on(&reader));
}
