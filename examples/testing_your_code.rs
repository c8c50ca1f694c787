//! Code that reads flags, and its tests. Run the tests with
//! `cargo test -p statsig-examples --example testing_your_code`.

#![expect(clippy::print_stdout, reason = "this is what the example shows")]

use statsig::testing::{OfflineClient, Specs, custom};
use statsig::{Event, Statsig, StatsigParams, StatsigUser};

#[derive(Debug, StatsigParams)]
#[statsig(layer = "promo")]
struct Promo {
    #[statsig(default = 0.0, range = 0.0..=0.9)]
    discount: f64,
}

/// The code under test. It takes the client as an argument, so that a test can pass another one.
fn checkout(statsig: &Statsig, user: &StatsigUser, amount: f64) -> f64 {
    let discount = statsig.get_typed::<Promo>(user).discount;
    let is_free = statsig.check_gate(user, "free_shipping");
    let price = amount * (1.0 - discount) + if is_free { 0.0 } else { 5.0 };
    statsig.log_event(user, Event::new("checkout").value(price));
    price
}

/// What the console would serve. Gold customers ship for free; the discount is an experiment.
fn specs() -> Specs {
    Specs::new()
        .gate("free_shipping", |g| {
            g.rule("gold").when(custom("plan").any(["gold"]))
        })
        .layer("promo", |l| l.default("discount", 0.0))
        .experiment("discount_test", |e| {
            e.layer("promo")
                .group("Control", |g| g.size(50).value("discount", 0.0))
                .group("Half price", |g| g.size(50).value("discount", 0.5))
        })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let statsig = OfflineClient::new(specs(), None)?;
    for id in ["alice", "bob", "carol"] {
        let user = StatsigUser::with_user_id(id);
        println!("{id}: {}", checkout(&statsig, &user, 40.0));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use statsig::testing::{self, Answer, Endpoint, LoggedEvents, for_each_variant};

    #[test]
    fn gold_customers_ship_for_free() {
        let statsig = OfflineClient::new(specs(), None).unwrap();
        let half = Promo { discount: 0.5 };
        statsig.override_typed(&half, None).unwrap();
        let ann = StatsigUser::builder("ann").custom("plan", "gold").build();
        assert_eq!(checkout(&statsig, &ann, 40.0), 20.0);
        LoggedEvents::from(statsig.take_events()).assert_exposed(&ann, "promo", "discount");
    }

    #[test]
    fn no_variant_gives_the_goods_away() {
        for_each_variant::<Promo>(specs(), |variant, promo| {
            assert!(promo.discount < 0.6, "{variant}")
        });
    }

    #[tokio::test(start_paused = true)]
    async fn the_checkout_is_logged_even_if_statsig_is_down_for_a_minute() {
        let test = testing::client(specs()).await;
        test.network.always(Endpoint::Events, Answer::status(503));
        checkout(&test, &StatsigUser::with_user_id("ann"), 40.0);
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        test.network.recover(Endpoint::Events);
        assert_eq!(test.logged().await.named("checkout").len(), 1);
    }
}
