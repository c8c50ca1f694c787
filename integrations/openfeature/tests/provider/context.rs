//! From evaluation contexts to users, and what the provider has besides OpenFeature's trait.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use open_feature::provider::{FeatureProvider, ProviderStatus};
use open_feature::{
    EvaluationContext, EvaluationContextFieldValue, EvaluationErrorCode, StructValue,
};
use serde_json::{Value, json};
use statsig::sources::BootstrapSpecs;
use statsig::testing::{Answer, Endpoint, ScriptedTransport};
use statsig::{Event, Statsig, StatsigOptions};
use statsig_openfeature::{ProviderEvent, StatsigProvider};

use crate::support::{App, specs, user};

fn nested<T: std::any::Any + Send + Sync>(value: T) -> EvaluationContextFieldValue {
    EvaluationContextFieldValue::new_struct(value)
}

/// The user of an event that was tracked with this context.
async fn logged_user(context: &EvaluationContext) -> Value {
    let app = App::new().await;
    app.provider.track(context, Event::new("seen")).unwrap();
    app.statsig.take_events()[0]["user"].clone()
}

#[tokio::test]
async fn fields_of_a_context_become_fields_of_a_user() {
    let context = user()
        .with_custom_field("email", "a@example.com")
        .with_custom_field("ip", "192.0.2.1")
        .with_custom_field("userAgent", "an agent")
        .with_custom_field("country", "NZ")
        .with_custom_field("locale", "en_NZ")
        .with_custom_field("appVersion", "1.2.3")
        .with_custom_field("userID", "another")
        .with_custom_field("customIDs", nested(json!({"companyID": "c-9"})))
        .with_custom_field("age", 29)
        .with_custom_field("is_staff", false)
        .with_custom_field("score", 0.5)
        .with_custom_field(
            "since",
            time::OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(3),
        )
        .with_custom_field("tags", nested(vec!["a".to_owned(), "b".to_owned()]))
        .with_custom_field("address", nested(json!({"city": "Wellington"})))
        .with_custom_field("gone", nested(Value::Null));
    let found = logged_user(&context).await;
    let expected = json!({
        "userID": "a-user", "email": "a@example.com", "ip": "192.0.2.1", "userAgent": "an agent", "country": "NZ",
        "locale": "en_NZ", "appVersion": "1.2.3", "customIDs": {"companyID": "c-9"},
        "custom": {
            "age": 29, "is_staff": false, "score": 0.5, "since": 3_000, "tags": ["a", "b"],
            "address": {"city": "Wellington"},
        },
    });
    assert_eq!(found, expected);
}

#[tokio::test]
async fn maps_of_several_types_are_read() {
    let ids = |ids| user().with_custom_field("customIDs", ids);
    let text = || ("companyID".to_owned(), "c-9".to_owned());
    let json = || ("companyID".to_owned(), json!("c-9"));
    let field = (
        "companyID".to_owned(),
        EvaluationContextFieldValue::from("c-9"),
    );
    for context in [
        ids(nested(HashMap::from([text()]))),
        ids(nested(BTreeMap::from([text()]))),
        ids(nested(HashMap::from([json()]))),
        ids(nested(BTreeMap::from([json()]))),
        ids(nested(HashMap::from([field]))),
        ids(nested(
            StructValue::default().with_field("companyID", "c-9"),
        )),
    ] {
        let found = logged_user(&context).await;
        assert_eq!(found["customIDs"], json!({"companyID": "c-9"}));
    }
}

#[tokio::test]
async fn the_user_id_is_also_a_field() {
    let context = EvaluationContext::default().with_custom_field("userID", 42);
    assert_eq!(logged_user(&context).await["userID"], 42);
}

#[tokio::test]
async fn private_attributes_decide_and_are_not_sent() {
    let app = App::new().await;
    let context = user().with_custom_field("privateAttributes", nested(json!({"plan": "gold"})));
    let found = app
        .client
        .get_bool_value("gold_only", Some(&context), None)
        .await;
    assert_eq!(found, Ok(true));
    assert!(!format!("{:?}", app.statsig.take_events()).contains("plan"));
}

#[tokio::test]
async fn a_wrong_context_is_an_error_without_its_values() {
    let app = App::new().await;
    struct Own;
    for field in [
        "customIDs",
        "privateAttributes",
        "feature_config",
        "userPersistedValues",
    ] {
        for value in ["a secret".into(), nested(Own)] {
            let context = user().with_custom_field(field, value);
            let error = app
                .client
                .get_bool_value("everyone", Some(&context), None)
                .await;
            let error = error.unwrap_err();
            assert_eq!(error.code, EvaluationErrorCode::InvalidContext, "{field}");
            let message = error.message.unwrap();
            assert!(
                message.contains(field) && !message.contains("secret"),
                "{message}"
            );
            assert!(app.provider.track(&context, Event::new("seen")).is_err());
        }
    }
    // What another library put there does not matter.
    let context = user().with_custom_field("trace", nested(Own));
    let found = app
        .client
        .get_bool_value("everyone", Some(&context), None)
        .await;
    assert_eq!(found, Ok(true));
}

#[tokio::test(start_paused = true)]
async fn the_provider_knows_its_status_and_announces_changes() {
    let specs_of = |time| specs().time(time).to_json().unwrap();
    let adapter = Arc::new(BootstrapSpecs::new(specs_of(1)));
    let options = StatsigOptions::builder()
        .specs_adapter(adapter.clone())
        .disable_network(true);
    let statsig = Statsig::new("secret-key", options.build().unwrap());
    let provider = StatsigProvider::new(statsig.clone());
    assert_eq!(provider.status(), ProviderStatus::NotReady);
    assert_eq!(provider.metadata().name, "statsig");
    let mut events = provider.events();
    statsig.initialize().await.unwrap();
    assert_eq!(events.next().await, Some(ProviderEvent::Ready));
    assert_eq!(provider.status(), ProviderStatus::Ready);
    adapter.set_data(specs_of(2));
    statsig.refresh().await.unwrap();
    assert_eq!(
        events.next().await,
        Some(ProviderEvent::ConfigurationChanged)
    );
    provider.flush_events().await.unwrap();
    provider.shutdown().await.unwrap();
    assert_eq!(provider.status(), ProviderStatus::STALE);
    assert_eq!(events.next().await, None);
    assert_eq!(provider.events().next().await, Some(ProviderEvent::Ready));
}

#[tokio::test(start_paused = true)]
async fn a_failed_start_is_an_error() {
    let network = Arc::new(ScriptedTransport::new());
    network.always(Endpoint::Specs, Answer::status(500));
    let options = StatsigOptions::builder()
        .transport(network)
        .build()
        .unwrap();
    let provider = StatsigProvider::from(Statsig::new("secret-key", options));
    let _ = provider.statsig().initialize().await;
    assert_eq!(provider.status(), ProviderStatus::Error);
    assert_eq!(provider.events().next().await, Some(ProviderEvent::Error));
    let shown = format!("{provider:?}");
    assert!(!shown.contains("secret-key"), "{shown}");
}
