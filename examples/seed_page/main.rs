//! The snippets of Statsig's documentation for server SDKs, written for this SDK. They run on a
//! local Statsig. The program asserts what each of them returns and logs.

mod events;
mod layers;
mod reads;
mod users;

use statsig::testing::Specs;
use statsig::{Statsig, StatsigOptions, StatsigUser};
use statsig_local::LocalStatsig;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let local = LocalStatsig::builder()
        .specs_json(specs().to_json()?)
        .start()
        .await?;

    // Initialise the client, once, and share it.
    let options = StatsigOptions::builder()
        .environment("development")
        .specs_url(local.specs_url())
        .log_event_url(local.log_event_url())
        .build()?;
    let statsig = Statsig::new_shared("secret-seed-page", options)?;
    let details = statsig.initialize().await?;
    assert!(details.init_success);
    assert!(Statsig::has_shared_instance() && Statsig::shared().is_initialized());
    assert!(
        Statsig::new_shared("secret-another", None).is_err(),
        "only one at a time"
    );

    let user = users::users();
    reads::gates(&statsig, &user);
    reads::configs(&statsig, &user);
    layers::layers(&statsig, &user);
    layers::stores(&statsig, &user);
    layers::overrides(&statsig);
    events::events(&statsig, &user);
    events::manual_exposures(&statsig, &StatsigUser::with_user_id("another-user"));

    // Deliver the queued events before the program ends.
    statsig.flush_events().await?;
    events::assert_logged(&local.events());
    let report = statsig.shutdown().await?;
    assert_eq!(report.stats.pending, 0);
    Statsig::remove_shared();
    Ok(())
}

/// What the console would serve.
fn specs() -> Specs {
    Specs::new()
        .gate("a_gate", |g| g.rule("everyone").everyone())
        .config("a_config", |c| {
            c.default("product_name", "Awesome Product v1")
                .default("price", 10.5)
                .default("shouldDiscount", true)
                .default("count", 5.0)
        })
        .layer("user_promo_experiments", |l| {
            l.default("title", "Welcome").default("discount", 0.1)
        })
        .experiment("new_user_promo_title", |e| {
            e.layer("user_promo_experiments")
                .group("Deal", |g| g.size(100).value("title", "Deal of the day"))
        })
        .store("my_parameters", |s| {
            s.fixed("color", "red")
                .fixed("is_new", true)
                .fixed("sizes", vec![36, 38])
                .fixed("limits", serde_json::json!({"cart": 20}))
        })
}
