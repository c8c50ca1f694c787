//! Tests of open streams and of broken ones.

use super::*;

#[tokio::test(start_paused = true)]
async fn changes_are_in_use_as_soon_as_the_proxy_sends_them() {
    let proxy = Proxy::new(Some(1));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    assert_eq!(lab.reason(1), "Adapter(GRPC):Recognized");

    for time in 2..5 {
        proxy.has(time);
        settle().await;
        assert_eq!(lab.reason(time), "Adapter(GRPC):Recognized");
    }
    for _ in 0..120 {
        sleep(Duration::from_secs(30)).await;
        proxy.push(HEARTBEAT);
    }
    assert_eq!(lab.reason(4), "Adapter(GRPC):Recognized");
    assert_eq!((proxy.attempts().len(), lab.downloads()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_broken_stream_is_opened_again_for_what_is_newer_than_the_specs_in_use() {
    let proxy = Proxy::new(Some(7));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    sleep(Duration::from_secs(20)).await;
    proxy.goes_down();
    sleep(Duration::from_secs(27)).await;
    assert_eq!(lab.reason(7), "Adapter(GRPC):Recognized");
    let attempts = proxy.attempts();
    assert_eq!(attempts[0], (0, 0));
    let times: Vec<u64> = attempts.iter().map(|(at, _)| *at).collect();
    let pauses = [3_000, 6_000, 12_000];
    let mut expected_at = 20_000;
    for (number, pause) in pauses.iter().enumerate() {
        let at = times[number + 1];
        let late = at.checked_sub(expected_at + pause).unwrap();
        assert!(late <= pause / 4 + 5, "{attempts:?}");
        expected_at = at;
    }
    assert!(attempts[1..].iter().all(|(_, since)| *since == 7));
    let failed = (1..=4).map(|failures| StreamEvent::Failed { failures });
    let expected = std::iter::once(StreamEvent::Message).chain(failed);
    assert_eq!(lab.events(), expected.collect::<Vec<_>>());

    proxy.has(8);
    sleep(Duration::from_secs(31)).await;
    assert_eq!(lab.reason(8), "Adapter(GRPC):Recognized");
    assert_eq!(lab.events(), [StreamEvent::Message, StreamEvent::Reopened]);
    // Specs have arrived in between, so the pauses start again.
    let opened = proxy.attempts().len();
    proxy.breaks_the_stream();
    sleep(Duration::from_secs(4)).await;
    assert_eq!(proxy.attempts().len(), opened + 1);
    assert_eq!(lab.downloads(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_after_every_heartbeat_is_one_series_of_failures() {
    for time in [0, 7] {
        let proxy = Proxy::new(Some(time));
        let lab = Lab::new(&proxy);
        lab.network.serve_specs(specs(9));
        let _ = lab.statsig.initialize().await;
        lab.events();
        for _ in 0..600 {
            proxy.breaks_the_stream();
            sleep(Duration::from_secs(1)).await;
        }
        assert!(proxy.attempts().len() < 20, "{:?}", proxy.attempts());
        let series = lab
            .events()
            .into_iter()
            .filter(|event| matches!(event, StreamEvent::Failed { failures: 1 }))
            .count();
        assert_eq!(series, 1);
        assert_eq!(lab.reason(9), "Network:Recognized");
    }
}

#[tokio::test(start_paused = true)]
async fn specs_that_are_broken_or_older_are_ignored_and_the_next_good_ones_are_used() {
    let proxy = Proxy::new(Some(5));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    for message in ["{", "", "<html>", &specs(4)] {
        proxy.push(message.to_owned());
        sleep(Duration::from_secs(25)).await;
        assert_eq!(lab.reason(5), "Adapter(GRPC):Recognized", "{message}");
    }
    proxy.has(6);
    settle().await;
    assert_eq!(lab.reason(6), "Adapter(GRPC):Recognized");
    assert_eq!(proxy.attempts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_asks_for_a_pause_gets_it() {
    let proxy = Proxy::new(Some(1));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    let pause = Duration::from_secs(120);
    proxy.with(|state| state.pause = Some(pause));
    proxy.goes_down();
    sleep(pause * 4).await;
    let attempts = proxy.attempts();
    // The first break of the stream requests no pause.
    let pauses = attempts
        .windows(2)
        .skip(1)
        .map(|pair| pair[1].0 - pair[0].0);
    let pauses: Vec<u64> = pauses.collect();
    assert!(pauses.len() >= 2, "{attempts:?}");
    assert!(pauses.iter().all(|pause| *pause >= 120_000), "{attempts:?}");
}

#[tokio::test(start_paused = true)]
async fn the_stream_ends_with_its_client() {
    let proxy = Proxy::new(Some(1));
    let lab = Lab::new(&proxy);
    lab.statsig.initialize().await.unwrap();
    settle().await;
    assert!(proxy.is_listened_to());
    lab.statsig.shutdown().await.unwrap();
    settle().await;
    assert!(!proxy.is_listened_to());
    sleep(Duration::from_secs(600)).await;
    assert_eq!(proxy.attempts().len(), 1);
    assert_eq!(lab.reason(1), "Adapter(GRPC):Recognized");
}
