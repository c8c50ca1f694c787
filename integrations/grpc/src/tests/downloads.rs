//! Tests of downloads over HTTP while the stream brings nothing.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_stream_broken_for_a_minute_is_backed_by_downloads_until_the_proxy_sends_specs() {
    let proxy = Proxy::new(Some(1));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    lab.network.serve_specs(specs(5));
    proxy.goes_down();
    sleep(FALLBACK_AFTER - Duration::from_secs(1)).await;
    assert_eq!(lab.downloads(), 0);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(lab.reason(5), "Network:Recognized");
    let before = lab.downloads();
    sleep(Duration::from_secs(30)).await;
    assert_eq!(lab.downloads() - before, 10);

    proxy.has(6);
    sleep(Duration::from_secs(76)).await;
    assert_eq!(lab.reason(6), "Adapter(GRPC):Recognized");
    let before = lab.downloads();
    for _ in 0..20 {
        proxy.push(HEARTBEAT);
        sleep(Duration::from_secs(30)).await;
    }
    assert_eq!(lab.downloads(), before);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_lasts_ends_the_downloads_although_there_are_no_newer_specs() {
    let proxy = Proxy::new(Some(1));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    lab.network.serve_specs(specs(1));
    proxy.goes_down();
    sleep(FALLBACK_AFTER * 2).await;
    assert!(lab.downloads() > 0);
    proxy.has(1);
    for _ in 0..5 {
        sleep(Duration::from_secs(30)).await;
        proxy.push(HEARTBEAT);
    }
    let (before, attempts) = (lab.downloads(), proxy.attempts().len());
    for _ in 0..20 {
        sleep(Duration::from_secs(30)).await;
        proxy.push(HEARTBEAT);
    }
    assert_eq!(
        (lab.downloads(), proxy.attempts().len()),
        (before, attempts)
    );
}

#[tokio::test(start_paused = true)]
async fn a_download_that_fails_too_changes_nothing() {
    let proxy = Proxy::new(Some(1));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    lab.network.always(Endpoint::Specs, Answer::status(503));
    proxy.goes_down();
    sleep(Duration::from_secs(3_600)).await;
    assert!(lab.downloads() > 100);
    assert_eq!(lab.reason(1), "Adapter(GRPC):Recognized");
}

#[tokio::test(start_paused = true)]
async fn downloads_that_are_refused_keep_the_pause_while_the_stream_is_broken() {
    let proxy = Proxy::new(Some(1));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    let throttled = Answer::status(429).header("retry-after", "300");
    lab.network.always(Endpoint::Specs, throttled);
    proxy.goes_down();
    while lab.downloads() == 0 {
        sleep(Duration::from_secs(1)).await;
    }
    sleep(Duration::from_secs(290)).await;
    assert_eq!(lab.downloads(), 1);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(lab.downloads(), 2);
}
#[tokio::test(start_paused = true)]
async fn a_proxy_that_has_no_specs_or_says_nothing_leaves_a_start_to_downloads() {
    for says in [Some(HEARTBEAT), None] {
        let proxy = Proxy::new(Some(0));
        proxy.with(|state| state.first = says);
        let lab = Lab::new(&proxy);
        lab.network.serve_specs(specs(5));
        let started = Instant::now();
        let _ = lab.statsig.initialize().await;
        assert_eq!(started.elapsed().as_secs(), 3, "a start waits for specs");
        sleep(FALLBACK_WITHOUT_SPECS - Duration::from_secs(4)).await;
        assert_eq!(lab.downloads(), 0);
        sleep(Duration::from_secs(2)).await;
        assert_eq!(lab.reason(5), "Network:Recognized", "{says:?}");
        assert_eq!(proxy.attempts().len(), 1);

        // If the client has specs, a stream that brings heartbeats is sound. The client reopens a
        // silent stream.
        let before = lab.downloads();
        for _ in 0..20 {
            sleep(Duration::from_secs(30)).await;
            if says.is_some() {
                proxy.push(HEARTBEAT);
            }
        }
        if says.is_some() {
            assert_eq!((lab.downloads(), proxy.attempts().len()), (before, 1));
        } else {
            assert!(lab.downloads() > before + 100 && proxy.attempts().len() > 3);
        }
    }
}
