//! The life of the client, events, client initialize responses, subscriptions.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use statsig::client_init::ClientInitResponseOptions;
use statsig::compat;
use statsig::{Event, Statsig};

use super::{Row, Setup};

/// One row of the guide: its section, the first name in it, and code for it.
pub(crate) const ROWS: &[Row] = &[
    ("Statsig", "new", |_| {
        drop(compat::Statsig::new("secret-key", None));
        drop(Statsig::new("secret-key", None));
    }),
    ("Statsig", "initialize", |s| {
        s.wait(s.compat.initialize()).expect("specs");
        let details = s.wait(s.statsig.initialize()).expect("specs");
        assert!(details.init_success);
    }),
    ("Statsig", "initialize_with_details", |s| {
        assert!(s.wait(s.compat.initialize_with_details()).is_ok());
    }),
    ("Statsig", "get_initialize_details", |s| {
        assert!(s.compat.get_initialize_details().is_some());
    }),
    ("Statsig", "is_initialized", |s| {
        assert!(s.compat.is_initialized());
    }),
    ("Statsig", "shutdown", |_| {
        let other = Setup::new();
        other.wait(other.compat.shutdown()).expect("no events");
    }),
    ("Statsig", "shutdown_with_timeout", |_| {
        let (other, second) = (Setup::new(), Duration::from_secs(1));
        other
            .wait(other.compat.shutdown_with_timeout(second))
            .expect("no events");
    }),
    ("Statsig", "get_context", |s| {
        assert!(s.compat.specs_status().received_at.is_some());
    }),
    ("Statsig", "shared", |s| {
        assert!(!compat::Statsig::shared().check_gate(&s.user, "a_gate"));
        assert!(Statsig::try_shared().is_none());
    }),
    ("Statsig", "new_shared", |_| {
        type Options = Option<Arc<compat::StatsigOptions>>;
        type Shared = Result<Arc<compat::Statsig>, compat::StatsigErr>;
        let new: fn(&str, Options) -> Shared = compat::Statsig::new_shared;
        let _ = new;
    }),
    ("Statsig", "remove_shared", |_| {
        let remove: fn() = compat::Statsig::remove_shared;
        let _ = remove;
    }),
    ("Statsig", "has_shared_instance", |_| {
        assert!(!compat::Statsig::has_shared_instance());
    }),
    ("Statsig", "get_client_init_response", |s| {
        assert_eq!(
            s.compat.get_client_init_response(&s.user)["has_updates"],
            true
        );
    }),
    ("Statsig", "get_client_init_response_with_options", |s| {
        let options = compat::ClientInitResponseOptions::default();
        assert_eq!(
            s.compat
                .get_client_init_response_with_options(&s.user, &options)["has_updates"],
            true
        );
    }),
    ("Statsig", "get_client_init_response_as_string", |s| {
        assert!(
            s.compat
                .get_client_init_response_as_string(&s.user)
                .contains("feature_gates")
        );
    }),
    (
        "Statsig",
        "get_client_init_response_with_options_as_string",
        |s| {
            let options = compat::ClientInitResponseOptions::default();
            assert!(
                !s.compat
                    .get_client_init_response_with_options_as_string(&s.user, &options)
                    .is_empty()
            );
            let options = ClientInitResponseOptions::new();
            assert!(
                !s.statsig
                    .get_client_init_response_as_string_with_options(&s.user, &options)
                    .is_empty()
            );
        },
    ),
    ("Statsig", "log_event", |s| {
        s.compat
            .log_event(&s.user, "visit", Some("home".to_owned()), None);
        s.statsig.log_event(
            &s.user,
            Event::new("visit").value("home").metadata("from", "mail"),
        );
    }),
    ("Statsig", "log_event_with_number", |s| {
        s.compat
            .log_event_with_number(&s.user, "paid", Some(9.99), None);
        s.statsig.log_event(&s.user, Event::new("paid").value(9.99));
    }),
    ("Statsig", "log_event_with_typed_metadata", |s| {
        let items = HashMap::from([("items".to_owned(), json!(3))]);
        s.compat
            .log_event_with_typed_metadata(&s.user, "visit", None, Some(items.clone()));
        s.statsig
            .log_event(&s.user, Event::new("visit").metadata_map(items));
    }),
    ("Statsig", "log_event_with_number_and_typed_metadata", |s| {
        let items = HashMap::from([("items".to_owned(), json!(3))]);
        s.compat
            .log_event_with_number_and_typed_metadata(&s.user, "paid", Some(9.99), Some(items));
    }),
    ("Statsig", "forward_log_line_event", |s| {
        s.compat.forward_log_line_event(
            &s.user,
            compat::StatsigLogLineLevel::Error,
            Some("no stock".to_owned()),
            None,
        );
    }),
    ("Statsig", "log_layer_param_exposure_with_layer_json", |s| {
        s.statsig
            .get_layer(&s.user, "a_layer")
            .log_exposure("title");
    }),
    ("Statsig", "log_layer_param_exposure_with_layer", |s| {
        let layer = s.compat.get_layer(&s.user, "a_layer");
        s.statsig
            .log_layer_param_exposure_with_layer(&layer, "title");
        s.compat
            .log_layer_param_exposure_with_layer(layer, "title".to_owned());
    }),
    ("Statsig", "flush_events", |s| {
        s.wait(s.compat.flush_events());
        assert_eq!(
            s.wait(s.statsig.flush_events())
                .expect("a running client")
                .pending,
            0
        );
    }),
    ("Statsig", "identify", |s| {
        s.compat.identify(&s.user);
    }),
    ("Statsig", "log_cmab_exposure_for_group", |s| {
        s.compat
            .log_cmab_exposure_for_group(&s.user, "a_bandit", "group".to_owned());
    }),
    ("Statsig", "restart_background_tasks_after_fork", |s| {
        assert!(s.compat.restart_background_tasks_after_fork());
        let child = s.statsig.after_fork();
        assert!(child.check_gate(&s.user, "a_gate"));
    }),
    (
        "Statsig",
        "restart_background_tasks_after_fork_with_timeout",
        |s| {
            assert!(
                s.compat
                    .restart_background_tasks_after_fork_with_timeout(Duration::from_secs(1))
            );
        },
    ),
    ("Statsig", "subscribe", |s| {
        let subscription: compat::SubscriptionID = s.compat.subscribe("*", |_| ());
        assert!(!subscription.is_error());
    }),
    ("Statsig", "unsubscribe", |s| {
        s.compat.unsubscribe("gate_evaluated");
    }),
    ("Statsig", "unsubscribe_by_id", |s| {
        s.compat.unsubscribe_by_id(s.compat.subscribe("*", |_| ()));
    }),
    ("Statsig", "unsubscribe_all", |s| {
        s.compat.unsubscribe_all();
    }),
];
