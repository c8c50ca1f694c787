//! Parameter stores: parameters whose source (constant, gate, config, experiment, layer) is chosen in the console.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::evaluated_call::{Logging, OwnedEvaluation};
use super::unknown::Asked;
use super::view::View;
use super::{ParameterStoreEvaluationOptions, Statsig};
use crate::evaluation::{EvaluationContext, Kind, OpenedStore, open_store};
use crate::events::event::ExposureSubject;
use crate::hash::text_hash;
use crate::results::{EvaluationDetails, Origin};
use crate::shared::Published;
use crate::specs::compiled::{ParamStore, Parameter, ParameterTarget};
use crate::text::SharedStr;
use crate::user::StatsigUser;
use statsig_core::typed_getters;

/// A parameter store for one user, with the specs of one moment.
///
/// Reading a parameter evaluates what it refers to and logs the exposure of that: of the gate, config or experiment, or of
/// the layer's parameter; a constant logs nothing. All reads use the same specs, however much later they happen.
#[derive(Clone)]
#[non_exhaustive]
pub struct ParameterStore {
    /// The name that was asked for.
    pub name: SharedStr,
    /// Why.
    pub details: EvaluationDetails,
    store: Option<Arc<ParamStore>>,
    statsig: Statsig,
    published: Arc<Published>,
    user: StatsigUser,
    logging: Logging,
}

impl Statsig {
    /// A parameter store for a user. Each getter of the [`ParameterStore`] logs the exposure of what its parameter refers to.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let store = statsig.get_parameter_store(&StatsigUser::with_user_id("a-user"), "a_store");
    /// let color = store.get_string("color", "blue");
    /// # assert_eq!(color, "red");
    /// ```
    #[must_use]
    pub fn get_parameter_store(&self, user: &StatsigUser, store: &str) -> ParameterStore {
        self.get_parameter_store_with_options(
            user,
            store,
            ParameterStoreEvaluationOptions::default(),
        )
    }

    /// Like [`get_parameter_store`](Self::get_parameter_store), with options.
    #[must_use]
    pub fn get_parameter_store_with_options(
        &self,
        user: &StatsigUser,
        store: &str,
        options: ParameterStoreEvaluationOptions,
    ) -> ParameterStore {
        self.view(&self.current())
            .parameter_store(user, store, options)
    }
}

impl View<'_> {
    pub(super) fn parameter_store(
        self,
        user: &StatsigUser,
        store: &str,
        options: ParameterStoreEvaluationOptions,
    ) -> ParameterStore {
        let logging = Logging::unless(options.disable_exposure_logging);
        let store = self.open_parameter_store(user, store, logging);
        let name = &store.name;
        self.inner().count_check(text_hash(name), || name.clone());
        store
    }

    /// A parameter store, which logs nothing until it is read.
    pub(super) fn open_parameter_store(
        self,
        user: &StatsigUser,
        store: &str,
        logging: Logging,
    ) -> ParameterStore {
        let published = self.published;
        let context = EvaluationContext::of(published, 0, 0)
            .with_overrides(self.inner().shared.overrides.active());
        let OpenedStore {
            name,
            details,
            store,
        } = open_store(&context, user, store);
        if store.is_none() {
            self.inner()
                .warn_of_unknown(published, Asked::ParameterStore, &name);
        }
        ParameterStore {
            name,
            details,
            store,
            statsig: self.statsig.clone(),
            published: Arc::clone(published),
            user: user.clone(),
            logging,
        }
    }
}

impl ParameterStore {
    /// The names of all parameters, sorted. Logs nothing.
    #[must_use]
    pub fn get_parameter_names(&self) -> Vec<SharedStr> {
        self.parameters().map(|(name, _)| name.clone()).collect()
    }

    /// The declared type of each parameter (`boolean`, `number`, `string`, `array`, `object`), sorted by name. Logs nothing.
    #[must_use]
    pub fn get_parameter_types(&self) -> BTreeMap<SharedStr, SharedStr> {
        self.parameters()
            .map(|(name, parameter)| (name.clone(), parameter.param_type.clone()))
            .collect()
    }

    pub(super) fn parameters(&self) -> impl Iterator<Item = (&SharedStr, &Parameter)> {
        self.store.iter().flat_map(|store| &store.parameters)
    }

    pub(super) fn target(&self, parameter: &str) -> Option<&ParameterTarget> {
        self.store
            .as_ref()?
            .parameters
            .get(parameter)
            .map(|parameter| &parameter.target)
    }

    pub(super) fn user(&self) -> &StatsigUser {
        &self.user
    }

    /// Evaluates a target for the store's user, with the store's specs.
    pub(super) fn hold(&self, kind: Kind, name: &str) -> OwnedEvaluation {
        self.statsig
            .inner
            .evaluate_in(&self.published, kind, name, &self.user, |call| {
                OwnedEvaluation::new(&self.statsig, &call)
            })
    }

    fn read<R>(&self, parameter: &str, decode: impl FnOnce(&Value) -> Option<R>) -> Option<R> {
        let inner = &self.statsig.inner;
        match self.target(parameter)? {
            ParameterTarget::Static(value) => decode(value),
            ParameterTarget::Gate { name, pass, fail } => {
                let kind = Kind::Gate;
                inner.evaluate_in(&self.published, kind, name, &self.user, |call| {
                    self.statsig.expose_gate(&call, self.logging);
                    decode(if call.evaluation.value { pass } else { fail })
                })
            }
            ParameterTarget::DynamicConfig { name, parameter } => {
                let kind = Kind::DynamicConfig;
                inner.evaluate_in(&self.published, kind, name, &self.user, |call| {
                    self.statsig.expose_dynamic_config(&call, self.logging);
                    call.evaluation.parameters.get(parameter).and_then(decode)
                })
            }
            ParameterTarget::Experiment { name, parameter } => {
                let kind = Kind::Experiment;
                inner.evaluate_in(&self.published, kind, name, &self.user, |call| {
                    inner.expose(&call, ExposureSubject::Experiment, self.logging);
                    call.evaluation.parameters.get(parameter).and_then(decode)
                })
            }
            ParameterTarget::Layer { name, parameter } => {
                inner.evaluate_in(&self.published, Kind::Layer, name, &self.user, |call| {
                    inner.expose_looked_up_only(&call, self.logging);
                    if self.logging == Logging::Disabled {
                        inner.count_check_of(&call);
                    }
                    let value = call.evaluation.parameters.get(parameter)?;
                    // `null` is read by no type, and yet it is a value that was read.
                    let decoded = decode(value);
                    if decoded.is_some() || value.is_null() {
                        OwnedEvaluation::new(&self.statsig, &call)
                            .expose_layer_parameter(parameter, self.logging);
                    }
                    decoded
                })
            }
        }
    }
}

impl ParameterStore {
    #[cold]
    fn misread(&self, parameter: &str, expected: &str) {
        let inner = &self.statsig.inner;
        let warn = |value: Option<&Value>| {
            if let Some(found) = value.filter(|value| !value.is_null()) {
                let entity = format!("parameter store \"{}\"", self.name);
                let (warnings, details) = (&inner.warnings, &self.details);
                warnings.warn_of_misread(&entity, details, parameter, expected, found);
            }
        };
        let Some(target) = self.target(parameter) else {
            return;
        };
        let (kind, name) = match target {
            ParameterTarget::Static(value) => return warn(Some(value)),
            ParameterTarget::Gate { name, .. } => (Kind::Gate, name),
            ParameterTarget::DynamicConfig { name, .. } => (Kind::DynamicConfig, name),
            ParameterTarget::Experiment { name, .. } => (Kind::Experiment, name),
            ParameterTarget::Layer { name, .. } => (Kind::Layer, name),
        };
        inner.evaluate_in(&self.published, kind, name, &self.user, |call| {
            let evaluation = call.evaluation;
            warn(match target {
                ParameterTarget::Static(value) => Some(value),
                ParameterTarget::Gate { pass, .. } if evaluation.value => Some(pass),
                ParameterTarget::Gate { fail, .. } => Some(fail),
                ParameterTarget::DynamicConfig { parameter, .. }
                | ParameterTarget::Experiment { parameter, .. }
                | ParameterTarget::Layer { parameter, .. } => evaluation.parameters.get(parameter),
            });
        });
    }
}

typed_getters!(
    ParameterStore,
    "Exposes what the parameter refers to; a layer's parameter only if the fallback is not returned."
);

impl fmt::Debug for ParameterStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParameterStore")
            .field("name", &self.name)
            .field("details", &self.details)
            .field("parameters", &self.get_parameter_names())
            .finish_non_exhaustive()
    }
}
