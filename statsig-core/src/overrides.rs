//! Local overrides: forced values for one ID or for all users, for tests and development.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::entity_kind::EntityKind;
use crate::persistent::PersistentMap;
use crate::user::StatsigUser;
use crate::value::text_of;

/// The value that an override forces on an experiment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ExperimentOverride {
    /// Exactly these parameters.
    Parameters(Arc<Map<String, Value>>),
    /// The parameters of the first rule with this group name. Without such a group, the parameters
    /// are empty.
    Group(String),
}

/// A source of overrides. Overrides win over the specs.
///
/// The SDK has an adapter in memory, a `LocalOverrides`; the `override_*` methods of `Statsig`
/// write to it. Implement this trait to read overrides from another place, such as the headers of a
/// request, and pass your adapter to `StatsigOptionsBuilder::override_adapter`. Each evaluation
/// asks it before the adapter in memory, on the caller's thread. It must not block.
///
/// The SDK also asks for nested gates and delegated experiments. By default, every method returns
/// `None`, and the adapter cannot be written to.
///
/// ```
/// use statsig::overrides::OverrideAdapter;
/// use statsig::StatsigUser;
///
/// #[derive(Debug)]
/// struct Testers;
///
/// impl OverrideAdapter for Testers {
///     fn gate(&self, user: &StatsigUser, name: &str) -> Option<bool> {
///         let is_tester = user.user_id().is_some_and(|id| id.starts_with("tester-"));
///         (name == "new_checkout" && is_tester).then_some(true)
///     }
/// }
///
/// let user = StatsigUser::with_user_id("tester-7");
/// assert_eq!(Testers.gate(&user, "new_checkout"), Some(true));
/// ```
pub trait OverrideAdapter: Debug + Send + Sync + 'static {
    /// The value of a gate.
    fn gate(&self, user: &StatsigUser, name: &str) -> Option<bool> {
        let _ = (user, name);
        None
    }

    /// The parameters of a dynamic config. They do not apply to an experiment, even if it has the
    /// same name.
    fn dynamic_config(&self, user: &StatsigUser, name: &str) -> Option<Arc<Map<String, Value>>> {
        let _ = (user, name);
        None
    }

    /// The parameters or the group of an experiment. They do not apply to a dynamic config.
    fn experiment(&self, user: &StatsigUser, name: &str) -> Option<ExperimentOverride> {
        let _ = (user, name);
        None
    }

    /// All parameters of a layer.
    fn layer(&self, user: &StatsigUser, name: &str) -> Option<Arc<Map<String, Value>>> {
        let _ = (user, name);
        None
    }

    /// The parameters of a parameter store. They replace all parameters of the store. A value is a
    /// parameter as in the specs (`ref_type`, …), or any other value, which is a constant.
    fn parameter_store(&self, user: &StatsigUser, name: &str) -> Option<Arc<Map<String, Value>>> {
        let _ = (user, name);
        None
    }

    /// Sets an override, for one ID or for all users, and returns whether this adapter keeps it.
    /// The `override_*` methods of `Statsig` call it. If it returns `false`, as by default, the SDK
    /// keeps the override in memory.
    fn set_override(&self, name: &str, id: Option<&str>, value: &OverrideValue) -> bool {
        let _ = (name, id, value);
        false
    }

    /// Removes the override for an ID, or, without an ID, all overrides of this kind and name. The
    /// `remove_*_override` methods of `Statsig` call it. By default it does nothing.
    fn remove_override(&self, kind: EntityKind, name: &str, id: Option<&str>) {
        let _ = (kind, name, id);
    }

    /// Removes all overrides. `Statsig::remove_all_overrides` calls it. By default it does nothing.
    fn remove_all_overrides(&self) {}
}

/// The overrides of one kind of entity: by name, then by ID or for all users.
#[derive(Debug, Clone)]
struct ByName<T>(PersistentMap<ById<T>>);

#[derive(Debug, Clone)]
struct ById<T> {
    for_all: Option<T>,
    for_id: PersistentMap<T>,
}

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self(PersistentMap::default())
    }
}

impl<T> Default for ById<T> {
    fn default() -> Self {
        Self {
            for_all: None,
            for_id: PersistentMap::default(),
        }
    }
}

impl<T: Clone> ByName<T> {
    /// Finds the override for the user ID, else for a custom ID of any type, else for all users.
    fn find(&self, user: &StatsigUser, name: &str) -> Option<&T> {
        let overrides = self.0.get(name)?;
        let for_id = |id: &Value| overrides.for_id.get(&text_of(id)?);
        let data = user.data();
        data.user_id
            .as_ref()
            .and_then(for_id)
            .or_else(|| {
                data.custom_ids
                    .iter()
                    .flat_map(BTreeMap::values)
                    .find_map(for_id)
            })
            .or(overrides.for_all.as_ref())
    }

    fn set(&mut self, name: &str, id: Option<&str>, value: T) {
        let mut overrides = self.0.get(name).cloned().unwrap_or_default();
        match id {
            None => overrides.for_all = Some(value),
            Some(id) => overrides.for_id.set(id, value),
        }
        self.0.set(name, overrides);
    }

    /// Removes the override for an ID, or all overrides of this name.
    fn remove(&mut self, name: &str, id: Option<&str>) {
        let Some(overrides) = self.0.get(name) else {
            return;
        };
        let mut rest = overrides.clone();
        match id {
            None => rest = ById::default(),
            Some(id) => rest.for_id.remove(id),
        }
        if rest.for_id.is_empty() && rest.for_all.is_none() {
            self.0.remove(name);
        } else {
            self.0.set(name, rest);
        }
    }
}

/// One immutable set of overrides. Each change makes a new set.
#[derive(Debug, Clone, Default)]
pub struct OverrideSet {
    gates: ByName<bool>,
    dynamic_configs: ByName<Arc<Map<String, Value>>>,
    experiments: ByName<ExperimentOverride>,
    layers: ByName<Arc<Map<String, Value>>>,
    parameter_stores: ByName<Arc<Map<String, Value>>>,
}

/// What an override forces, and on which kind of entity.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum OverrideValue {
    /// A gate passes or fails.
    Gate(bool),
    /// A dynamic config has these parameters.
    DynamicConfig(Arc<Map<String, Value>>),
    /// An experiment has these parameters, or those of a group.
    Experiment(ExperimentOverride),
    /// A layer has these parameters.
    Layer(Arc<Map<String, Value>>),
    /// A parameter store has these parameters.
    ParameterStore(Arc<Map<String, Value>>),
}

impl OverrideValue {
    /// The kind of entity that the override is for.
    #[must_use]
    pub fn kind(&self) -> EntityKind {
        match self {
            Self::Gate(_) => EntityKind::Gate,
            Self::DynamicConfig(_) => EntityKind::DynamicConfig,
            Self::Experiment(_) => EntityKind::Experiment,
            Self::Layer(_) => EntityKind::Layer,
            Self::ParameterStore(_) => EntityKind::ParameterStore,
        }
    }
}

impl OverrideSet {
    /// Whether the set has no overrides.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gates.0.is_empty()
            && self.dynamic_configs.0.is_empty()
            && self.experiments.0.is_empty()
            && self.layers.0.is_empty()
            && self.parameter_stores.0.is_empty()
    }

    /// Sets an override, for one ID or for all users.
    pub fn set(&mut self, name: &str, id: Option<&str>, value: OverrideValue) {
        match value {
            OverrideValue::Gate(value) => self.gates.set(name, id, value),
            OverrideValue::DynamicConfig(value) => self.dynamic_configs.set(name, id, value),
            OverrideValue::Experiment(value) => self.experiments.set(name, id, value),
            OverrideValue::Layer(value) => self.layers.set(name, id, value),
            OverrideValue::ParameterStore(value) => self.parameter_stores.set(name, id, value),
        }
    }

    /// Removes the override for an ID, or all overrides of this name.
    pub fn remove(&mut self, name: &str, id: Option<&str>, from: EntityKind) {
        match from {
            EntityKind::Gate => self.gates.remove(name, id),
            EntityKind::DynamicConfig => self.dynamic_configs.remove(name, id),
            EntityKind::Experiment => self.experiments.remove(name, id),
            EntityKind::Layer => self.layers.remove(name, id),
            EntityKind::ParameterStore => self.parameter_stores.remove(name, id),
        }
    }
}

impl OverrideAdapter for OverrideSet {
    fn gate(&self, user: &StatsigUser, name: &str) -> Option<bool> {
        self.gates.find(user, name).copied()
    }

    fn dynamic_config(&self, user: &StatsigUser, name: &str) -> Option<Arc<Map<String, Value>>> {
        self.dynamic_configs.find(user, name).cloned()
    }

    fn experiment(&self, user: &StatsigUser, name: &str) -> Option<ExperimentOverride> {
        self.experiments.find(user, name).cloned()
    }

    fn layer(&self, user: &StatsigUser, name: &str) -> Option<Arc<Map<String, Value>>> {
        self.layers.find(user, name).cloned()
    }

    fn parameter_store(&self, user: &StatsigUser, name: &str) -> Option<Arc<Map<String, Value>>> {
        self.parameter_stores.find(user, name).cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Counts its clones.
    #[derive(Debug, Default)]
    struct Counted(Arc<AtomicUsize>);

    impl Clone for Counted {
        fn clone(&self) -> Self {
            self.0.fetch_add(1, Ordering::Relaxed);
            Self(Arc::clone(&self.0))
        }
    }

    #[test]
    fn an_override_for_one_more_id_or_name_copies_few_of_those_before() {
        let copies = Arc::new(AtomicUsize::new(0));
        let mut set = ByName::default();
        for number in 0..4_000 {
            // Simulates readers that still hold the previous set.
            let before = set.clone();
            let id = format!("id-{number}");
            set.set("a_gate", Some(&id), Counted(Arc::clone(&copies)));
            set.set(
                &format!("gate-{number}"),
                None,
                Counted(Arc::clone(&copies)),
            );
            drop(before);
        }
        let copies = copies.load(Ordering::Relaxed);
        assert!(copies < 40 * 4_000, "{copies} copies");
    }
}
