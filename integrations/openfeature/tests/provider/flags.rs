//! The keys of flags, their values, what explains them, and their exposures.

use std::sync::Arc;

use open_feature::{
    EvaluationContext, EvaluationContextFieldValue, EvaluationErrorCode, EvaluationReason,
    FlagMetadataValue, StructValue, Value,
};
use serde_json::json;
use statsig::StatsigOptions;
use statsig::offline::OfflineClient;
use statsig::storage::{InMemoryPersistentStorage, PersistentStorage};

use crate::support::{App, gold, later_specs, user};

#[tokio::test]
async fn a_key_names_an_entity_or_one_of_its_parameters() {
    let app = App::new().await;
    let (client, user) = (&app.client, user());
    let user = Some(&user);
    for (key, expected) in [
        ("everyone", true),
        ("off", false),
        ("limits.open", true),
        ("settings.is_on", true),
    ] {
        let found = client.get_bool_value(key, user, None).await;
        assert_eq!(found, Ok(expected), "{key}");
    }
    for (key, expected) in [
        ("limits.name", "small"),
        ("colors.color", "red"),
        ("promos.title", "Hello"),
        ("settings.theme", "dark"),
        ("settings.title", "Hello"),
        ("checkout.v2.title", "with a dot"),
    ] {
        let found = client.get_string_value(key, user, None).await;
        assert_eq!(found.as_deref(), Ok(expected), "{key}");
    }
    let found = client.get_int_value("settings.max", user, None).await;
    assert_eq!(found, Ok(10));
}

#[tokio::test]
async fn an_entity_with_one_parameter_is_that_parameter() {
    let app = App::new().await;
    for (key, expected) in [
        ("single", "hi"),
        ("checkout.v2", "with a dot"),
        ("alone", "light"),
        ("colors", "red"),
    ] {
        let found = app.client.get_string_value(key, Some(&user()), None).await;
        assert_eq!(found.as_deref(), Ok(expected), "{key}");
    }
}

#[tokio::test]
async fn the_type_decides_between_a_gate_and_a_config_of_one_name() {
    let app = App::new().await;
    let (client, user) = (&app.client, user());
    let user = Some(&user);
    assert_eq!(client.get_bool_value("twin", user, None).await, Ok(true));
    let text = client.get_string_value("twin", user, None).await;
    assert_eq!(text.as_deref(), Ok("the config"));
    let whole: StructValue = client.get_struct_value("twin", user, None).await.unwrap();
    assert_eq!(whole.fields["message"], "the config".into());
}

#[tokio::test]
async fn the_context_may_name_the_entity_of_a_flag() {
    let app = App::new().await;
    let of = |kind: &str, name: &str| {
        let config = json!({"type": kind, "name": name});
        let config = EvaluationContextFieldValue::new_struct(config);
        user().with_custom_field("feature_config", config)
    };
    let get = async |kind, name, key| {
        let context = of(kind, name);
        app.client.get_int_value(key, Some(&context), None).await
    };
    assert_eq!(get("CONFIG", "limits", "max").await, Ok(10));
    assert_eq!(get("LAYER", "limits_layer", "max").await, Ok(1));
    assert_eq!(get("PARAM_STORE", "settings", "max").await, Ok(10));
    let missing = get("LAYER", "limits", "max").await.unwrap_err();
    assert_eq!(missing.code, EvaluationErrorCode::FlagNotFound);
    let wrong = get("GATE", "limits", "max").await.unwrap_err();
    assert_eq!(wrong.code, EvaluationErrorCode::InvalidContext);
    let open = of("CONFIG", "limits");
    let open = app.client.get_bool_value("open", Some(&open), None).await;
    assert_eq!(open, Ok(true));
}

#[tokio::test]
async fn numbers_have_one_type_in_statsig_and_two_in_openfeature() {
    let app = App::new().await;
    let (client, user) = (&app.client, user());
    let user = Some(&user);
    let int = async |key| client.get_int_value(key, user, None).await;
    assert_eq!(int("limits.max").await, Ok(10));
    assert_eq!(int("limits.whole").await, Ok(3));
    for key in ["limits.ratio", "limits.huge"] {
        let error = int(key).await.unwrap_err();
        assert_eq!(error.code, EvaluationErrorCode::TypeMismatch, "{key}");
    }
    let float = async |key| client.get_float_value(key, user, None).await;
    assert_eq!(float("limits.max").await, Ok(10.0));
    assert_eq!(float("limits.huge").await, Ok(u64::MAX as f64));
}

#[tokio::test]
async fn a_struct_is_without_null_and_holds_what_openfeature_can_hold() {
    let app = App::new().await;
    let whole: StructValue = app
        .client
        .get_struct_value("limits", Some(&user()), None)
        .await
        .unwrap();
    assert!(!whole.fields.contains_key("none"));
    assert_eq!(whole.fields["huge"], Value::Float(u64::MAX as f64));
    assert_eq!(
        whole.fields["list"],
        Value::Array(vec![1.into(), "two".into()])
    );
    let inside: StructValue = app
        .client
        .get_struct_value("limits.inside", Some(&user()), None)
        .await
        .unwrap();
    assert_eq!(inside, StructValue::default().with_field("a", 1));
    let store: StructValue = app
        .client
        .get_struct_value("settings", Some(&user()), None)
        .await
        .unwrap();
    assert_eq!(store.fields["theme"], "dark".into());
    assert_eq!(store.fields["max"], 10.into());
}

#[tokio::test]
async fn details_say_what_decided() {
    let app = App::new().await;
    let (client, gold) = (&app.client, gold());
    let (gold, user) = (Some(&gold), user());
    let user = Some(&user);
    let gates = [
        ("everyone", user, "all", EvaluationReason::Static),
        ("gold_only", gold, "gold", EvaluationReason::TargetingMatch),
        ("gold_only", user, "default", EvaluationReason::Default),
        ("half", user, "half", EvaluationReason::Split),
        ("off", user, "disabled", EvaluationReason::Disabled),
    ];
    for (key, context, variant, reason) in gates {
        let details = client.get_bool_details(key, context, None).await.unwrap();
        assert_eq!(details.variant.as_deref(), Some(variant), "{key}");
        assert_eq!(details.reason, Some(reason), "{key}");
    }
    let texts = [
        ("colors.color", Some("Deep cut"), EvaluationReason::Split),
        ("promos.title", Some("default"), EvaluationReason::Default),
        ("settings.theme", None, EvaluationReason::Static),
        ("settings.title", Some("default"), EvaluationReason::Default),
    ];
    for (key, variant, reason) in texts {
        let details = client.get_string_details(key, user, None).await.unwrap();
        assert_eq!(details.variant.as_deref(), variant, "{key}");
        assert_eq!(details.reason, Some(reason), "{key}");
    }
    let details = client.get_int_details("limits.max", gold, None).await;
    let details = details.unwrap();
    assert_eq!(
        (details.value, details.variant.as_deref()),
        (100, Some("Gold"))
    );
    let metadata = details.flag_metadata.values;
    let text = |key: &str| metadata.get(key).cloned();
    assert_eq!(text("ruleID"), Some("gold".into()));
    assert_eq!(text("groupName"), Some("Gold".into()));
    assert_eq!(text("idType"), Some("userID".into()));
    assert_eq!(text("version"), Some(FlagMetadataValue::Int(7)));
    assert_eq!(text("source"), Some("Bootstrap".into()));
    assert_eq!(metadata.len(), 5);
}

#[tokio::test]
async fn an_override_is_a_reason_of_its_own() {
    let app = App::new().await;
    app.statsig.override_gate("gold_only", true, None);
    app.statsig.override_gate("not_in_the_specs", true, None);
    for key in ["gold_only", "not_in_the_specs"] {
        let details = app.client.get_bool_details(key, Some(&user()), None).await;
        let details = details.unwrap();
        assert!(details.value);
        let reason = EvaluationReason::Other("LocalOverride".to_owned());
        assert_eq!(details.reason, Some(reason), "{key}");
    }
}

#[tokio::test]
async fn a_stored_value_is_cached() {
    let storage = Arc::new(InMemoryPersistentStorage::new());
    let options = StatsigOptions::builder().persistent_storage(storage.clone());
    let app = App::with(options.build().unwrap()).await;
    let stored = || {
        let user = statsig::StatsigUser::with_user_id("a-user");
        let values = storage.get_values_for_user(&user, "userID");
        EvaluationContextFieldValue::Struct(values)
    };
    let details = async || {
        let context = user().with_custom_field("userPersistedValues", stored());
        let details = app
            .client
            .get_string_details("colors.color", Some(&context), None);
        details.await.unwrap()
    };
    assert_eq!(details().await.reason, Some(EvaluationReason::Split));
    let details = details().await;
    assert_eq!(details.reason, Some(EvaluationReason::Cached));
    assert_eq!(details.value, "red");
    assert_eq!(details.variant.as_deref(), Some("Deep cut"));
}

#[tokio::test]
async fn a_resolved_flag_is_exposed_once_as_a_read_by_hand() {
    let app = App::new().await;
    let (client, user) = (&app.client, user());
    let user = Some(&user);
    for _ in 0..2 {
        client.get_bool_value("everyone", user, None).await.unwrap();
        client
            .get_int_value("limits.max", user, None)
            .await
            .unwrap();
        client
            .get_string_value("promos.title", user, None)
            .await
            .unwrap();
        client
            .get_string_value("settings.theme", user, None)
            .await
            .unwrap();
    }
    assert_eq!(app.exposures(), ["everyone", "limits", "promos.title"]);
    let app = App::new().await;
    let whole = app
        .client
        .get_struct_value::<StructValue>("promos", user, None);
    whole.await.unwrap();
    assert_eq!(app.exposures(), ["promos.discount", "promos.title"]);
    let app = App::new().await;
    let whole = app
        .client
        .get_struct_value::<StructValue>("settings", user, None);
    whole.await.unwrap();
    assert_eq!(app.exposures(), ["everyone", "limits", "promos.title"]);
}

#[tokio::test]
async fn what_is_not_served_is_an_error_and_no_exposure() {
    use EvaluationErrorCode::{FlagNotFound, TypeMismatch};
    let app = App::new().await;
    let (client, user) = (&app.client, user());
    let user = Some(&user);
    let strings = [
        ("unknown", FlagNotFound, "found none in the specs"),
        ("unknown.title", FlagNotFound, "found none in the specs"),
        ("promos.subtitle", FlagNotFound, "no parameter of this name"),
        (
            "settings.subtitle",
            FlagNotFound,
            "no parameter of this name",
        ),
        ("empty", FlagNotFound, "no parameters"),
        ("everyone", TypeMismatch, "expected a string, found a gate"),
        ("everyone.title", FlagNotFound, "found none in the specs"),
        (
            "limits.max",
            TypeMismatch,
            "expected a string, found an integer",
        ),
        ("limits.none", TypeMismatch, "expected a string, found null"),
        ("promos", TypeMismatch, "as in \"promos.discount\""),
        ("settings", TypeMismatch, "as in \"settings.is_on\""),
        (
            "settings.max",
            TypeMismatch,
            "expected a string, found an integer",
        ),
        ("", FlagNotFound, "found none in the specs"),
        (".", FlagNotFound, "found none in the specs"),
    ];
    for (key, code, message) in strings {
        let error = client.get_string_value(key, user, None).await.unwrap_err();
        assert_eq!(error.code, code, "{key}");
        let found = error.message.unwrap();
        assert!(found.contains(message), "{key}: {found}");
    }
    let error = client
        .get_bool_value("limits.max", user, None)
        .await
        .unwrap_err();
    assert_eq!(error.code, TypeMismatch);
    for key in ["everyone", "promos.title", "limits.list"] {
        let found = client
            .get_struct_value::<StructValue>(key, user, None)
            .await;
        assert_eq!(found.unwrap_err().code, TypeMismatch, "{key}");
    }
    assert_eq!(app.exposures(), [""; 0]);
}

#[tokio::test]
async fn specs_of_a_later_service_are_an_error_and_no_exposure() {
    let app = App::of(OfflineClient::new(later_specs(), None).unwrap()).await;
    let gold = gold();
    let found = app.client.get_bool_value("gold_only", Some(&gold), None);
    let error = found.await.unwrap_err();
    assert_eq!(error.code, EvaluationErrorCode::ParseError);
    assert_eq!(app.exposures(), [""; 0]);
}

#[tokio::test]
async fn without_specs_no_flag_is_ready() {
    let app = App::of(OfflineClient::without_specs(None)).await;
    let error = app.client.get_bool_value("everyone", None, None).await;
    let error = error.unwrap_err();
    assert_eq!(error.code, EvaluationErrorCode::ProviderNotReady);
    assert!(error.message.unwrap().contains("(NoValues)"));
    assert_eq!(app.exposures(), [""; 0]);
    app.statsig.override_gate("everyone", true, None);
    let forced = app.client.get_bool_value("everyone", None, None).await;
    assert_eq!(forced, Ok(true));
}

#[tokio::test]
async fn a_user_without_a_targeting_key_is_anonymous() {
    let app = App::new().await;
    let context = EvaluationContext::default();
    let found = app
        .client
        .get_bool_value("everyone", Some(&context), None)
        .await;
    assert_eq!(found, Ok(true));
}
