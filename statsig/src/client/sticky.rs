//! Serves stored assignments instead of evaluations, and stores new ones. Does nothing unless
//! persistent storage is configured.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::evaluated_call::EvaluatedCall;
use super::exposure::{Draft, Exposable, ExposureKey, Logging, NestedGates, Subject};
use super::{
    ClientInner, ExperimentEvaluationOptions, LayerEvaluationOptions, TypedEvaluationOptions,
};
use crate::evaluation::{Evaluator, NestedGate, REQUEST_OVERRIDE, over};
use crate::events::event::SamplingInputs;
use crate::guard::guarded;
use crate::hash::{mix, text_hash};
use crate::results::{EvaluationDetails, Reason};
use crate::storage::{
    Decision, PersistentStorage, StickyExposure, StickyValues, UserPersistedValues, decide,
    is_override_rule, is_targeting_rule, storage_key,
};
use crate::text::SharedStr;
use crate::user::StatsigUser;
use crate::value::depth::bounded_shared;
use statsig_core::entity_kind::EntityKind;

/// The name of the application's code in logs of its panics.
const STORAGE: &str = "the persistent storage";

/// The stored values of the user, and the live rules that take precedence.
#[derive(Debug, Clone, Copy)]
pub(super) struct StickyOptions<'a> {
    values: Option<&'a UserPersistedValues>,
    enforce_overrides: bool,
    enforce_targeting: bool,
}

impl<'a> StickyOptions<'a> {
    /// No live rule takes precedence over these values.
    pub(super) fn of(values: Option<&'a UserPersistedValues>) -> Self {
        Self {
            values,
            enforce_overrides: false,
            enforce_targeting: false,
        }
    }
}

macro_rules! sticky_options {
    ($($options:ident),*) => {$(
        impl<'a> From<&'a $options> for StickyOptions<'a> {
            fn from(options: &'a $options) -> Self {
                Self {
                    values: options.user_persisted_values.as_deref(),
                    enforce_overrides: options.enforce_overrides,
                    enforce_targeting: options.enforce_targeting,
                }
            }
        }
    )*};
}

sticky_options!(
    ExperimentEvaluationOptions,
    LayerEvaluationOptions,
    TypedEvaluationOptions
);

/// A stored assignment that is served, with the data of its exposure.
#[derive(Debug)]
pub(super) struct StickyAssignment {
    pub(super) client: Arc<ClientInner>,
    pub(super) user: StatsigUser,
    /// An experiment or a layer.
    pub(super) kind: EntityKind,
    pub(super) name: SharedStr,
    pub(super) rule_id: SharedStr,
    pub(super) id_type: SharedStr,
    name_hash: u64,
    user_hash: u64,
    pub(super) stored: StickyValues,
    pub(super) details: EvaluationDetails,
    /// The parameters that the request overrides.
    forced: Option<Arc<Map<String, Value>>>,
    /// Events contain the live version, not the version that assigned.
    live_version: Option<u32>,
    sampling: SamplingInputs,
    /// Whether nested gates are separate exposures, by the specs of the read.
    splits: bool,
}

impl EvaluatedCall<'_> {
    /// The assignment that is served instead of this evaluation. Updates the stored values if
    /// necessary.
    #[inline]
    pub(super) fn assignment(&self, options: StickyOptions<'_>) -> Option<Arc<StickyAssignment>> {
        let storage = self
            .view
            .client
            .shared
            .options
            .persistent_storage
            .as_deref()?;
        self.assignment_in(storage, options)
    }

    #[cold]
    fn assignment_in(
        &self,
        storage: &dyn PersistentStorage,
        options: StickyOptions<'_>,
    ) -> Option<Arc<StickyAssignment>> {
        // What is stored never depends on the overrides of a request.
        let call = self.without_request_overrides();
        let evaluation = call.evaluation;
        let has_experiment = match self.kind {
            EntityKind::Experiment => true,
            EntityKind::Layer => evaluation.allocated_experiment().is_some(),
            EntityKind::Gate | EntityKind::DynamicConfig | EntityKind::ParameterStore => {
                return None;
            }
        };
        let is_live = has_experiment && evaluation.is_experiment_active;
        let is_in_group = has_experiment && evaluation.is_experiment_group;
        let id_type = self.specs().symbols.get(evaluation.id_type?);
        let key = storage_key(self.user, id_type.is_user_id, &id_type.text)?;
        let decision = decide(
            options.values,
            self.name,
            |stored| {
                let stored = stored.and_then(|stored| stored.config_delegate.as_deref());
                let of_layer = stored.filter(|_| self.kind == EntityKind::Layer);
                of_layer
                    .and_then(|experiment| self.is_experiment_active(experiment))
                    .unwrap_or(is_live)
            },
            is_in_group,
            |stored| match self.kind {
                EntityKind::Layer => (stored.config_delegate.as_deref())
                    .is_some_and(|experiment| self.is_overruled(experiment, options)),
                _ => self.is_overruled(self.name, options),
            },
        );
        match decision {
            Decision::Stored(stored) => {
                let forced = self.evaluation.forced();
                let forced = forced.map(|forced| Arc::clone(&forced.parameters));
                Some(Arc::new(call.assigned(stored.clone(), forced)))
            }
            Decision::Live => None,
            Decision::LiveAndDelete => {
                guarded(STORAGE, || storage.delete(&key, self.name));
                None
            }
            Decision::LiveAndSave => {
                let values = call.sticky_values();
                guarded(STORAGE, || storage.save(&key, self.name, values));
                None
            }
        }
    }

    /// Whether an experiment of this name is running; `None` when the specs have no such experiment
    /// or no such flag.
    fn is_experiment_active(&self, experiment: &str) -> Option<bool> {
        let specs = self.specs();
        let entry = specs.entry(specs.find(experiment)?)?;
        specs.spec(entry.config?)?.is_active
    }

    /// Whether an enforced rule of the experiment matches the user.
    fn is_overruled(&self, experiment: &str, options: StickyOptions<'_>) -> bool {
        let catches = |is_meant: fn(&str) -> bool| {
            let experiment = self.specs().find(experiment);
            experiment.is_some_and(|experiment| {
                Evaluator::new(self.view.context(), self.user).passes_rules(experiment, is_meant)
            })
        };
        (options.enforce_targeting && catches(is_targeting_rule))
            || (options.enforce_overrides && catches(is_override_rule))
    }

    fn assigned(
        &self,
        mut stored: StickyValues,
        forced: Option<Arc<Map<String, Value>>>,
    ) -> StickyAssignment {
        let evaluation = self.evaluation;
        let name = self.shared_name();
        let values = stored.json_value.take();
        stored.json_value =
            values.map(|values| bounded_shared(values, format_args!("what is stored of {name}")));
        StickyAssignment {
            client: Arc::clone(self.view.client),
            user: self.user.clone(),
            kind: self.kind,
            name_hash: text_hash(&name),
            name,
            rule_id: stored.rule_id.clone().unwrap_or_default(),
            id_type: self.id_type(),
            user_hash: self.user_hash(true),
            details: EvaluationDetails::persisted(
                stored.time,
                self.view.client.shared.clock.now_ms(),
                stored.config_version,
            ),
            forced,
            live_version: evaluation.version,
            sampling: SamplingInputs {
                // The rule that assigned may no longer exist, and so its sampling rate is unknown:
                // no exposure is sampled out.
                rate: None,
                ..self.sampling()
            },
            splits: self.splits(),
            stored,
        }
    }

    fn sticky_values(&self) -> StickyValues {
        let evaluation = self.evaluation;
        let gates = |gates: &[NestedGate]| {
            let stored = gates.iter().map(|nested| {
                StickyExposure::new(
                    self.text(nested.gate),
                    nested.value,
                    self.text(nested.rule_id),
                )
            });
            stored.collect()
        };
        let specs = self.specs();
        StickyValues {
            value: evaluation.value,
            json_value: self.parameters().0,
            rule_id: evaluation.rule_id.map(|rule| self.text(rule)),
            group_name: self.group_name(),
            secondary_exposures: gates(&evaluation.nested_gates),
            undelegated_secondary_exposures: evaluation.undelegated_gates().map(gates),
            config_delegate: self.allocated_experiment(),
            explicit_parameters: evaluation.explicit_parameters(specs).cloned(),
            time: Some(specs.time),
            config_version: evaluation.version,
        }
    }
}

impl Exposable for StickyAssignment {
    fn name(&self) -> SharedStr {
        self.name.clone()
    }

    fn details(&self) -> EvaluationDetails {
        self.details.clone().with_version(self.live_version)
    }

    fn sampling(&self) -> SamplingInputs {
        self.sampling
    }
}

impl StickyAssignment {
    pub(super) fn allocated_experiment(&self) -> Option<&SharedStr> {
        let delegate = self.stored.config_delegate.as_ref();
        delegate.filter(|delegate| !delegate.is_empty())
    }

    pub(super) fn parameter(&self, parameter: &str) -> Option<&Value> {
        let forced = self.forced.as_ref();
        let stored = self.stored.json_value.as_ref();
        forced
            .and_then(|forced| forced.get(parameter))
            .or_else(|| stored?.get(parameter))
    }

    pub(super) fn overrides_parameter(&self, parameter: &str) -> bool {
        let forced = self.forced.as_ref();
        forced.is_some_and(|forced| forced.contains_key(parameter))
    }

    /// All parameters, with those that the request overrides.
    pub(super) fn shown_parameters(&self) -> Option<Arc<Map<String, Value>>> {
        let stored = self.stored.json_value.clone();
        match &self.forced {
            Some(forced) => Some(over(stored.as_deref(), forced)),
            None => stored,
        }
    }

    /// The rule and the details for callers. Exposures have the stored ones.
    pub(super) fn shown(&self) -> (SharedStr, EvaluationDetails) {
        let details = self.details.clone();
        match &self.forced {
            Some(_) => {
                let reason = Reason::Overridden(REQUEST_OVERRIDE);
                ("override".into(), details.with_reason(reason))
            }
            None => (self.rule_id.clone(), details),
        }
    }

    /// The rule and the details of a parameter, or of the whole.
    pub(super) fn decided(&self, parameter: Option<&str>) -> (SharedStr, EvaluationDetails) {
        match parameter {
            Some(parameter) if !self.overrides_parameter(parameter) => {
                (self.rule_id.clone(), self.details.clone())
            }
            _ => self.shown(),
        }
    }

    /// Logs the exposure of an experiment.
    pub(super) fn expose(&self, logging: Logging) {
        if self.forced.is_some() {
            return;
        }
        let gates = &self.stored.secondary_exposures;
        self.submit(Subject::Experiment, gates, 1, logging);
    }

    /// Logs the exposure of a layer's parameter. If the allocated experiment sets it, the exposure
    /// contains the experiment and all nested gates.
    pub(super) fn expose_parameter(&self, parameter: &str, logging: Logging) {
        if self.overrides_parameter(parameter) {
            return;
        }
        let stored = &self.stored;
        let explicit = stored.explicit_parameters.as_deref().unwrap_or_default();
        let is_explicit =
            stored.config_delegate.is_some() && explicit.iter().any(|name| name == parameter);
        let undelegated = stored.undelegated_secondary_exposures.as_deref();
        let gates = if is_explicit {
            &stored.secondary_exposures
        } else {
            undelegated.unwrap_or_default()
        };
        let subject = Subject::LayerParameter {
            parameter,
            is_explicit,
            allocated_experiment: self.allocated_experiment(),
        };
        self.submit(subject, gates, text_hash(parameter), logging);
    }

    /// Logs the exposure of what was read: a parameter of a layer, or the whole experiment.
    pub(super) fn expose_read(&self, parameter: &str, logging: Logging) {
        match self.kind {
            EntityKind::Layer => self.expose_parameter(parameter, logging),
            _ => self.expose(logging),
        }
    }

    fn submit(&self, subject: Subject<'_>, gates: &[StickyExposure], extra: u64, logging: Logging) {
        if !(self.client).logs(logging, self.name_hash, || self.name.clone()) {
            return;
        }
        let is_manual = logging == Logging::Manual;
        // Neither an automatic nor a manual exposure suppresses the other.
        let extra = if is_manual { mix(extra, 1) } else { extra };
        let rule_hash = text_hash(&self.rule_id);
        let draft = Draft {
            of: self,
            user: &self.user,
            key: ExposureKey::new(self.name_hash, rule_hash, self.user_hash, extra),
            rule_id: &self.rule_id,
            subject,
            nested_gates: NestedGates::Stored(gates),
            is_manual,
        };
        self.client.submit(&draft, self.splits);
    }
}
