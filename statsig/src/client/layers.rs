//! Layers: parameters that mutually exclusive experiments share. Each parameter is exposed when it is read.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::evaluated_call::{Logging, OwnedEvaluation};
use super::sticky::Assigned;
use super::view::View;
use super::{LayerEvaluationOptions, Statsig};
use crate::evaluation::{Evaluation, Kind, ParametersRef};
use crate::events::event::ExposureSubject;
use crate::hash::{mix, text_hash};
use crate::results::{EvaluationDetails, Origin};
use crate::specs::compiled::CompiledSpecs;
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;
use crate::user::StatsigUser;
use statsig_core::typed_getters;

/// A layer as it was for one user at one moment.
///
/// Fetching it exposes nothing. A getter exposes the parameter that it reads, if the layer has it in the type asked for.
#[derive(Clone)]
#[non_exhaustive]
pub struct Layer {
    /// The name that was asked for.
    pub name: SharedStr,
    /// The rule that decided; empty for an unknown layer.
    pub rule_id: SharedStr,
    /// The type of ID that the layer counts with; empty for an unknown layer.
    pub id_type: SharedStr,
    /// The group of the allocated experiment that the user is in.
    pub group_name: Option<SharedStr>,
    /// The experiment that the layer allocated the user to.
    pub allocated_experiment_name: Option<SharedStr>,
    /// Whether the allocated experiment is running.
    pub is_experiment_active: bool,
    /// Whether the user counts in the allocated experiment's results.
    pub is_user_in_experiment: bool,
    /// Why.
    pub details: EvaluationDetails,
    pub(super) source: LayerSource,
    pub(super) logging: Logging,
}

/// Where a layer's parameters come from.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "evaluated is what nearly all layers are: boxing it would cost an allocation each"
)]
pub(super) enum LayerSource {
    Evaluated(OwnedEvaluation),
    /// Persistent storage.
    Assigned(Arc<Assigned>),
}

impl Statsig {
    /// A layer's parameters for a user. Logs nothing by itself: each getter of the [`Layer`] logs the parameter it reads.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let layer = statsig.get_layer(&StatsigUser::with_user_id("a-user"), "a_layer");
    /// let title = layer.get_string("title", "Welcome");
    /// # assert_eq!(title, "Hello");
    /// ```
    #[must_use]
    pub fn get_layer(&self, user: &StatsigUser, layer: &str) -> Layer {
        self.get_layer_with_options(user, layer, LayerEvaluationOptions::default())
    }

    /// Like [`get_layer`](Self::get_layer), with options.
    #[must_use]
    pub fn get_layer_with_options(
        &self,
        user: &StatsigUser,
        layer: &str,
        options: LayerEvaluationOptions,
    ) -> Layer {
        self.view(&self.current()).layer(user, layer, &options)
    }

    /// Logs the exposure of a layer's parameter, as the layer evaluates now. The parameter need not exist.
    pub fn manually_log_layer_parameter_exposure(
        &self,
        user: &StatsigUser,
        layer: &str,
        parameter: &str,
    ) {
        self.view(&self.current())
            .expose_layer_parameter(user, layer, parameter);
    }

    /// Logs the exposure of a parameter of an already evaluated layer, as reading it would.
    pub fn log_layer_param_exposure_with_layer(&self, layer: &Layer, parameter: &str) {
        layer.expose(parameter);
    }
}

impl View<'_> {
    pub(super) fn expose_layer_parameter(self, user: &StatsigUser, layer: &str, parameter: &str) {
        self.evaluate(Kind::Layer, layer, user, |call| {
            self.inner()
                .expose_looked_up_only(&call, Logging::Automatic);
            OwnedEvaluation::new(self.statsig, &call)
                .expose_layer_parameter(parameter, Logging::Manual);
        });
    }

    pub(super) fn layer(
        self,
        user: &StatsigUser,
        layer: &str,
        options: &LayerEvaluationOptions,
    ) -> Layer {
        let logging = Logging::unless(options.disable_exposure_logging);
        self.evaluate(Kind::Layer, layer, user, |call| {
            if let Some(sticky) = self.sticky_layer(&call, options) {
                self.announce_stored_layer(&call, &sticky);
                return sticky;
            }
            let evaluation = call.evaluation;
            self.inner().expose_looked_up_only(&call, logging);
            if logging == Logging::Disabled {
                self.inner().count_check_of(&call);
            }
            self.announce(Kind::Layer, &call);
            let allocated = evaluation.allocated_experiment();
            Layer {
                name: call.shared_name(),
                rule_id: call.rule_id(),
                id_type: call.id_type(),
                group_name: evaluation.group_name.map(|name| call.text(name)),
                allocated_experiment_name: allocated.map(|name| call.text(name)),
                is_experiment_active: allocated.is_some() && evaluation.is_experiment_active,
                is_user_in_experiment: allocated.is_some() && evaluation.is_experiment_group,
                details: call.details(),
                source: LayerSource::Evaluated(OwnedEvaluation::new(self.statsig, &call)),
                logging,
            }
        })
    }
}

fn is_explicit(evaluation: &Evaluation, specs: &CompiledSpecs, parameter: &str) -> bool {
    evaluation.delegate.is_some()
        && evaluation
            .explicit_parameters(specs)
            .is_some_and(|explicit| explicit.iter().any(|name| name == parameter))
}

impl LayerSource {
    pub(super) fn statsig(&self) -> &Statsig {
        match self {
            Self::Evaluated(owned) => &owned.statsig,
            Self::Assigned(assigned) => &assigned.statsig,
        }
    }

    /// The value of a layer's or config's parameter.
    pub(super) fn parameter(&self, parameter: &str) -> Option<&Value> {
        match self {
            Self::Evaluated(owned) => owned.parameter(parameter),
            Self::Assigned(assigned) => assigned.parameter(parameter),
        }
    }

    fn expose_layer_parameter(&self, parameter: &str, logging: Logging) {
        match self {
            Self::Evaluated(owned) => owned.expose_layer_parameter(parameter, logging),
            Self::Assigned(assigned) => assigned.expose_layer_parameter(parameter, logging),
        }
    }
}

impl OwnedEvaluation {
    /// The value of a layer's or config's parameter.
    pub(super) fn parameter(&self, parameter: &str) -> Option<&Value> {
        match &self.evaluation.parameters {
            ParametersRef::Shared(parameters) => parameters.get(parameter),
            ParametersRef::Nothing | ParametersRef::Null | ParametersRef::Bool(_) => None,
        }
    }

    /// The rule that supplied a parameter.
    pub(super) fn rule_of(&self, parameter: &str) -> Symbol {
        let rules = self.evaluation.parameter_rules.as_deref();
        rules
            .and_then(|rules| rules.iter().find(|(name, _)| name == parameter))
            .map_or(self.evaluation.rule_symbol(), |(_, rule)| *rule)
    }

    /// Logs the exposure of one parameter. One that the allocated experiment sets carries the experiment and all nested
    /// gates; any other carries only the gates that the layer itself went through.
    pub(super) fn expose_layer_parameter(&self, parameter: &str, logging: Logging) {
        let call = self.call();
        let evaluation = call.evaluation;
        let specs = &call.published.specs;
        let explicit = is_explicit(evaluation, specs, parameter);
        let mut extra = text_hash(parameter);
        let (rule, secondary) = if logging == Logging::Manual {
            // Known by another key than automatic reads, and by the layer's overall rule.
            extra = mix(extra, 1);
            let gates = if explicit {
                Some(&*evaluation.nested_gates)
            } else {
                evaluation.undelegated_gates()
            };
            (evaluation.rule_symbol(), gates)
        } else {
            let gates = if explicit {
                &*evaluation.nested_gates
            } else {
                evaluation.undelegated_gates().unwrap_or_default()
            };
            (self.rule_of(parameter), Some(gates))
        };
        let subject = || ExposureSubject::LayerParameter {
            parameter: parameter.into(),
            is_explicit: explicit,
            allocated_experiment: evaluation
                .allocated_experiment()
                .filter(|_| explicit)
                .map(|name| call.text(name))
                .unwrap_or_default(),
        };
        self.statsig
            .inner
            .log(&call, subject, rule, secondary, extra, logging);
    }
}

impl Layer {
    /// The parameter as it is, or `None` if it is missing. Exposes the parameter.
    #[must_use]
    pub fn get_raw_value(&self, parameter: &str) -> Option<Value> {
        self.read(parameter, |value| Some(value.clone()))
    }

    /// Logs the exposure of a parameter as this layer served it, even if the specs have changed since. A stored assignment is logged as
    /// such. For a parameter that the layer does not have, nothing is logged.
    ///
    /// Use it for layers that were fetched with exposure logging disabled; otherwise reading a parameter logs it. The exposure counts
    /// as manual, as with
    /// [`Statsig::manually_log_layer_parameter_exposure`](crate::Statsig::manually_log_layer_parameter_exposure).
    pub fn log_exposure(&self, parameter: &str) {
        if self.source.parameter(parameter).is_some() {
            self.source
                .expose_layer_parameter(parameter, Logging::Manual);
        }
    }

    fn read<R>(&self, parameter: &str, decode: impl FnOnce(&Value) -> Option<R>) -> Option<R> {
        let decoded = self.source.parameter(parameter).and_then(decode)?;
        self.expose(parameter);
        Some(decoded)
    }

    fn expose(&self, parameter: &str) {
        self.source.expose_layer_parameter(parameter, self.logging);
    }

    #[cold]
    fn misread(&self, parameter: &str, expected: &str) {
        let value = self.source.parameter(parameter);
        if let Some(found) = value.filter(|value| !value.is_null()) {
            let entity = format!("layer \"{}\"", self.name);
            let warnings = &self.source.statsig().inner.warnings;
            warnings.warn_of_misread(&entity, &self.details, parameter, expected, found);
        }
    }
}

typed_getters!(
    Layer,
    "Exposes the parameter, unless the fallback is returned."
);

/// Shows no parameters: seeing them would be an exposure.
impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layer")
            .field("name", &self.name)
            .field("rule_id", &self.rule_id)
            .field("id_type", &self.id_type)
            .field("group_name", &self.group_name)
            .field("allocated_experiment_name", &self.allocated_experiment_name)
            .field("is_experiment_active", &self.is_experiment_active)
            .field("details", &self.details)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "layer {} (rule {:?}, {})",
            self.name, self.rule_id, self.details.reason
        )?;
        match &self.allocated_experiment_name {
            Some(experiment) => write!(f, ", allocated to {experiment}"),
            None => Ok(()),
        }
    }
}
