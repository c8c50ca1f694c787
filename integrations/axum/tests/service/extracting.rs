//! The extractors.

use axum::routing::get;
use axum::{Extension, Router};
use http::StatusCode;
use statsig::testing::OfflineClient;
use statsig::{Event, StatsigUser};
use statsig_axum::{CurrentUser, Flags, FlagsLayer, Params, RequestUser};

use crate::support::{self, Promo, call, names, specs};

fn client() -> OfflineClient {
    OfflineClient::new(specs(1), None).unwrap()
}

fn layer(statsig: &OfflineClient) -> FlagsLayer {
    FlagsLayer::new(statsig).user_from(RequestUser::new().id_header("x-user-id"))
}

#[tokio::test]
async fn handlers_get_flags_parameters_and_the_user_of_the_request() {
    let statsig = client();
    let app = Router::new()
        .route(
            "/",
            get(
                async |flags: Flags, promo: Params<Promo>, user: CurrentUser| {
                    let id = user.user_id().unwrap_or_default();
                    format!("{id}: {} {}", promo.title, flags.check_gate("beta"))
                },
            ),
        )
        .layer(layer(&statsig));
    let ann = call(&app, support::get("/", "ann")).await;
    assert_eq!(ann, (StatusCode::OK, "ann: Hello true".to_owned()));
    let bob = call(&app, support::get("/", "bob")).await;
    assert_eq!(bob.1, "bob: Hello false");
}

#[tokio::test]
async fn extracting_exposes_nothing_and_reading_does() {
    let statsig = client();
    let app = Router::new()
        .route(
            "/unread",
            get(async |_: Flags, _: CurrentUser, _: Params<Promo>| {}),
        )
        .route(
            "/read",
            get(async |Params(promo): Params<Promo>| promo.title.clone()),
        )
        .layer(layer(&statsig));
    call(&app, support::get("/unread", "ann")).await;
    assert!(statsig.take_events().is_empty());
    assert_eq!(statsig.event_stats().enqueued, 0);

    call(&app, support::get("/read", "ann")).await;
    let events = statsig.take_events();
    // One for each parameter of the layer.
    let exposure = ("statsig::layer_exposure", "ann");
    assert_eq!(names(&events), [exposure, exposure]);
}

#[tokio::test]
async fn events_carry_the_user_of_the_request() {
    let statsig = client();
    let app = Router::new()
        .route(
            "/",
            get(async |flags: Flags| flags.log_event(Event::new("bought"))),
        )
        .layer(layer(&statsig));
    call(&app, support::get("/", "ann")).await;
    assert_eq!(names(&statsig.take_events()), [("bought", "ann")]);
}

#[tokio::test]
async fn a_missing_layer_is_a_500_that_names_it() {
    let app = Router::new()
        .route("/flags", get(async |_: Flags| {}))
        .route("/params", get(async |_: Params<Promo>| {}))
        .route("/user", get(async |_: CurrentUser| {}));
    for path in ["/flags", "/params", "/user"] {
        let (status, body) = call(&app, support::get(path, "ann")).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(
            body.contains("`.layer(FlagsLayer::new(statsig))`"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn optional_extractors_are_none_without_the_layer() {
    let handler =
        async |flags: Option<Flags>, user: Option<CurrentUser>, promo: Option<Params<Promo>>| {
            format!("{} {} {}", flags.is_some(), user.is_some(), promo.is_some())
        };
    let app = Router::new().route("/", get(handler));
    assert_eq!(
        call(&app, support::get("/", "ann")).await.1,
        "false false false"
    );
    let app = app.layer(layer(&client()));
    assert_eq!(
        call(&app, support::get("/", "ann")).await.1,
        "true true true"
    );
}

#[tokio::test]
async fn flags_for_another_user_keep_the_specs_of_the_request() {
    let statsig = client();
    let flags = Flags::new(&statsig, StatsigUser::with_user_id("bob"));
    let for_ann = flags.for_user(StatsigUser::with_user_id("ann"));
    statsig.set_specs(specs(2)).unwrap();
    assert_eq!(for_ann.get_typed::<Promo>().generation, 1);
    assert!(for_ann.check_gate("beta") && !flags.check_gate("beta"));
}

#[tokio::test]
async fn every_read_is_for_the_user_of_the_flags() {
    let statsig = client();
    for name in ["config", "experiment"] {
        let value = serde_json::json!({"color": "red"});
        let value = value.as_object().unwrap().clone();
        statsig.override_dynamic_config(name, value.clone(), Some("ann"));
        statsig.override_experiment(name, value, Some("ann"));
    }
    let of = |id: &str| Flags::new(&statsig, StatsigUser::with_user_id(id));
    for (id, color, is_ann) in [("ann", "red", true), ("bob", "none", false)] {
        let flags = of(id);
        assert_eq!(
            flags
                .get_dynamic_config("config")
                .get_string("color", "none"),
            color
        );
        assert_eq!(
            flags
                .get_experiment("experiment")
                .get_string("color", "none"),
            color
        );
        assert_eq!(flags.get_feature_gate("beta").value, is_ann);
        assert_eq!(flags.get_layer("promo").get_string("title", ""), "Hello");
        assert_eq!(
            flags
                .get_parameter_store("a_store")
                .get_string("color", "none"),
            "none"
        );
        assert_eq!(flags.try_get_typed::<Promo>().unwrap().title, "Hello");
        assert_eq!(flags.user().user_id().as_deref(), Some(id));
    }
    let events = statsig.take_events();
    let of = |user| names(&events).iter().filter(|(_, id)| *id == user).count();
    assert!(of("ann") > 0, "{events:?}");
    assert_eq!(of("ann"), of("bob"));
}

#[tokio::test]
async fn a_test_puts_flags_into_a_request() {
    let statsig = client();
    let app = Router::new()
        .route(
            "/",
            get(async |user: CurrentUser| user.user_id().unwrap_or_default().into_owned()),
        )
        .layer(layer(&statsig))
        .layer(Extension(Flags::new(
            &statsig,
            StatsigUser::with_user_id("forced"),
        )));
    assert_eq!(call(&app, support::get("/", "ann")).await.1, "forced");
}
