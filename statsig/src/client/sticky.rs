//! Serving stored assignments instead of evaluations, and storing new ones. Does nothing unless storage is configured.

use std::sync::Arc;

use serde_json::Value;

use super::evaluated_call::{EvaluatedCall, ExposureKey, Logging, NestedExposure};
use super::layers::LayerSource;
use super::view::View;
use super::{ExperimentEvaluationOptions, Layer, LayerEvaluationOptions, Statsig};
use crate::evaluation::{Evaluator, NestedGate, ParametersRef};
use crate::events::event::{
    Exposure, ExposureSubject, QueuedEvent, SamplingInputs, SecondaryExposure, SecondaryExposures,
};
use crate::guard::guarded;
use crate::hash::{mix, text_hash};
use crate::results::{EvaluationDetails, Experiment, SharedParameters};
use crate::sticky::{
    Decision, PersistentStorage, StickyExposure, StickyValues, UserPersistedValues, decide,
    is_override_rule, is_targeting_rule, storage_key,
};
use crate::text::SharedStr;
use crate::user::StatsigUser;
use crate::value::depth::bounded_shared;

/// Whose code it is that changes what is stored.
const STORAGE: &str = "the persistent storage";

/// What is stored for the user, and which live rules go before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored<'a> {
    pub(super) values: Option<&'a UserPersistedValues>,
    pub(super) enforce_overrides: bool,
    pub(super) enforce_targeting: bool,
}

/// A stored assignment, with what it takes to expose it.
#[derive(Debug)]
pub(super) struct Assigned {
    pub(super) statsig: Statsig,
    pub(super) user: StatsigUser,
    name: SharedStr,
    pub(super) rule_id: SharedStr,
    pub(super) id_type: SharedStr,
    name_hash: u64,
    user_hash: u64,
    pub(super) stored: StickyValues,
    pub(super) details: EvaluationDetails,
    /// Events carry the version that is live, not the one that assigned.
    live_version: Option<u32>,
    sampling: SamplingInputs,
}

impl View<'_> {
    /// The experiment as it is stored for the user, if that is to be served. Logs its exposure.
    #[inline]
    pub(super) fn sticky_experiment(
        self,
        call: &EvaluatedCall<'_>,
        options: &ExperimentEvaluationOptions,
    ) -> Option<Experiment> {
        let storage = self.inner().shared.options.persistent_storage.as_deref()?;
        let stored = Stored {
            values: options.user_persisted_values.as_deref(),
            enforce_overrides: options.enforce_overrides,
            enforce_targeting: options.enforce_targeting,
        };
        let assigned = self.assigned_experiment(storage, call, stored)?;
        let logging = Logging::unless(options.disable_exposure_logging);
        self.inner().expose_looked_up_only(call, logging);
        assigned.expose_experiment(logging);
        Some(Arc::new(assigned).experiment(logging))
    }

    #[cold]
    pub(super) fn assigned_experiment(
        self,
        storage: &dyn PersistentStorage,
        call: &EvaluatedCall<'_>,
        stored: Stored<'_>,
    ) -> Option<Assigned> {
        let evaluation = call.evaluation;
        self.assigned(
            storage,
            call,
            stored.values,
            |_| evaluation.is_experiment_active,
            evaluation.is_experiment_group,
            |_| self.is_overruled(call.user, call.name, stored),
        )
    }

    /// The layer as it is stored for the user, if that is to be served.
    #[inline]
    pub(super) fn sticky_layer(
        self,
        call: &EvaluatedCall<'_>,
        options: &LayerEvaluationOptions,
    ) -> Option<Layer> {
        let storage = self.inner().shared.options.persistent_storage.as_deref()?;
        let stored = Stored {
            values: options.user_persisted_values.as_deref(),
            enforce_overrides: options.enforce_overrides,
            enforce_targeting: options.enforce_targeting,
        };
        let assigned = self.assigned_layer(storage, call, stored)?;
        let logging = Logging::unless(options.disable_exposure_logging);
        self.inner().expose_looked_up_only(call, logging);
        if logging == Logging::Disabled {
            let name = &assigned.name;
            self.inner()
                .count_check(assigned.name_hash, || name.clone());
        }
        Some(Arc::new(assigned).layer(logging))
    }

    #[cold]
    pub(super) fn assigned_layer(
        self,
        storage: &dyn PersistentStorage,
        call: &EvaluatedCall<'_>,
        stored: Stored<'_>,
    ) -> Option<Assigned> {
        let evaluation = call.evaluation;
        let is_allocated = evaluation.allocated_experiment().is_some();
        let is_live = is_allocated && evaluation.is_experiment_active;
        self.assigned(
            storage,
            call,
            stored.values,
            |assigned| {
                let delegate = assigned.and_then(|assigned| assigned.config_delegate.as_deref());
                delegate
                    .and_then(|delegate| self.is_experiment_active(delegate))
                    .unwrap_or(is_live)
            },
            is_allocated && evaluation.is_experiment_group,
            |assigned| {
                let delegate = assigned.config_delegate.as_deref();
                delegate.is_some_and(|delegate| self.is_overruled(call.user, delegate, stored))
            },
        )
    }

    /// Saves or deletes what is stored, or says what is to be served from there.
    fn assigned(
        self,
        storage: &dyn PersistentStorage,
        call: &EvaluatedCall<'_>,
        given: Option<&UserPersistedValues>,
        is_active: impl FnOnce(Option<&StickyValues>) -> bool,
        is_in_group: bool,
        is_overruled: impl FnOnce(&StickyValues) -> bool,
    ) -> Option<Assigned> {
        let symbols = &call.published.specs.symbols;
        let id_type = symbols.get(call.evaluation.id_type?);
        let key = storage_key(call.user, id_type.is_user_id, &id_type.text)?;
        match decide(given, call.name, is_active, is_in_group, is_overruled) {
            Decision::Stored(stored) => Some(self.assign(call, stored.clone())),
            Decision::Live => None,
            Decision::LiveAndDelete => {
                guarded(STORAGE, || storage.delete(&key, call.name));
                None
            }
            Decision::LiveAndSave => {
                let values = to_be_stored(call);
                guarded(STORAGE, || storage.save(&key, call.name, values));
                None
            }
        }
    }

    /// Whether an experiment of this name is running; `None` when there is none, or it does not say.
    fn is_experiment_active(self, experiment: &str) -> Option<bool> {
        let specs = &self.published.specs;
        let entry = specs.entry(specs.find(experiment)?)?;
        specs.spec(entry.config?)?.is_active
    }

    /// Whether one of the experiment's rules that are to be enforced catches the user.
    fn is_overruled(self, user: &StatsigUser, experiment: &str, stored: Stored<'_>) -> bool {
        let catches = |is_meant: fn(&str) -> bool| {
            let experiment = self.published.specs.find(experiment);
            experiment.is_some_and(|experiment| {
                Evaluator::new(self.context(), user).passes_rules(experiment, is_meant)
            })
        };
        (stored.enforce_targeting && catches(is_targeting_rule))
            || (stored.enforce_overrides && catches(is_override_rule))
    }

    fn assign(self, call: &EvaluatedCall<'_>, mut stored: StickyValues) -> Assigned {
        let evaluation = call.evaluation;
        let name = call.shared_name();
        let values = stored.json_value.take();
        stored.json_value =
            values.map(|values| bounded_shared(values, format_args!("what is stored of {name}")));
        Assigned {
            statsig: self.statsig.clone(),
            user: call.user.clone(),
            name_hash: text_hash(&name),
            name,
            rule_id: stored.rule_id.clone().unwrap_or_default(),
            id_type: call.id_type(),
            user_hash: call.user_hash(true),
            details: EvaluationDetails::persisted(
                stored.time,
                self.inner().shared.clock.now_ms(),
                stored.config_version,
            ),
            live_version: evaluation.version,
            sampling: SamplingInputs {
                // The rule that assigned may be gone, and its rate with it: none is left out.
                rate: None,
                forward_all: evaluation.forward_all_exposures,
                has_seen_analytical_gates: evaluation.has_seen_analytical_gates,
                ..SamplingInputs::default()
            },
            stored,
        }
    }
}

fn to_be_stored(call: &EvaluatedCall<'_>) -> StickyValues {
    let evaluation = call.evaluation;
    let gates = |gates: &[NestedGate]| {
        let stored = gates.iter().map(|nested| {
            StickyExposure::new(
                call.text(nested.gate),
                nested.value,
                call.text(nested.rule_id),
            )
        });
        stored.collect()
    };
    let parameters = match &evaluation.parameters {
        ParametersRef::Shared(parameters) => Some(Arc::clone(parameters)),
        _ => None,
    };
    let specs = &call.published.specs;
    StickyValues {
        value: evaluation.value,
        json_value: parameters,
        rule_id: evaluation.rule_id.map(|rule| call.text(rule)),
        group_name: evaluation.group_name.map(|group| call.text(group)),
        secondary_exposures: gates(&evaluation.nested_gates),
        undelegated_secondary_exposures: evaluation.undelegated_gates().map(gates),
        config_delegate: call.allocated_experiment(),
        explicit_parameters: evaluation.explicit_parameters(specs).cloned(),
        time: Some(specs.time),
        config_version: evaluation.version,
    }
}

impl Assigned {
    pub(super) fn allocated_experiment(&self) -> Option<&SharedStr> {
        let delegate = self.stored.config_delegate.as_ref();
        delegate.filter(|delegate| !delegate.is_empty())
    }

    pub(super) fn parameter(&self, parameter: &str) -> Option<&Value> {
        self.stored.json_value.as_ref()?.get(parameter)
    }

    pub(super) fn experiment(self: Arc<Self>, logging: Logging) -> Experiment {
        Experiment {
            name: self.name.clone(),
            rule_id: self.rule_id.clone(),
            value: SharedParameters(self.stored.json_value.clone()),
            id_type: self.id_type.clone(),
            group_name: self.stored.group_name.clone(),
            is_experiment_active: true,
            is_user_in_experiment: true,
            details: self.details.clone(),
            served: self.served(logging),
        }
    }

    pub(super) fn layer(self: Arc<Self>, logging: Logging) -> Layer {
        Layer {
            name: self.name.clone(),
            rule_id: self.rule_id.clone(),
            id_type: self.id_type.clone(),
            group_name: self.stored.group_name.clone(),
            allocated_experiment_name: self.allocated_experiment().cloned(),
            is_experiment_active: true,
            is_user_in_experiment: true,
            details: self.details.clone(),
            source: LayerSource::Assigned(self),
            logging,
        }
    }

    pub(super) fn expose_experiment(&self, logging: Logging) {
        let secondary = &self.stored.secondary_exposures;
        self.expose(|| ExposureSubject::Experiment, secondary, 1, logging);
    }

    /// Like a layer's own parameters: one that the allocated experiment sets carries the experiment and all nested gates.
    pub(super) fn expose_layer_parameter(&self, parameter: &str, logging: Logging) {
        let stored = &self.stored;
        let explicit = stored.explicit_parameters.as_deref().unwrap_or_default();
        let is_explicit =
            stored.config_delegate.is_some() && explicit.iter().any(|name| name == parameter);
        let secondary = if is_explicit {
            &stored.secondary_exposures
        } else {
            stored
                .undelegated_secondary_exposures
                .as_deref()
                .unwrap_or_default()
        };
        let subject = || ExposureSubject::LayerParameter {
            parameter: parameter.into(),
            is_explicit,
            allocated_experiment: self
                .allocated_experiment()
                .filter(|_| is_explicit)
                .cloned()
                .unwrap_or_default(),
        };
        self.expose(subject, secondary, text_hash(parameter), logging);
    }

    fn expose(
        &self,
        subject: impl FnOnce() -> ExposureSubject,
        secondary: &[StickyExposure],
        extra: u64,
        logging: Logging,
    ) {
        let inner = &self.statsig.inner;
        let shared = &inner.shared;
        if shared.options.disable_all_logging {
            return;
        }
        if logging == Logging::Disabled {
            inner.count_check(self.name_hash, || self.name.clone());
            return;
        }
        let rule_hash = text_hash(&self.rule_id);
        let is_manual = logging == Logging::Manual;
        // Known by another key than an automatic exposure, so that neither suppresses the other.
        let extra = if is_manual { mix(extra, 1) } else { extra };
        let key = ExposureKey::of(self.name_hash, rule_hash, self.user_hash, extra);
        let as_primary = shared.events.exposes_nested_gates(&shared.published.load());
        let time_ms = shared.clock.now_ms();
        if inner.is_new(&key) {
            inner.queue(QueuedEvent::Exposure(Exposure {
                user: self.user.clone(),
                name: self.name.clone(),
                rule_id: self.rule_id.clone(),
                subject: subject(),
                details: self.details.clone().with_version(self.live_version),
                secondary: if as_primary {
                    SecondaryExposures::Empty
                } else {
                    shared_gates(secondary)
                },
                is_manual,
                override_config_name: None,
                sampling: SamplingInputs {
                    spec_rule_hash: key.spec_and_rule,
                    key_hash: key.whole,
                    has_seen_analytical_gates: self.sampling.has_seen_analytical_gates
                        && !as_primary,
                    ..self.sampling
                },
                time_ms,
            }));
        }
        if as_primary {
            for nested in secondary {
                let nested = NestedExposure {
                    gate: &nested.gate,
                    gate_hash: text_hash(&nested.gate),
                    rule_id: &nested.rule_id,
                    rule_hash: text_hash(&nested.rule_id),
                    value: nested.gate_value,
                };
                inner.expose_nested_gate(&self.user, &nested, time_ms);
            }
        }
    }
}

fn shared_gates(gates: &[StickyExposure]) -> SecondaryExposures {
    if gates.is_empty() {
        return SecondaryExposures::Empty;
    }
    let shared = gates.iter().map(|nested| SecondaryExposure {
        gate: nested.gate.clone(),
        value: nested.gate_value,
        rule_id: nested.rule_id.clone(),
    });
    SecondaryExposures::List(shared.collect())
}
