//! Traits that applications implement.

use std::sync::Arc;

use statsig::compat::{
    self, DataStoreTrait, EventLoggingAdapter, OverrideAdapter, PersistentStorage, SpecsAdapter,
};
use statsig::event_logging::FileEvents;
use statsig::overrides::OverrideValue;
use statsig::sources::{BootstrapSpecs, FileDataStore, RequestPath};
use statsig::storage::InMemoryPersistentStorage;
use statsig::{EntityKind, StatsigUser};

use super::{NoLists, Row, SPECS};

/// Forces every gate.
#[derive(Debug)]
struct Always;

impl OverrideAdapter for Always {
    fn gate(&self, _user: &StatsigUser, _name: &str) -> Option<bool> {
        Some(true)
    }
}

/// One row of the guide: its section, the first name in it, and code for it.
pub(crate) const ROWS: &[Row] = &[
    ("OverrideAdapter", "get_gate_override", |s| {
        assert_eq!(Always.gate(&s.user, "any"), Some(true));
    }),
    ("OverrideAdapter", "override_gate", |_| {
        assert!(!Always.set_override("any", None, &OverrideValue::Gate(true)));
        assert!(compat::StatsigLocalOverrideAdapter::new().set_override(
            "any",
            None,
            &OverrideValue::Gate(true)
        ));
    }),
    ("OverrideAdapter", "remove_gate_override", |_| {
        compat::StatsigLocalOverrideAdapter::new().remove_override(EntityKind::Gate, "any", None);
    }),
    ("OverrideAdapter", "remove_all_overrides", |_| {
        compat::StatsigLocalOverrideAdapter::new().remove_all_overrides();
    }),
    ("PersistentStorage", "load", |s| {
        let storage = InMemoryPersistentStorage::new();
        assert!(storage.load("a-user:userID").is_empty());
        storage.delete("a-user:userID", "an_experiment");
        assert!(storage.get_values_for_user(&s.user, "userID").is_empty());
    }),
    ("DataStoreTrait", "initialize", |_| {
        let store: Arc<dyn DataStoreTrait> = Arc::new(FileDataStore::new("."));
        let _ = store.support_polling_updates_for(RequestPath::RulesetsV2);
    }),
    ("SpecsAdapter", "initialize", |_| {
        let adapter: Arc<dyn SpecsAdapter> = Arc::new(BootstrapSpecs::new(SPECS));
        assert_eq!(adapter.source().to_string(), "Bootstrap");
    }),
    ("IdListsAdapter", "start", |_| {
        let _: Arc<dyn compat::IdListsAdapter> = Arc::new(NoLists);
    }),
    ("EventLoggingAdapter", "start", |s| {
        let events: Arc<dyn EventLoggingAdapter> = Arc::new(FileEvents::new("secret-key", "."));
        s.wait(events.shutdown());
    }),
    ("ObservabilityClient", "init", |s| {
        s.metrics.init();
        s.metrics.increment("a", 1.0, &[]);
    }),
    ("OutputLogProvider", "initialize", |_| {
        let _ = tracing_subscriber::registry();
    }),
];
