//! Selects the app of a response and the entities in it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use super::ClientInitResponseOptions;
use crate::evaluation::Evaluation;
use crate::hash::djb2;
use crate::specs::compiled::{CompiledSpecs, Entity, ParamStore, Spec};
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;
use crate::value::text_of;

/// The app of the response: that of the options, else that of the client SDK key, else that of the
/// specs.
pub(super) fn selected_app<'a>(
    specs: &'a CompiledSpecs,
    options: &ClientInitResponseOptions,
) -> Option<Cow<'a, Value>> {
    if let Some(id) = &options.target_app_id {
        return Some(Cow::Owned(Value::String(id.clone())));
    }
    let mut app = specs.app_id.as_ref();
    if let Some(key) = &options.client_sdk_key {
        if let Some(ids) = &specs.for_clients.app_ids_by_key {
            app = ids.get(key);
        }
        if let Some(ids) = &specs.for_clients.app_ids_by_hashed_key {
            app = ids.get(&djb2(key));
        }
    }
    app.map(Cow::Borrowed)
}

/// Decides which entities the response includes.
#[derive(Debug)]
pub(super) struct Selection<'a> {
    options: &'a ClientInitResponseOptions,
    /// Includes only entities for this app. `None` includes all.
    app: Option<Cow<'a, str>>,
}

impl<'a> Selection<'a> {
    pub(super) fn new(options: &'a ClientInitResponseOptions, app: Option<&'a Value>) -> Self {
        let is_for_app = options.client_sdk_key.is_some() || options.target_app_id.is_some();
        Self {
            options,
            app: app.filter(|_| is_for_app).and_then(text_of),
        }
    }

    /// Whether the response evaluates a spec of this name.
    pub(super) fn includes(&self, name: &str, spec: &Spec) -> bool {
        let options = self.options;
        let is_wanted = match spec.entity {
            Entity::Segment | Entity::Holdout => false,
            Entity::FeatureGate => allows(options.feature_gate_filter.as_ref(), name),
            Entity::Experiment => allows(options.experiment_filter.as_ref(), name),
            Entity::DynamicConfig => allows(options.dynamic_config_filter.as_ref(), name),
            Entity::Layer => allows(options.layer_filter.as_ref(), name),
            Entity::Autotune | Entity::Unknown => true,
        };
        is_wanted && self.targets_app(spec.target_app_ids.as_deref())
    }

    /// Whether the response evaluates a contextual bandit of this name.
    pub(super) fn includes_cmab(&self, name: &str, target_app_ids: Option<&[SharedStr]>) -> bool {
        allows(self.options.experiment_filter.as_ref(), name) && self.targets_app(target_app_ids)
    }

    /// Whether the response includes a parameter store of this name.
    pub(super) fn includes_store(&self, name: &str, store: &ParamStore) -> bool {
        allows(self.options.param_store_filter.as_ref(), name)
            && self.targets_app(store.target_app_ids.as_deref())
    }

    fn targets_app(&self, target_app_ids: Option<&[SharedStr]>) -> bool {
        self.app
            .as_ref()
            .is_none_or(|app| target_app_ids.is_some_and(|ids| ids.iter().any(|id| *id == **app)))
    }

    /// Whether an evaluated entity stays in the response.
    pub(super) fn keeps(&self, entity: Entity, evaluation: &Evaluation) -> bool {
        match entity {
            Entity::FeatureGate => {
                let is_default = evaluation.rule_symbol() == Symbol::DEFAULT
                    && !evaluation.value
                    && evaluation.nested_gates.is_empty();
                !(self.options.remove_default_value_gates && is_default)
            }
            Entity::Experiment => {
                !(self.options.remove_experiments_in_layers && evaluation.is_in_layer)
            }
            _ => true,
        }
    }
}

fn allows(filter: Option<&BTreeSet<String>>, name: &str) -> bool {
    filter.is_none_or(|names| names.contains(name))
}
