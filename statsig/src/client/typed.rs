//! Typed parameters: structs filled from layers, experiments, configs and parameter stores.

use std::sync::Arc;

use serde_json::Value;

use super::param_stores::{ParameterStore, in_parameters};
use super::reading::{Held, Logging};
use super::view::View;
use super::{ParameterStoreEvaluationOptions, Statsig};
use crate::evaluation::{Kind, Outcome};
use crate::events::event::ExposureSubject;
use crate::results::Reason;
use crate::specs::compiled::ParameterTarget;
use crate::text::SharedStr;
use crate::typed::{
    ParamSource, ParamsError, ParamsMeta, Schema, Source, SourceKind, StatsigParams, Typed, load,
    try_load,
};
use crate::user::StatsigUser;

impl Statsig {
    /// A struct of parameters for a user, with defaults for what is not served. Never fails, never waits.
    ///
    /// Loading exposes nothing. The first access through the returned [`Typed`] exposes every parameter that was *served*,
    /// once; defaults never. Other policies are an attribute of the [derive](macro@crate::StatsigParams). A value that does not
    /// fit its field falls back to the default, with one warning for each distinct problem.
    ///
    /// ```
    /// use statsig::{StatsigParams, StatsigUser};
    ///
    /// #[derive(Debug, StatsigParams)]
    /// #[statsig(layer = "a_layer")]
    /// struct Promo {
    ///     #[statsig(default = "Welcome to Statsig!")]
    ///     title: String,
    ///     #[statsig(default = 0.1)]
    ///     discount: f64,
    /// }
    ///
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let promo = statsig.get_typed::<Promo>(StatsigUser::with_user_id("a-user"));
    /// assert_eq!(promo.title, "Hello");
    /// assert_eq!(promo.discount, 0.1);
    /// ```
    #[must_use]
    pub fn get_typed<P: StatsigParams>(&self, user: impl AsRef<StatsigUser>) -> Typed<P> {
        self.view(&self.current()).get_typed(user.as_ref())
    }

    /// Like [`get_typed`](Self::get_typed), but strict.
    ///
    /// # Errors
    /// When the specs do not know the source, or a served value does not fit its field. All problems are listed at once, and
    /// nothing is exposed.
    pub fn try_get_typed<P: StatsigParams>(
        &self,
        user: impl AsRef<StatsigUser>,
    ) -> Result<Typed<P>, ParamsError> {
        self.view(&self.current()).try_get_typed(user.as_ref())
    }

    /// How many served values did not fit a field of a typed struct so far, repeats included.
    #[must_use]
    pub fn typed_mismatches(&self) -> u64 {
        self.core.shared.mismatches.total()
    }
}

impl View<'_> {
    pub(super) fn get_typed<P: StatsigParams>(self, user: &StatsigUser) -> Typed<P> {
        let log = &self.core().shared.mismatches;
        let source = P::SCHEMA.source.unwrap_or(Source::layer(""));
        let name = source.name;
        match source.kind {
            SourceKind::Layer => load(self.layer_source(user, name), log),
            SourceKind::ParameterStore => load(self.store_source(user, name, P::SCHEMA), log),
            SourceKind::Experiment => load(self.config_source(Kind::Experiment, user, name), log),
            SourceKind::DynamicConfig => {
                load(self.config_source(Kind::DynamicConfig, user, name), log)
            }
            SourceKind::FeatureGate => load(self.config_source(Kind::Gate, user, name), log),
        }
    }

    pub(super) fn try_get_typed<P: StatsigParams>(
        self,
        user: &StatsigUser,
    ) -> Result<Typed<P>, ParamsError> {
        let source = P::SCHEMA.source.unwrap_or(Source::layer(""));
        let name = source.name;
        match source.kind {
            SourceKind::Layer => try_load(self.layer_source(user, name)),
            SourceKind::ParameterStore => try_load(self.store_source(user, name, P::SCHEMA)),
            SourceKind::Experiment => try_load(self.config_source(Kind::Experiment, user, name)),
            SourceKind::DynamicConfig => {
                try_load(self.config_source(Kind::DynamicConfig, user, name))
            }
            SourceKind::FeatureGate => try_load(self.config_source(Kind::Gate, user, name)),
        }
    }

    fn layer_source(self, user: &StatsigUser, name: &str) -> LayerSource {
        LayerSource(self.hold(Kind::Layer, name, user))
    }

    fn config_source(self, kind: Kind, user: &StatsigUser, name: &str) -> ConfigSource {
        ConfigSource {
            held: self.hold(kind, name, user),
            kind,
        }
    }

    fn hold(self, kind: Kind, name: &str, user: &StatsigUser) -> Held {
        self.evaluate(kind, name, user, |reading| {
            self.announce(kind, &reading);
            Held::new(self.statsig, &reading)
        })
    }

    fn store_source(self, user: &StatsigUser, name: &str, schema: &Schema) -> StoreSource {
        let options = ParameterStoreEvaluationOptions::default();
        let store = self.parameter_store(user, name, options);
        let mut source = StoreSource {
            parameters: Vec::new(),
            targets: Vec::new(),
            store,
        };
        for param in schema.params {
            for name in std::iter::once(param.name).chain(param.aliases.iter().copied()) {
                source.resolve(name);
            }
        }
        source
    }
}

impl Held {
    fn meta(&self) -> ParamsMeta {
        let reading = self.reading();
        let text = |symbol| reading.text(symbol).into();
        ParamsMeta {
            rule_id: Some(reading.rule_id().into()),
            group_name: reading.evaluation.group_name.map(text),
            allocated_experiment: reading.evaluation.delegate.map(text),
            reason: reading.details().reason.to_string(),
        }
    }

    fn is_recognized(&self) -> bool {
        self.evaluation.outcome == Outcome::Recognized || self.evaluation.override_reason.is_some()
    }

    /// Exposes an experiment or a dynamic config as a whole, a gate by its value.
    fn expose_entity(&self, kind: Kind, logging: Logging) {
        let (statsig, reading) = (&self.statsig, self.reading());
        match kind {
            Kind::Gate => statsig.expose_gate(&reading, logging),
            Kind::DynamicConfig => statsig.expose_dynamic_config(&reading, logging),
            Kind::Experiment => {
                statsig
                    .core
                    .expose(&reading, ExposureSubject::Experiment, logging);
            }
            Kind::Layer => {}
        }
    }
}

fn logging(manual: bool) -> Logging {
    if manual {
        Logging::Manual
    } else {
        Logging::Automatic
    }
}

/// A layer, evaluated once.
#[derive(Debug)]
struct LayerSource(Held);

impl ParamSource for LayerSource {
    fn value(&self, param: &str) -> Option<&Value> {
        self.0.parameter(param)
    }

    fn expose(&self, param: &str, manual: bool) {
        let core = &self.0.statsig.core;
        core.expose_looked_up_only(&self.0.reading(), logging(manual));
        self.0.expose_layer_parameter(param, logging(manual));
    }

    fn is_recognized(&self) -> bool {
        self.0.is_recognized()
    }

    fn meta(&self) -> ParamsMeta {
        self.0.meta()
    }
}

/// An experiment or a dynamic config, evaluated once.
#[derive(Debug)]
struct ConfigSource {
    held: Held,
    kind: Kind,
}

impl ParamSource for ConfigSource {
    fn value(&self, param: &str) -> Option<&Value> {
        self.held.parameter(param)
    }

    fn expose(&self, _param: &str, manual: bool) {
        self.held.expose_entity(self.kind, logging(manual));
    }

    fn is_recognized(&self) -> bool {
        self.held.is_recognized()
    }

    fn meta(&self) -> ParamsMeta {
        self.held.meta()
    }
}

/// A parameter store: each target is evaluated once, with the same specs.
#[derive(Debug)]
struct StoreSource {
    store: ParameterStore,
    parameters: Vec<(&'static str, Resolved)>,
    targets: Vec<Target>,
}

/// What some parameters of a store refer to.
#[derive(Debug)]
struct Target {
    kind: Kind,
    name: SharedStr,
    held: Held,
}

/// Where one parameter's value is.
#[derive(Debug)]
enum Resolved {
    Constant(Arc<Value>),
    /// Of a gate: chosen by its value.
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

impl StoreSource {
    fn resolve(&mut self, name: &'static str) {
        let Some(target) = self.store.target(name).cloned() else {
            return;
        };
        let inside = |target, parameter| Resolved::Inside { target, parameter };
        let resolved = match target {
            ParameterTarget::Static(value) => Resolved::Constant(value),
            ParameterTarget::Gate { name, pass, fail } => {
                let target = self.evaluate(Kind::Gate, name);
                let passes = self
                    .targets
                    .get(target)
                    .is_some_and(|gate| gate.held.evaluation.value);
                Resolved::Chosen {
                    target,
                    value: if passes { pass } else { fail },
                }
            }
            ParameterTarget::DynamicConfig { name, parameter } => {
                inside(self.evaluate(Kind::DynamicConfig, name), parameter)
            }
            ParameterTarget::Experiment { name, parameter } => {
                inside(self.evaluate(Kind::Experiment, name), parameter)
            }
            ParameterTarget::Layer { name, parameter } => {
                inside(self.evaluate(Kind::Layer, name), parameter)
            }
        };
        self.parameters.push((name, resolved));
    }

    /// The place of an evaluated target; each is evaluated once.
    fn evaluate(&mut self, kind: Kind, name: SharedStr) -> usize {
        let known = self
            .targets
            .iter()
            .position(|target| target.kind == kind && target.name == name);
        known.unwrap_or_else(|| {
            let held = self.store.hold(kind, &name);
            self.targets.push(Target { kind, name, held });
            self.targets.len() - 1
        })
    }

    fn resolved(&self, param: &str) -> Option<&Resolved> {
        self.parameters
            .iter()
            .find(|(name, _)| *name == param)
            .map(|(_, resolved)| resolved)
    }
}

impl ParamSource for StoreSource {
    fn value(&self, param: &str) -> Option<&Value> {
        match self.resolved(param)? {
            Resolved::Constant(value) | Resolved::Chosen { value, .. } => Some(value),
            Resolved::Inside { target, parameter } => {
                let held = &self.targets.get(*target)?.held;
                in_parameters(&held.evaluation.parameters, parameter)
            }
        }
    }

    fn expose(&self, param: &str, manual: bool) {
        let (target, parameter) = match self.resolved(param) {
            None | Some(Resolved::Constant(_)) => return,
            Some(Resolved::Chosen { target, .. }) => (target, None),
            Some(Resolved::Inside { target, parameter }) => (target, Some(parameter)),
        };
        let Some(Target { kind, held, .. }) = self.targets.get(*target) else {
            return;
        };
        match (kind, parameter) {
            (Kind::Layer, Some(parameter)) => {
                held.statsig
                    .core
                    .expose_looked_up_only(&held.reading(), logging(manual));
                held.expose_layer_parameter(parameter, logging(manual));
            }
            (kind, _) => held.expose_entity(*kind, logging(manual)),
        }
    }

    fn is_recognized(&self) -> bool {
        matches!(
            self.store.details.reason,
            Reason::Recognized { .. } | Reason::Overridden(_)
        )
    }

    fn meta(&self) -> ParamsMeta {
        ParamsMeta {
            reason: self.store.details.reason.to_string(),
            ..ParamsMeta::default()
        }
    }
}
