//! Overrides reach no other handle, now or later.

use std::sync::{Arc, Barrier};
use std::thread;

use statsig::overrides::RequestOverrides;
use statsig::testing::{OfflineClient, Specs};

use crate::support::{Promo, USUAL, client, exposures, user, usual};

#[test]
fn an_overridden_read_does_not_suppress_a_later_exposure() {
    let client = client();
    let overrides = RequestOverrides::new()
        .gate("open", true)
        .layer("promo", "title", "Hello");
    let tester = client.pin().with_overrides(overrides);
    for _ in 0..3 {
        assert!(tester.check_gate(&user(), "open"));
        assert_eq!(
            tester.get_layer(&user(), "promo").get_string("title", ""),
            "Hello"
        );
    }
    assert_eq!(exposures(&client), []);
    assert!(client.check_gate(&user(), "open"));
    assert_eq!(
        client.get_layer(&user(), "promo").get_string("title", ""),
        "Hello"
    );
    assert_eq!(exposures(&client), usual(&["open", "promo.title"]));
}

#[test]
fn pinning_again_keeps_overrides_and_the_client_has_none() {
    let client = client();
    let overrides = RequestOverrides::new().gate("closed", true);
    let tester = client.pin().with_overrides(overrides.clone());
    assert!(tester.pin().check_gate(&user(), "closed"));
    assert_eq!(tester.pin().overrides(), Some(&overrides));
    assert!(!tester.client().check_gate(&user(), "closed"));
    let other = tester.with_overrides(RequestOverrides::new().gate("open", false));
    assert!(!other.check_gate(&user(), "closed"));
    assert!(client.pin().overrides().is_none());
}

#[test]
fn a_client_without_specs_serves_forced_values() {
    let client = OfflineClient::without_specs(None);
    let overrides = RequestOverrides::new()
        .gate("closed", true)
        .layer("promo", "title", "Hi");
    let tester = client.pin().with_overrides(overrides);
    assert!(tester.check_gate(&user(), "closed"));
    assert_eq!(tester.get_typed::<Promo>(user()).title, "Hi");
    assert_eq!(exposures(&client), []);
}

/// Threads read the same gate, layer and struct for the same user, each with its own overrides or
/// without any. The gate depends on a hash, so its evaluations are remembered.
#[test]
fn concurrent_requests_never_see_the_overrides_of_each_other() {
    const THREADS: usize = 8;
    let client = Arc::new(client());
    let start = Arc::new(Barrier::new(THREADS));
    let usual = client.check_gate(&user(), "half");
    let threads = (0..THREADS).map(|number| {
        let (client, start) = (Arc::clone(&client), Arc::clone(&start));
        thread::spawn(move || {
            start.wait();
            for round in 0..500 {
                let title = format!("{number}-{round}");
                let forced = (number % 2 == 0).then_some((number + round) % 3 == 0);
                let pinned = match forced {
                    Some(passes) => client.pin().with_overrides(
                        RequestOverrides::new().gate("half", passes).layer(
                            "promo",
                            "title",
                            title.as_str(),
                        ),
                    ),
                    None => client.pin(),
                };
                let title = forced.map_or("Hello", |_| &title);
                for _ in 0..3 {
                    assert_eq!(pinned.check_gate(&user(), "half"), forced.unwrap_or(usual));
                    let layer = pinned.get_layer(&user(), "promo");
                    assert_eq!(layer.get_string("title", ""), title);
                    assert_eq!(pinned.get_typed::<Promo>(user()).title, title);
                }
            }
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().unwrap();
    }
    for (_, reason) in exposures(&client) {
        assert_eq!(reason, USUAL);
    }
}

#[test]
fn overrides_survive_new_specs_as_the_pinned_ones_do() {
    let client = client();
    let tester = client
        .pin()
        .with_overrides(RequestOverrides::new().gate("closed", true));
    let layer = tester.get_layer(&user(), "promo");
    for time in 6..20 {
        let specs = Specs::new().time(time).gate("open", |gate| gate);
        client.set_specs(specs).expect("valid specs");
        assert!(tester.check_gate(&user(), "closed"));
        assert!(tester.check_gate(&user(), "open"));
        assert!(!client.check_gate(&user(), "open"));
    }
    assert_eq!(layer.get_string("title", ""), "Hello");
}
