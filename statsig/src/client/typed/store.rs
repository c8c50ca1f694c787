//! A parameter store behind a typed struct: each target of its parameters is evaluated once, with
//! the same specs.

use std::sync::Arc;

use serde_json::Value;

use super::entity::Entity;
use crate::client::ParameterStoreEvaluationOptions;
use crate::client::exposure::Logging;
use crate::client::param_stores::ParameterStore;
use crate::client::view::View;
use crate::results::Reason;
use crate::specs::compiled::ParameterTarget;
use crate::text::SharedStr;
use crate::typed::{DecidedBy, ParamSource, Schema};
use crate::user::StatsigUser;
use statsig_core::entity_kind::EntityKind;

/// A parameter store, with the values of a struct's parameters.
#[derive(Debug)]
pub(super) struct OpenedStore {
    store: ParameterStore,
    parameters: Vec<(&'static str, Resolved)>,
    targets: Vec<Target>,
}

/// A target that some parameters of a store share.
#[derive(Debug)]
struct Target {
    kind: EntityKind,
    name: SharedStr,
    entity: Entity,
}

/// The place of a parameter's value.
#[derive(Debug)]
enum Resolved {
    Constant(Arc<Value>),
    /// For a gate: chosen by its value.
    Chosen {
        target: usize,
        value: Arc<Value>,
    },
    /// In the parameters of the target.
    Inside {
        target: usize,
        parameter: SharedStr,
    },
}

impl OpenedStore {
    pub(super) fn new(
        view: View<'_>,
        user: &StatsigUser,
        source: ParamSource,
        schema: &Schema,
    ) -> Self {
        let options = ParameterStoreEvaluationOptions::default();
        let mut opened = Self {
            store: view.parameter_store(user, source.name, options),
            parameters: Vec::new(),
            targets: Vec::new(),
        };
        for param in schema.params {
            if schema.source_of(param) == Some(source) {
                param.names().for_each(|name| opened.resolve(name));
            }
        }
        opened
    }

    fn resolve(&mut self, name: &'static str) {
        let Some(target) = self.store.target(name).cloned() else {
            return;
        };
        let resolved = match target {
            ParameterTarget::Static(value) => Resolved::Constant(value),
            ParameterTarget::Gate { name, pass, fail } => {
                let target = self.evaluate(EntityKind::Gate, name);
                let passes = self.entity(target).is_some_and(Entity::passes);
                let value = if passes { pass } else { fail };
                Resolved::Chosen { target, value }
            }
            ParameterTarget::Parameter {
                kind,
                name,
                parameter,
            } => {
                let target = self.evaluate(kind, name);
                Resolved::Inside { target, parameter }
            }
        };
        self.parameters.push((name, resolved));
    }

    /// The index of an evaluated target. Each target is evaluated once.
    fn evaluate(&mut self, kind: EntityKind, name: SharedStr) -> usize {
        let known = self
            .targets
            .iter()
            .position(|target| target.kind == kind && target.name == name);
        known.unwrap_or_else(|| {
            let mut fresh = None;
            let view = self.store.view();
            let call = view.evaluate(kind, &name, self.store.user(), &mut fresh);
            let entity = Entity::evaluated(&call);
            self.targets.push(Target { kind, name, entity });
            self.targets.len() - 1
        })
    }

    fn entity(&self, target: usize) -> Option<&Entity> {
        self.targets.get(target).map(|target| &target.entity)
    }

    fn resolved(&self, param: &str) -> Option<&Resolved> {
        let mut parameters = self.parameters.iter();
        let found = parameters.find(|(name, _)| *name == param);
        found.map(|(_, resolved)| resolved)
    }

    /// The target of a parameter, and the parameter's name there.
    fn referred(&self, param: &str) -> Option<(&Entity, &str)> {
        match self.resolved(param)? {
            Resolved::Constant(_) => None,
            Resolved::Chosen { target, .. } => Some((self.entity(*target)?, "")),
            Resolved::Inside { target, parameter } => Some((self.entity(*target)?, parameter)),
        }
    }

    pub(super) fn value(&self, param: &str) -> Option<&Value> {
        match self.resolved(param)? {
            Resolved::Constant(value) | Resolved::Chosen { value, .. } => Some(value),
            Resolved::Inside { target, parameter } => self.entity(*target)?.value(parameter),
        }
    }

    pub(super) fn expose(&self, param: &str, logging: Logging) {
        if let Some((entity, parameter)) = self.referred(param) {
            entity.expose(parameter, logging);
        }
    }

    pub(super) fn is_recognized(&self) -> bool {
        matches!(
            self.store.details.reason,
            Reason::Recognized { .. } | Reason::Overridden(_)
        )
    }

    /// The decision of a parameter's target.
    pub(super) fn decided_by(&self, param: Option<&str>) -> DecidedBy {
        let referred = param.and_then(|param| self.referred(param));
        let meta = referred.map(|(entity, parameter)| entity.decided_by(Some(parameter)));
        DecidedBy {
            reason: self.store.details.reason.to_string(),
            ..meta.unwrap_or_default()
        }
    }

    pub(super) fn user(&self) -> &StatsigUser {
        self.store.user()
    }
}
