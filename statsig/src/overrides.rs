//! Forced values. Those of the application's adapter and those set on the client apply to every
//! read; those of a [`RequestOverrides`] apply to one pinned client.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use serde_json::{Map, Value};
pub use statsig_core::overrides::{ExperimentOverride, OverrideAdapter};
pub(crate) use statsig_core::overrides::{OverrideChange, OverrideSet};
pub use statsig_core::request_overrides::{OverriddenName, RequestOverrides};
use statsig_core::user::StatsigUser;
use statsig_core::value::depth::bounded_shared;

use crate::guard::guarded;
use statsig_core::entity_kind::EntityKind;

/// The overrides in use: the application's adapter first, then the set in memory.
#[derive(Debug)]
pub(crate) struct Overrides {
    adapter: Option<Arc<dyn OverrideAdapter>>,
    set: ArcSwap<OverrideSet>,
    /// Whether an override was ever set. Without overrides, evaluations must not pay for them.
    /// Never cleared, because clearing could hide an override that another thread sets at the same
    /// time.
    was_set: AtomicBool,
}

impl Overrides {
    pub(crate) fn new(adapter: Option<Arc<dyn OverrideAdapter>>) -> Self {
        Self {
            adapter,
            set: ArcSwap::default(),
            was_set: AtomicBool::new(false),
        }
    }

    /// The overrides, if there can be any.
    #[inline]
    pub(crate) fn active(&self) -> Option<&dyn OverrideAdapter> {
        let is_active = self.adapter.is_some()
            || (self.was_set.load(Ordering::Acquire) && !self.set.load().is_empty());
        is_active.then_some(self)
    }

    /// Asks the application's adapter, if there is one. An adapter that panics overrides nothing.
    fn ask<T>(&self, question: impl FnOnce(&dyn OverrideAdapter) -> Option<T>) -> Option<T> {
        let adapter = self.adapter.as_deref()?;
        guarded("the override adapter", || question(adapter)).flatten()
    }

    pub(crate) fn set(&self, name: &str, id: Option<&str>, change: &OverrideChange) {
        self.was_set.store(true, Ordering::Release);
        self.update(|set| set.set(name, id, change.clone()));
    }

    pub(crate) fn remove(&self, name: &str, id: Option<&str>, from: EntityKind) {
        self.update(|set| set.remove(name, id, from));
    }

    pub(crate) fn remove_all(&self) {
        self.update(|set| *set = OverrideSet::default());
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

impl OverrideAdapter for Overrides {
    fn gate(&self, user: &StatsigUser, name: &str) -> Option<bool> {
        let own = self.ask(|adapter| adapter.gate(user, name));
        own.or_else(|| self.set.load().gate(user, name))
    }

    fn dynamic_config(&self, user: &StatsigUser, name: &str) -> Option<Arc<Map<String, Value>>> {
        let own = self.ask(|adapter| adapter.dynamic_config(user, name));
        let own = own.map(|parameters| bounded(parameters, name));
        own.or_else(|| self.set.load().dynamic_config(user, name))
    }

    fn experiment(&self, user: &StatsigUser, name: &str) -> Option<ExperimentOverride> {
        let own = self.ask(|adapter| adapter.experiment(user, name));
        let own = own.map(|forced| match forced {
            ExperimentOverride::Parameters(parameters) => {
                ExperimentOverride::Parameters(bounded(parameters, name))
            }
            other => other,
        });
        own.or_else(|| self.set.load().experiment(user, name))
    }

    fn layer(&self, user: &StatsigUser, name: &str) -> Option<Arc<Map<String, Value>>> {
        let own = self.ask(|adapter| adapter.layer(user, name));
        let own = own.map(|parameters| bounded(parameters, name));
        own.or_else(|| self.set.load().layer(user, name))
    }

    fn parameter_store(&self, user: &StatsigUser, name: &str) -> Option<Arc<Map<String, Value>>> {
        let own = self.ask(|adapter| adapter.parameter_store(user, name));
        let own = own.map(|parameters| bounded(parameters, name));
        own.or_else(|| self.set.load().parameter_store(user, name))
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
                        overrides.set(&name, None, &OverrideChange::Gate(true));
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
}
