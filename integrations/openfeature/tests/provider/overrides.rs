//! A provider of a pinned client with the overrides of a request.

use std::sync::Arc;

use open_feature::{EvaluationContext, EvaluationContextFieldValue, EvaluationReason, StructValue};
use statsig::offline::OfflineClient;
use statsig::overrides::RequestOverrides;
use statsig::storage::{InMemoryPersistentStorage, PersistentStorage};
use statsig::testing::Specs;
use statsig::testing::authoring::experiment_group;
use statsig::{StatsigOptions, StatsigUser};

use crate::support::{App, specs, user};

/// With a layer that depends on the group of an experiment.
fn client(options: impl Into<Option<StatsigOptions>>) -> OfflineClient {
    let specs: Specs = specs().layer("by_group", |l| {
        l.default("title", "Hello")
            .default("size", 1)
            .rule("deep")
            .when(experiment_group("colors").any(["Deep cut"]))
            .value("size", 2)
    });
    OfflineClient::new(specs, options).unwrap()
}

fn forced() -> EvaluationReason {
    EvaluationReason::Other("RequestOverride".to_owned())
}

#[tokio::test]
async fn forced_values_are_served_and_not_exposed_also_of_unknown_names() {
    let overrides = RequestOverrides::new()
        .gate("not_in_the_specs", true)
        .dynamic_config("a_new_config", "title", "Hi")
        .parameter_store("a_new_store", "title", "Hi")
        .layer("promos", "title", "Hi")
        .layer("by_group", "title", "Hi")
        .parameter_store("settings", "theme", "light");
    let app = App::of_tester(client(None), overrides).await;
    let (client, user) = (&app.client, user());
    let user = Some(&user);
    let gate = client
        .get_bool_details("not_in_the_specs", user, None)
        .await;
    let gate = gate.unwrap();
    assert_eq!((gate.value, gate.reason), (true, Some(forced())));
    for key in [
        "a_new_config.title",
        "a_new_store.title",
        "promos.title",
        "by_group.title",
        "settings.title",
    ] {
        let details = client.get_string_details(key, user, None).await;
        let details = details.unwrap();
        assert_eq!(
            (&*details.value, details.reason),
            ("Hi", Some(forced())),
            "{key}"
        );
    }
    assert_eq!(app.exposures(), [""; 0]);
}

#[tokio::test]
async fn the_other_parameters_of_a_layer_are_served_and_exposed_as_without_overrides() {
    let overrides = RequestOverrides::new()
        .layer("promos", "title", "Hi")
        .layer("by_group", "title", "Hi");
    let app = App::of_tester(client(None), overrides).await;
    let (client, user) = (&app.client, user());
    let user = Some(&user);
    let details = client
        .get_float_details("promos.discount", user, None)
        .await;
    let details = details.unwrap();
    assert_eq!(details.reason, Some(EvaluationReason::Default));
    assert_eq!(details.variant.as_deref(), Some("default"));
    assert_eq!(app.exposures(), ["promos.discount"]);
    let size = client.get_int_value("by_group.size", user, None).await;
    assert_eq!(size, Ok(2));
    assert_eq!(app.exposures(), ["colors", "by_group.size"]);
}

#[tokio::test]
async fn forced_values_win_over_a_stored_assignment() {
    let storage = Arc::new(InMemoryPersistentStorage::new());
    let options = StatsigOptions::builder().persistent_storage(storage.clone());
    let statsig = client(options.build().unwrap());
    let options = statsig::ExperimentEvaluationOptions::new()
        .user_persisted_values(storage.get_values_for_user(&a_user(), "userID"));
    let _ = statsig.get_experiment_with_options(&a_user(), "colors", options);
    drop(statsig.take_events());
    let stored = storage.get_values_for_user(&a_user(), "userID");
    assert!(!stored.is_empty());

    let overrides = RequestOverrides::new().experiment("colors", "color", "forced");
    let app = App::of_tester(statsig, overrides).await;
    let context: EvaluationContext = user().with_custom_field(
        "userPersistedValues",
        EvaluationContextFieldValue::Struct(stored),
    );
    let details = app
        .client
        .get_string_details("colors.color", Some(&context), None);
    let details = details.await.unwrap();
    assert_eq!(
        (&*details.value, details.reason),
        ("forced", Some(forced()))
    );
    let whole = app
        .client
        .get_struct_value::<StructValue>("colors", Some(&context), None);
    assert_eq!(whole.await.unwrap().fields["color"], "forced".into());
    assert_eq!(app.exposures(), [""; 0]);
}

fn a_user() -> StatsigUser {
    StatsigUser::with_user_id("a-user")
}
