//! Forced values. Those of the application's adapter and those in memory apply to every read; those
//! of a [`RequestOverrides`] apply to one pinned client.
//!
//! # One request
//!
//! A tester wants to see a gate or a parameter in another state, in one request, without changing
//! it for other users and without exposures that spoil an experiment. For that request, a service
//! reads with [`PinnedStatsig::with_overrides`](crate::PinnedStatsig::with_overrides). Where the
//! overrides come from is up to the service. The feature `signed-overrides` adds tokens that only
//! the holder of a key can make (`overrides::signed`); `statsig-axum` takes them from a header or a
//! cookie.

#[cfg(feature = "signed-overrides")]
pub mod signed;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use serde_json::{Map, Value};
use statsig_core::overrides::OverrideSet;
pub use statsig_core::overrides::{ExperimentOverride, OverrideAdapter, OverrideValue};
pub use statsig_core::request_overrides::{OverriddenName, RequestOverrides};
use statsig_core::user::StatsigUser;
use statsig_core::value::depth::bounded_shared;

use crate::guard::guarded;
use statsig_core::entity_kind::EntityKind;

/// Overrides in memory, which can be set and removed at any time. Each client has its own; share
/// one between clients by [`override_adapter`](crate::StatsigOptionsBuilder::override_adapter).
///
/// ```
/// use std::sync::Arc;
/// use statsig::overrides::{LocalOverrides, OverrideAdapter, OverrideValue};
/// use statsig::{EntityKind, Statsig, StatsigOptions, StatsigUser};
///
/// let overrides = Arc::new(LocalOverrides::new());
/// let options = StatsigOptions::builder().override_adapter(overrides.clone()).build()?;
/// let statsig = Statsig::new("secret-key", options);
/// let alice = StatsigUser::with_user_id("alice");
///
/// overrides.set_override("new_checkout", Some("alice"), &OverrideValue::Gate(true));
/// assert!(statsig.check_gate(&alice, "new_checkout"));
///
/// overrides.remove_override(EntityKind::Gate, "new_checkout", Some("alice"));
/// assert!(!statsig.check_gate(&alice, "new_checkout"));
/// # Ok::<(), statsig::OptionsError>(())
/// ```
#[derive(Debug, Default)]
pub struct LocalOverrides {
    set: ArcSwap<OverrideSet>,
    /// Whether an override was ever set. Without overrides, evaluations must not pay for them.
    /// Never cleared, because clearing could hide an override that another thread sets at the same
    /// time.
    was_set: AtomicBool,
}

impl LocalOverrides {
    /// Without overrides.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn is_empty(&self) -> bool {
        !self.was_set.load(Ordering::Acquire) || self.set.load().is_empty()
    }

    /// Replaces the set atomically: readers see it before or after the change. Takes no lock,
    /// because in a fork a lock could be held forever.
    fn update(&self, change: impl Fn(&mut OverrideSet)) {
        self.set.rcu(|set| {
            let mut next = OverrideSet::clone(set);
            change(&mut next);
            next
        });
    }
}

impl OverrideAdapter for LocalOverrides {
    fn gate(&self, user: &StatsigUser, name: &str) -> Option<bool> {
        self.set.load().gate(user, name)
    }

    fn dynamic_config(&self, user: &StatsigUser, name: &str) -> Option<Arc<Map<String, Value>>> {
        self.set.load().dynamic_config(user, name)
    }

    fn experiment(&self, user: &StatsigUser, name: &str) -> Option<ExperimentOverride> {
        self.set.load().experiment(user, name)
    }

    fn layer(&self, user: &StatsigUser, name: &str) -> Option<Arc<Map<String, Value>>> {
        self.set.load().layer(user, name)
    }

    fn parameter_store(&self, user: &StatsigUser, name: &str) -> Option<Arc<Map<String, Value>>> {
        self.set.load().parameter_store(user, name)
    }

    fn set_override(&self, name: &str, id: Option<&str>, value: &OverrideValue) -> bool {
        self.was_set.store(true, Ordering::Release);
        self.update(|set| set.set(name, id, value.clone()));
        true
    }

    fn remove_override(&self, kind: EntityKind, name: &str, id: Option<&str>) {
        self.update(|set| set.remove(name, id, kind));
    }

    fn remove_all_overrides(&self) {
        self.update(|set| *set = OverrideSet::default());
    }
}

/// The overrides in use: the application's adapter first, then those in memory.
#[derive(Debug)]
pub(crate) struct Overrides {
    adapter: Option<Arc<dyn OverrideAdapter>>,
    local: LocalOverrides,
}

impl Overrides {
    pub(crate) fn new(adapter: Option<Arc<dyn OverrideAdapter>>) -> Self {
        Self {
            adapter,
            local: LocalOverrides::new(),
        }
    }

    /// The overrides, if there can be any.
    #[inline]
    pub(crate) fn active(&self) -> Option<&dyn OverrideAdapter> {
        let is_active = self.adapter.is_some() || !self.local.is_empty();
        is_active.then_some(self)
    }

    /// Asks the application's adapter, if there is one. An adapter that panics overrides nothing.
    fn ask<T>(&self, question: impl FnOnce(&dyn OverrideAdapter) -> Option<T>) -> Option<T> {
        let adapter = self.adapter.as_deref()?;
        guarded("the override adapter", || question(adapter)).flatten()
    }

    /// The parameters of the application's adapter, or else those in memory.
    fn parameters(
        &self,
        name: &str,
        question: impl Fn(&dyn OverrideAdapter) -> Option<Arc<Map<String, Value>>>,
    ) -> Option<Arc<Map<String, Value>>> {
        let own = self.ask(&question);
        own.map(|parameters| bounded(parameters, name))
            .or_else(|| question(&self.local))
    }

    /// Sets an override in the application's adapter, or in memory if the adapter does not keep it.
    pub(crate) fn set(&self, name: &str, id: Option<&str>, value: &OverrideValue) {
        let keeps = |adapter: &dyn OverrideAdapter| Some(adapter.set_override(name, id, value));
        if self.ask(keeps) != Some(true) {
            self.local.set_override(name, id, value);
        }
    }

    /// Removes overrides from the application's adapter and from memory.
    pub(crate) fn remove(&self, name: &str, id: Option<&str>, from: EntityKind) {
        self.ask(|adapter| {
            adapter.remove_override(from, name, id);
            Some(())
        });
        self.local.remove_override(from, name, id);
    }

    pub(crate) fn remove_all(&self) {
        self.ask(|adapter| {
            adapter.remove_all_overrides();
            Some(())
        });
        self.local.remove_all_overrides();
    }
}

impl OverrideAdapter for Overrides {
    fn gate(&self, user: &StatsigUser, name: &str) -> Option<bool> {
        let own = self.ask(|adapter| adapter.gate(user, name));
        own.or_else(|| self.local.gate(user, name))
    }

    fn dynamic_config(&self, user: &StatsigUser, name: &str) -> Option<Arc<Map<String, Value>>> {
        self.parameters(name, |adapter| adapter.dynamic_config(user, name))
    }

    fn experiment(&self, user: &StatsigUser, name: &str) -> Option<ExperimentOverride> {
        let own = self.ask(|adapter| adapter.experiment(user, name));
        let own = own.map(|forced| match forced {
            ExperimentOverride::Parameters(parameters) => {
                ExperimentOverride::Parameters(bounded(parameters, name))
            }
            other => other,
        });
        own.or_else(|| self.local.experiment(user, name))
    }

    fn layer(&self, user: &StatsigUser, name: &str) -> Option<Arc<Map<String, Value>>> {
        self.parameters(name, |adapter| adapter.layer(user, name))
    }

    fn parameter_store(&self, user: &StatsigUser, name: &str) -> Option<Arc<Map<String, Value>>> {
        self.parameters(name, |adapter| adapter.parameter_store(user, name))
    }
}

/// The parameters of the application's adapter, without those that are nested too deep.
fn bounded(parameters: Arc<Map<String, Value>>, name: &str) -> Arc<Map<String, Value>> {
    bounded_shared(parameters, format_args!("the adapter's override of {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_set_while_others_are_removed_holds() {
        let overrides = Overrides::new(None);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let overrides = &overrides;
                scope.spawn(move || {
                    let name = format!("gate-{thread}");
                    for _ in 0..500 {
                        overrides.set(&name, None, &OverrideValue::Gate(true));
                        for _ in 0..100 {
                            assert!(overrides.active().is_some());
                        }
                        overrides.remove(&name, None, EntityKind::Gate);
                    }
                });
            }
        });
        assert!(overrides.active().is_none());
    }

    /// Keeps gates, and nothing else.
    #[derive(Debug, Default)]
    struct Gates(LocalOverrides);

    impl OverrideAdapter for Gates {
        fn gate(&self, user: &StatsigUser, name: &str) -> Option<bool> {
            self.0.gate(user, name)
        }

        fn set_override(&self, name: &str, id: Option<&str>, value: &OverrideValue) -> bool {
            value.kind() == EntityKind::Gate && self.0.set_override(name, id, value)
        }

        fn remove_override(&self, kind: EntityKind, name: &str, id: Option<&str>) {
            self.0.remove_override(kind, name, id);
        }

        fn remove_all_overrides(&self) {
            self.0.remove_all_overrides();
        }
    }

    #[test]
    fn overrides_set_on_the_client_go_to_its_adapter_if_that_keeps_them() {
        let adapter = Arc::new(Gates::default());
        let overrides = Overrides::new(Some(adapter.clone()));
        let user = StatsigUser::with_user_id("ann");
        let layer = Arc::new(Map::from_iter([("size".to_owned(), 5.into())]));
        overrides.set("a_gate", Some("ann"), &OverrideValue::Gate(true));
        overrides.set("a_layer", None, &OverrideValue::Layer(layer.clone()));
        assert_eq!(adapter.0.gate(&user, "a_gate"), Some(true));
        assert_eq!(adapter.0.layer(&user, "a_layer"), None);
        assert_eq!(overrides.layer(&user, "a_layer"), Some(layer));

        overrides.remove("a_gate", Some("ann"), EntityKind::Gate);
        assert_eq!(adapter.0.gate(&user, "a_gate"), None);
        overrides.set("a_gate", None, &OverrideValue::Gate(true));
        overrides.remove_all();
        assert_eq!(adapter.0.gate(&user, "a_gate"), None);
        assert_eq!(overrides.layer(&user, "a_layer"), None);
    }
}
