//! The legacy crate `statsig` 1.4.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use statsig::sources::{DataStore, FileDataStore, RequestPath};
use statsig::{Event, Statsig, StatsigParams, StatsigUser};

use super::{Row, Setup};

#[derive(Debug, StatsigParams)]
#[statsig(config = "a_config")]
struct Limits {
    #[statsig(default = 10)]
    limit: i64,
}

/// One row of the guide: its section, the first name in it, and code for it.
pub(crate) const ROWS: &[Row] = &[
    ("Statsig (1.4)", "initialize", |s| {
        let statsig = Statsig::new("secret-key", s.options());
        assert!(s.wait(statsig.initialize()).is_ok());
    }),
    ("Statsig (1.4)", "initialize_with_options", |s| {
        let _ = Statsig::new("secret-key", s.options());
    }),
    ("Statsig (1.4)", "is_initialized", |s| {
        assert!(s.statsig.is_initialized());
    }),
    ("Statsig (1.4)", "wait_for_initialization", |s| {
        s.wait(s.statsig.ready()).expect("specs");
    }),
    ("Statsig (1.4)", "shutdown", |_| {
        let other = Setup::new();
        assert!(other.wait(other.statsig.shutdown()).is_ok());
    }),
    ("Statsig (1.4)", "check_gate", |s| {
        assert!(s.statsig.check_gate(&s.user, "a_gate"));
    }),
    ("Statsig (1.4)", "get_feature_gate", |s| {
        assert!(s.statsig.get_feature_gate(&s.user, "a_gate").value);
    }),
    ("Statsig (1.4)", "get_config", |s| {
        assert_eq!(s.statsig.get_typed::<Limits>(&s.user).limit, 25);
        assert_eq!(
            s.statsig
                .get_dynamic_config(&s.user, "a_config")
                .get_i64("limit", 10),
            25
        );
    }),
    ("Statsig (1.4)", "get_experiment", |s| {
        assert_eq!(
            s.statsig
                .get_experiment(&s.user, "an_experiment")
                .get_string("color", ""),
            "grey"
        );
    }),
    ("Statsig (1.4)", "get_layer", |s| {
        assert_eq!(
            s.statsig
                .get_layer(&s.user, "a_layer")
                .get_string("title", ""),
            "Hello"
        );
    }),
    ("Statsig (1.4)", "log_event", |s| {
        s.statsig.log_event(
            &s.user,
            Event::new("visit").value("home").metadata("from", "mail"),
        );
    }),
    ("Statsig (1.4)", "get_client_initialize_response", |s| {
        assert_eq!(
            s.statsig.get_client_init_response(&s.user)["has_updates"],
            true
        );
    }),
    ("StatsigOptions (1.4)", "environment", |s| {
        s.native(|native| native.environment("staging"));
    }),
    ("StatsigOptions (1.4)", "api_override", |s| {
        s.native(|native| {
            native
                .log_event_url("https://proxy/v1/log_event")
                .id_lists_url("https://proxy/v1/get_id_lists")
        });
    }),
    (
        "StatsigOptions (1.4)",
        "api_for_download_config_specs",
        |s| {
            s.native(|native| native.specs_url("https://proxy/v2/download_config_specs"));
        },
    ),
    ("StatsigOptions (1.4)", "rulesets_sync_interval_ms", |s| {
        s.native(|native| native.specs_sync_interval(Duration::from_secs(10)));
    }),
    ("StatsigOptions (1.4)", "logger_max_queue_size", |s| {
        s.native(|native| native.event_logging_max_queue_size(500));
    }),
    ("StatsigOptions (1.4)", "logger_flush_interval_ms", |s| {
        s.native(|native| native.event_flush_interval(Duration::from_secs(60)));
    }),
    ("StatsigOptions (1.4)", "disable_user_agent_support", |s| {
        s.native(|native| native);
    }),
    ("StatsigOptions (1.4)", "datastore", |s| {
        s.native(|native| native.data_store(Arc::new(FileDataStore::new("."))));
    }),
    ("StatsigUser (1.4)", "with_user_id", |_| {
        assert_eq!(
            StatsigUser::with_user_id("a".to_owned()),
            StatsigUser::with_user_id("a")
        );
    }),
    ("StatsigUser (1.4)", "with_custom_ids", |_| {
        let _ = StatsigUser::with_custom_ids(HashMap::from([(
            "companyID".to_owned(),
            "c-9".to_owned(),
        )]));
    }),
    ("StatsigUser (1.4)", "user_id", |_| {
        let user = StatsigUser::builder("a")
            .email("e")
            .ip("i")
            .user_agent("u")
            .country("NZ")
            .locale("l")
            .app_version("1")
            .build();
        assert_eq!(user.email().as_deref(), Some("e"));
    }),
    ("StatsigUser (1.4)", "custom", |_| {
        let map = HashMap::from([("plan".to_owned(), json!("pro"))]);
        assert_eq!(
            StatsigUser::builder("a").custom_fields(map).build(),
            StatsigUser::builder("a").custom("plan", "pro").build()
        );
    }),
    ("StatsigUser (1.4)", "private_attributes", |_| {
        let map = HashMap::from([("card".to_owned(), json!("4111"))]);
        assert_eq!(
            StatsigUser::builder("a").private_attributes(map).build(),
            StatsigUser::builder("a").private("card", "4111").build()
        );
    }),
    ("StatsigUser (1.4)", "custom_ids", |_| {
        let map = HashMap::from([("companyID".to_owned(), "c-9".to_owned())]);
        assert_eq!(
            StatsigUser::builder("a").custom_ids(map).build(),
            StatsigUser::builder("a")
                .custom_id("companyID", "c-9")
                .build()
        );
    }),
    ("StatsigEvent (1.4)", "event_name", |_| {
        let _ = Event::new("visit");
    }),
    ("StatsigEvent (1.4)", "value", |_| {
        assert_ne!(
            Event::new("visit").value("home"),
            Event::new("visit").value(1.5)
        );
    }),
    ("StatsigEvent (1.4)", "metadata", |_| {
        let map = HashMap::from([("items".to_owned(), json!(3))]);
        assert_eq!(
            Event::new("visit").metadata_map(map),
            Event::new("visit").metadata("items", 3)
        );
    }),
    ("FeatureGate, DynamicConfig, Layer (1.4)", "name", |s| {
        let gate = s.statsig.get_feature_gate(&s.user, "a_gate");
        assert_eq!((&*gate.name, &*gate.rule_id), ("a_gate", "all"));
    }),
    ("FeatureGate, DynamicConfig, Layer (1.4)", "value", |s| {
        assert!(
            s.statsig
                .get_dynamic_config(&s.user, "a_config")
                .value()
                .is_some()
        );
    }),
    (
        "FeatureGate, DynamicConfig, Layer (1.4)",
        "evaluation_details",
        |s| {
            assert_eq!(
                s.statsig.get_layer(&s.user, "a_layer").details.reason,
                "Bootstrap:Recognized"
            );
        },
    ),
    ("FeatureGate, DynamicConfig, Layer (1.4)", "get", |s| {
        assert_eq!(
            s.statsig
                .get_layer(&s.user, "a_layer")
                .get("title", String::new()),
            "Hello"
        );
    }),
    ("StatsigDatastore (1.4)", "initialize", |_| {
        let store: Arc<dyn DataStore> = Arc::new(FileDataStore::new("."));
        let _ = store.support_polling_updates_for(RequestPath::RulesetsV2);
    }),
];
