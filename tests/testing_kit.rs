//! The test kit as its users see it: described projects, a client in one line, and assertions that
//! say what was logged instead.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

#[path = "testing_kit/actors.rs"]
mod actors;
#[path = "testing_kit/log_lines.rs"]
mod log_lines;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use statsig::testing::{
    self, Answer, Endpoint, LoggedEvents, OfflineClient, Specs, assert_schema_matches, custom,
    for_each_variant, in_id_list,
};
use statsig::{Event, Statsig, StatsigOptions, StatsigParams, StatsigUser};

#[derive(Debug, StatsigParams)]
#[statsig(layer = "promo", expose = "read")]
struct Promo {
    #[statsig(default = "Welcome")]
    title: String,
    #[statsig(default = 0.0)]
    discount: f64,
}

fn shop() -> Specs {
    Specs::new()
        .gate("free_shipping", |g| {
            g.rule("premium").when(custom("plan").any(["gold"]))
        })
        .layer("promo", |l| {
            l.default("title", "Hi").default("discount", 0.0)
        })
        .experiment("title_test", |e| {
            e.layer("promo").group("Loud", |g| g.value("title", "HI"))
        })
}

fn ann() -> StatsigUser {
    StatsigUser::builder("ann").custom("plan", "gold").build()
}

/// A handler that should show the title, and shows the discount.
fn wrong_handler(statsig: &Statsig, user: &StatsigUser) -> String {
    let promo = statsig.get_typed::<Promo>(user);
    statsig.log_event(user, Event::new("view").value("home"));
    let _ = statsig.check_gate(user, "free_shipping");
    format!("{:.0}%", promo.discount() * 100.0)
}

/// The message of a failing assertion.
fn message(assertion: impl FnOnce()) -> String {
    let failure = catch_unwind(AssertUnwindSafe(assertion)).expect_err("a failing assertion");
    *failure.downcast::<String>().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_wrong_handler_fails_with_what_was_expected_and_what_came() {
    let test = testing::client(shop()).await;
    assert_eq!(wrong_handler(&test.statsig, &ann()), "0%");
    let logged = test.logged().await;
    assert_eq!(
        message(|| logged.assert_exposed(&ann(), "promo", "title")),
        r#"expected an exposure of parameter "title" of layer "promo" to user "ann"; 3 events were logged:
  event "view" of user "ann", value "home"
  gate "free_shipping" to user "ann": true, rule "premium"
  parameter "discount" of layer "promo" to user "ann": rule "Loud""#
    );
    assert!(
        message(|| logged.assert_gate_exposed(&ann(), "beta")).starts_with(
            r#"expected an exposure of gate "beta" to user "ann"; 3 events were logged:"#
        )
    );
    assert!(
        message(|| logged.assert_gate_not_exposed(&ann(), "free_shipping")).starts_with(
            r#"expected no exposure of gate "free_shipping" to user "ann"; 3 events were logged:"#
        )
    );
    let bob = StatsigUser::with_user_id("bob");
    assert!(message(|| test.network.assert_exposed(&bob, "promo", "discount")).starts_with(
        r#"expected an exposure of parameter "discount" of layer "promo" to user "bob"; 3 events"#
    ));
    logged.assert_not_exposed(&bob, "promo", "discount");
    logged.assert_config_not_exposed(&ann(), "title_test");
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_flush_is_the_hint_of_a_failing_assertion() {
    let test = testing::client(shop()).await;
    let _ = test.check_gate(&ann(), "free_shipping");
    assert_eq!(
        message(|| test.network.assert_gate_exposed(&ann(), "free_shipping")),
        r#"expected an exposure of gate "free_shipping" to user "ann"; nothing was logged
hint: the client has posted nothing yet; call `flush_events().await` before you look"#
    );
    test.flush_events().await.unwrap();
    test.network.assert_gate_exposed(&ann(), "free_shipping");
}

#[tokio::test(start_paused = true)]
async fn refused_posts_are_the_hint_of_a_failing_assertion() {
    let test = testing::client(shop()).await;
    test.network.next(Endpoint::Events, Answer::status(503));
    let _ = test.check_gate(&ann(), "free_shipping");
    let _ = test.flush_events().await;
    let message = message(|| test.network.assert_gate_exposed(&ann(), "free_shipping"));
    assert!(
        message.ends_with("hint: 1 of 1 posts were not accepted; their events are not listed"),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn events_are_found_by_name_and_user() {
    let test = testing::client(Specs::new()).await;
    let company = StatsigUser::builder("ann")
        .custom_id("companyID", "c")
        .build();
    for user in [&ann(), &ann(), &company] {
        test.log_event(user, Event::new("add_to_cart"));
    }
    test.log_event(&ann(), Event::new("checkout"));
    let carts = test.logged().await.named("add_to_cart");
    assert_eq!(carts.len(), 3);
    assert_eq!(carts.of(&ann()).len(), 2);
    assert_eq!(carts.of(&company).len(), 1);
    assert_eq!(
        test.network.events_named("checkout")[0]["eventName"],
        "checkout"
    );
}

#[tokio::test(start_paused = true)]
async fn described_specs_without_a_time_replace_those_that_were_served_before() {
    let share = |share: u8| Specs::new().gate("rollout", |g| g.everyone().pass(share));
    let test = testing::client(share(0)).await;
    assert!(!test.check_gate(&ann(), "rollout"));
    test.serve(share(100)).await;
    assert!(test.check_gate(&ann(), "rollout"));
    test.network.serve_specs(share(0));
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(!test.check_gate(&ann(), "rollout"));
}

#[tokio::test(start_paused = true)]
async fn id_lists_of_the_project_are_served() {
    let specs = Specs::new()
        .id_list("staff", ["ann"])
        .gate("internal", |g| g.when(in_id_list("staff")));
    let test = testing::client(&specs).await;
    assert!(test.check_gate(&ann(), "internal"));
    assert!(!test.check_gate(&StatsigUser::with_user_id("bob"), "internal"));

    let offline = OfflineClient::new(specs, None).unwrap();
    assert!(offline.check_gate(&ann(), "internal"));
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_a_test_client_can_jump_and_its_options_are_the_tests() {
    let options = StatsigOptions::builder().environment("staging");
    let specs = Specs::new().gate("staging", |g| {
        g.when(testing::environment().any(["staging"]))
    });
    let test = testing::client_with(specs, options).await;
    assert!(test.check_gate(&ann(), "staging"));
    test.clock.jump(Duration::from_secs(86_400));
}

#[tokio::test(start_paused = true)]
#[should_panic(
    expected = "gate \"beta\", rule \"half\": expected a pass percentage from 0 to 100, found 150; correct it"
)]
async fn a_project_that_statsig_would_refuse_fails_the_test() {
    let _ = testing::client(Specs::new().gate("beta", |g| g.rule("half").pass(150))).await;
}

#[test]
fn described_specs_serve_an_offline_client_and_the_checks_of_structs() {
    assert_schema_matches!(Promo, shop());
    let mut titles = BTreeSet::new();
    for_each_variant::<Promo>(shop(), |_, promo| {
        titles.insert(promo.title);
    });
    assert_eq!(titles, BTreeSet::from(["HI".to_owned(), "Hi".to_owned()]));

    let statsig = OfflineClient::new(shop(), None).unwrap();
    let _ = wrong_handler(&statsig, &ann());
    let logged = LoggedEvents::from(statsig.take_events());
    logged.assert_exposed(&ann(), "promo", "discount");
}
