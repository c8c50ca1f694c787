//! Reads for other flag APIs: find an entity by name, decode its value, and expose what was served.
//!
//! Hidden from the documentation. `statsig-openfeature` reads with it.

use std::fmt;

use serde_json::{Map, Value};

use statsig_core::evaluation::Basis;

use super::evaluated_call::{EvaluatedCall, OwnedEvaluation};
use super::exposure::Logging;
use super::param_stores::ParameterStore;
use super::sticky::{StickyAssignment, StickyOptions};
use super::view::View;
use super::{ParameterStoreEvaluationOptions, Statsig};
use crate::evaluation::{Outcome, ParametersRef};
use crate::overrides::RequestOverrides;
use crate::results::{Reason, SpecsSource};
use crate::specs::compiled::{Entity, Parameter, ParameterTarget};
use crate::specs::symbols::Symbol;
use crate::storage::UserPersistedValues;
use crate::text::SharedStr;
use crate::user::StatsigUser;
use statsig_core::entity_kind::EntityKind;

/// Reads of one generation.
#[derive(Clone, Copy)]
pub struct FlagReader<'a> {
    view: View<'a>,
}

/// What to read.
#[derive(Debug, Clone, Copy)]
pub struct FlagQuery<'a> {
    /// The user.
    pub user: &'a StatsigUser,
    /// The kind of entity.
    pub kind: EntityKind,
    /// Its name.
    pub name: &'a str,
    /// The part of its value. A gate has only one.
    pub part: FlagPart<'a>,
    /// The values that are stored for the user.
    pub stored: Option<&'a UserPersistedValues>,
}

/// A part of the value of an entity with parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagPart<'a> {
    /// All parameters.
    Whole,
    /// The only parameter.
    Only,
    /// One parameter.
    Parameter(&'a str),
}

/// A value to decode.
#[derive(Debug)]
pub enum FlagValue<'a> {
    /// A gate.
    Gate(bool),
    /// A parameter.
    One(&'a Value),
    /// All parameters.
    All(&'a Map<String, Value>),
    /// The entity does not have the parameter.
    Missing,
    /// The names of the parameters, if the read asked for the only one, and there are none or
    /// several.
    Several(Vec<SharedStr>),
    /// The specs use something unknown, or an evaluation reached a limit.
    Unevaluated(Reason),
}

/// A served value, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct FlagRead<R> {
    /// The decoded value.
    pub value: R,
    /// The rule that decided; empty for a constant.
    pub rule_id: SharedStr,
    /// The user's group.
    pub group_name: Option<SharedStr>,
    /// The type of ID that the entity buckets by; empty for a constant.
    pub id_type: SharedStr,
    /// The version of the entity.
    pub version: Option<u32>,
    /// The source of the specs.
    pub source: SpecsSource,
    /// What decided.
    pub basis: Basis,
}

impl Statsig {
    /// Reads with one generation.
    #[doc(hidden)]
    #[inline]
    pub fn with_flags<R>(&self, read: impl FnOnce(FlagReader<'_>) -> R) -> R {
        let specs = self.specs();
        read(FlagReader {
            view: self.view(&specs),
        })
    }
}

impl fmt::Debug for FlagReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlagReader").finish_non_exhaustive()
    }
}

impl FlagReader<'_> {
    /// Whether there are specs. Without, only overrides have values.
    #[must_use]
    pub fn has_specs(&self) -> bool {
        self.view.published.has_specs()
    }

    /// The source of the specs.
    #[must_use]
    pub fn source(&self) -> &SpecsSource {
        &self.view.published.source
    }

    /// The first of these kinds that has an entity of this name.
    #[must_use]
    pub fn first_of(
        &self,
        user: &StatsigUser,
        name: &str,
        kinds: &[EntityKind],
    ) -> Option<EntityKind> {
        let specs = &self.view.published.specs;
        let entry = specs.find(name).and_then(|id| specs.entry(id));
        let is_known = |kind| match (kind, entry) {
            (EntityKind::ParameterStore, _) => specs.param_stores.contains_key(name),
            (_, None) => false,
            (EntityKind::Gate | EntityKind::Layer, Some(entry)) => entry.spec(kind).is_some(),
            (EntityKind::DynamicConfig | EntityKind::Experiment, Some(entry)) => {
                let config = entry.config.and_then(|id| specs.spec(id));
                let is_experiment = match config.map(|config| config.entity) {
                    Some(Entity::Experiment | Entity::Autotune) => Some(true),
                    Some(_) => Some(false),
                    None => entry.cmab.map(|_| true),
                };
                is_experiment == Some(kind == EntityKind::Experiment)
            }
        };
        let overrides = self.view.client.shared.overrides.active();
        let is_overridden = |kind| {
            overrides.is_some_and(|overrides| match kind {
                EntityKind::Gate => overrides.gate(user, name).is_some(),
                EntityKind::DynamicConfig => overrides.dynamic_config(user, name).is_some(),
                EntityKind::Experiment => overrides.experiment(user, name).is_some(),
                EntityKind::Layer => overrides.layer(user, name).is_some(),
                EntityKind::ParameterStore => overrides.parameter_store(user, name).is_some(),
            })
        };
        let forced = self.view.published.request_overrides.as_deref();
        let is_forced = |kind| {
            let mut names = forced.into_iter().flat_map(RequestOverrides::names);
            names.any(|forced| forced.kind == kind && forced.entity == name)
        };
        let mut kinds = kinds.iter().copied();
        kinds.find(|kind| is_known(*kind) || is_overridden(*kind) || is_forced(*kind))
    }

    /// Evaluates an entity and decodes a part of its value. If that succeeds, logs the exposure of
    /// what was decoded.
    pub fn read<R, E>(
        &self,
        query: FlagQuery<'_>,
        decode: impl FnOnce(FlagValue<'_>) -> Result<R, E>,
    ) -> Result<FlagRead<R>, E> {
        if query.kind == EntityKind::ParameterStore {
            return self.read_store(query, decode);
        }
        let mut fresh = None;
        let call = (self.view).evaluate(query.kind, query.name, query.user, &mut fresh);
        if let Some(assignment) = call.assignment(StickyOptions::of(query.stored)) {
            return read_assignment(&call, &assignment, query.part, decode);
        }
        if let Outcome::TooDeep | Outcome::Unsupported = call.evaluation.outcome {
            let decoded = decode(FlagValue::Unevaluated(call.details().reason));
            return decoded.map(|value| read_of(&call, None, value));
        }
        if query.kind == EntityKind::Gate {
            let value = decode(FlagValue::Gate(call.evaluation.value))?;
            call.expose(Logging::Automatic);
            call.report();
            return Ok(read_of(&call, None, value));
        }
        let none = Map::new();
        let parameters = match &call.evaluation.parameters {
            ParametersRef::Shared(parameters) => &**parameters,
            ParametersRef::Nothing | ParametersRef::Null | ParametersRef::Bool(_) => &none,
        };
        let (parameter, value) = pick(parameters, query.part);
        let value = decode(value)?;
        if query.kind == EntityKind::Layer {
            let names = exposed(parameters, parameter);
            if names.clone().any(|name| !call.overrides_parameter(name)) {
                call.expose_looked_up(Logging::Automatic);
                names.for_each(|name| call.expose_parameter(name, Logging::Automatic));
            }
        } else {
            call.expose(Logging::Automatic);
        }
        call.report();
        Ok(read_of(&call, parameter, value))
    }

    fn read_store<R, E>(
        &self,
        query: FlagQuery<'_>,
        decode: impl FnOnce(FlagValue<'_>) -> Result<R, E>,
    ) -> Result<FlagRead<R>, E> {
        let options = ParameterStoreEvaluationOptions::default();
        let store = (self.view).parameter_store(query.user, query.name, options);
        let mut names = store.entries().map(|(name, _)| name);
        let parameter = match query.part {
            FlagPart::Parameter(parameter) => parameter,
            FlagPart::Whole => return self.read_whole_store(&store, decode),
            FlagPart::Only => match (names.next(), names.next()) {
                (Some(only), None) => only,
                _ => {
                    let value = decode(FlagValue::Several(store.get_parameter_names()))?;
                    return Ok(self.read_of_store(&store, Basis::Several, value));
                }
            },
        };
        let Some(target) = store.target(parameter) else {
            let value = decode(FlagValue::Missing)?;
            return Ok(self.read_of_store(&store, Basis::Default, value));
        };
        let mut fresh = None;
        let (call, value) = store.resolve(target, &mut fresh);
        let value = decode(value.map_or(FlagValue::Missing, FlagValue::One))?;
        let Some(call) = call else {
            return Ok(self.read_of_store(&store, Basis::Constant, value));
        };
        Ok(read_of(&call, expose_target(target, &call), value))
    }

    fn read_whole_store<R, E>(
        &self,
        store: &ParameterStore,
        decode: impl FnOnce(FlagValue<'_>) -> Result<R, E>,
    ) -> Result<FlagRead<R>, E> {
        // Logs the exposure of the served evaluation. A second evaluation could differ, for
        // example because time has passed.
        let (mut values, mut served) = (Map::new(), Vec::new());
        for (name, Parameter { target, .. }) in store.entries() {
            let mut fresh = None;
            let (call, value) = store.resolve(target, &mut fresh);
            if let Some(value) = value {
                values.insert(name.as_str().to_owned(), value.clone());
                served.extend(call.map(|call| (target, OwnedEvaluation::from(&call))));
            }
        }
        let value = decode(FlagValue::All(&values))?;
        for (target, evaluation) in &served {
            expose_target(target, &evaluation.call());
        }
        let basis = if served.is_empty() {
            Basis::Constant
        } else {
            Basis::Several
        };
        Ok(self.read_of_store(store, basis, value))
    }

    /// A value of a store that no single evaluation decided.
    fn read_of_store<R>(&self, store: &ParameterStore, basis: Basis, value: R) -> FlagRead<R> {
        FlagRead {
            value,
            rule_id: SharedStr::default(),
            group_name: None,
            id_type: SharedStr::default(),
            version: None,
            source: self.view.published.source.clone(),
            basis: match store.details.reason {
                Reason::Overridden(by) => Basis::Overridden(by),
                _ => basis,
            },
        }
    }
}

/// The parameter that a part names, and the value of the part.
fn pick<'a>(
    parameters: &'a Map<String, Value>,
    part: FlagPart<'a>,
) -> (Option<&'a str>, FlagValue<'a>) {
    match part {
        FlagPart::Whole => (None, FlagValue::All(parameters)),
        FlagPart::Parameter(name) => {
            let value = parameters.get(name);
            (Some(name), value.map_or(FlagValue::Missing, FlagValue::One))
        }
        FlagPart::Only => {
            let mut entries = parameters.iter();
            match (entries.next(), entries.next()) {
                (Some((name, value)), None) => (Some(name), FlagValue::One(value)),
                _ => {
                    let names = parameters.keys().map(|name| name.as_str().into());
                    (None, FlagValue::Several(names.collect()))
                }
            }
        }
    }
}

/// The parameters of a layer that a read exposes.
fn exposed<'a>(
    parameters: &'a Map<String, Value>,
    parameter: Option<&'a str>,
) -> impl Iterator<Item = &'a str> + Clone {
    let all = parameter.is_none().then(|| parameters.keys());
    let all = all.into_iter().flatten().map(String::as_str);
    parameter.into_iter().chain(all)
}

/// Exposes what a parameter of a store refers to. Returns the name of the parameter there; a gate
/// has none.
fn expose_target<'a>(target: &'a ParameterTarget, call: &EvaluatedCall<'_>) -> Option<&'a str> {
    match target {
        ParameterTarget::Parameter { parameter, .. } => {
            call.expose_read(parameter, Logging::Automatic);
            Some(parameter)
        }
        ParameterTarget::Gate { .. } | ParameterTarget::Static(_) => {
            call.expose(Logging::Automatic);
            None
        }
    }
}

fn read_of<R>(call: &EvaluatedCall<'_>, parameter: Option<&str>, value: R) -> FlagRead<R> {
    let call = call.decider(parameter);
    let rule = match parameter {
        Some(parameter) => call.rule_of(parameter),
        None if call.evaluation.outcome == Outcome::TooDeep => Symbol::DEFAULT,
        None => call.evaluation.rule_symbol(),
    };
    FlagRead {
        value,
        rule_id: call.text(rule),
        group_name: call.group_name(),
        id_type: call.id_type(),
        version: call.evaluation.version,
        source: call.view.published.source.clone(),
        basis: call.named.basis(call.kind, rule),
    }
}

fn read_assignment<R, E>(
    call: &EvaluatedCall<'_>,
    assignment: &StickyAssignment,
    part: FlagPart<'_>,
    decode: impl FnOnce(FlagValue<'_>) -> Result<R, E>,
) -> Result<FlagRead<R>, E> {
    let none = Map::new();
    let shown = assignment.shown_parameters();
    let parameters = shown.as_deref().unwrap_or(&none);
    let (parameter, value) = pick(parameters, part);
    let value = decode(value)?;
    if assignment.kind == EntityKind::Layer {
        let names = exposed(parameters, parameter);
        if names
            .clone()
            .any(|name| !assignment.overrides_parameter(name))
        {
            call.expose_looked_up(Logging::Automatic);
            names.for_each(|name| assignment.expose_parameter(name, Logging::Automatic));
        }
    } else {
        call.expose_looked_up(Logging::Automatic);
        assignment.expose(Logging::Automatic);
    }
    call.report_stored(assignment);
    let (rule_id, details) = assignment.decided(parameter);
    Ok(FlagRead {
        value,
        rule_id,
        group_name: assignment.stored.group_name.clone(),
        id_type: assignment.id_type.clone(),
        version: assignment.details.version,
        source: call.view.published.source.clone(),
        basis: match details.reason {
            Reason::Overridden(by) => Basis::Overridden(by),
            _ => Basis::Stored,
        },
    })
}
