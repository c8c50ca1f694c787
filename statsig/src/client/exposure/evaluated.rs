//! Exposures of evaluations.

use super::Logging;
use super::draft::{Draft, Exposable, ExposureKey, NestedGates, Subject};
use crate::client::evaluated_call::EvaluatedCall;
use crate::evaluation::{NestedGate, Outcome};
use crate::events::event::SamplingInputs;
use crate::hash::{mix, text_hash};
use crate::results::EvaluationDetails;
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;
use statsig_core::entity_kind::EntityKind;

impl Exposable for EvaluatedCall<'_> {
    fn name(&self) -> SharedStr {
        self.shared_name()
    }

    fn details(&self) -> EvaluationDetails {
        self.named.details()
    }

    fn mapped_to(&self) -> Option<SharedStr> {
        self.evaluation.mapped_to.map(|name| self.text(name))
    }

    fn sampling(&self) -> SamplingInputs {
        SamplingInputs {
            rate: self.evaluation.sampling_rate,
            forward_all: self.evaluation.forward_all_exposures,
            has_seen_analytical_gates: self.evaluation.has_seen_analytical_gates,
            ..SamplingInputs::default()
        }
    }
}

impl EvaluatedCall<'_> {
    /// Logs the exposure of a gate, config or experiment, after those of the experiments whose
    /// group a condition requested. Layers are exposed by parameter. Logs nothing if the request
    /// overrides the entity.
    #[inline(always)]
    pub(in crate::client) fn expose(&self, logging: Logging) {
        if self.evaluation.aside.is_some() {
            if self.evaluation.forced().is_some() {
                return;
            }
            self.expose_each_looked_up(logging);
        }
        let evaluation = self.evaluation;
        let (subject, extra) = match self.kind {
            EntityKind::Gate => (Subject::Gate(evaluation.value), evaluation.value),
            EntityKind::DynamicConfig => {
                let is_done = evaluation.outcome != Outcome::TooDeep;
                let rule_passed = is_done.then_some(evaluation.value);
                (Subject::DynamicConfig(rule_passed), evaluation.value)
            }
            EntityKind::Experiment => (Subject::Experiment, evaluation.is_experiment_group),
            EntityKind::Layer | EntityKind::ParameterStore => return,
        };
        let rule = evaluation.rule_symbol();
        let gates = Some(&*evaluation.nested_gates);
        self.submit(subject, rule, gates, u64::from(extra), logging);
    }

    /// A condition that requests an experiment's group exposes that experiment like a separate
    /// call.
    #[inline]
    pub(in crate::client) fn expose_looked_up(&self, logging: Logging) {
        if self.evaluation.aside.is_some() {
            self.expose_each_looked_up(logging);
        }
    }

    #[cold]
    fn expose_each_looked_up(self, logging: Logging) {
        // A manual exposure logs only the entity that it names.
        let logging = match logging {
            Logging::Manual => Logging::Automatic,
            logging => logging,
        };
        for experiment in self.looked_up() {
            experiment.expose(logging);
        }
    }

    /// Logs the exposure of a layer's parameter. If the allocated experiment sets it, the exposure
    /// contains the experiment and all nested gates. Otherwise it contains only the gates that the
    /// layer itself evaluated.
    pub(in crate::client) fn expose_parameter(&self, parameter: &str, logging: Logging) {
        if self.evaluation.forced().is_some() {
            if !self.overrides_parameter(parameter) {
                let without = self.without_request_overrides();
                without.expose_parameter(parameter, logging);
            }
            return;
        }
        let evaluation = self.evaluation;
        let explicit = evaluation.explicit_parameters(self.specs());
        let is_explicit = evaluation.delegate.is_some()
            && explicit.is_some_and(|explicit| explicit.iter().any(|name| name == parameter));
        let gates = if is_explicit {
            Some(&*evaluation.nested_gates)
        } else {
            evaluation.undelegated_gates()
        };
        let allocated = evaluation.allocated_experiment();
        let subject = Subject::LayerParameter {
            parameter,
            is_explicit,
            allocated_experiment: allocated.map(|name| self.specs().text(name)),
        };
        let extra = text_hash(parameter);
        if logging == Logging::Manual {
            // It has another key than automatic reads, and the layer's overall rule.
            let rule = evaluation.rule_symbol();
            self.submit(subject, rule, gates, mix(extra, 1), logging);
        } else {
            let (rule, gates) = (self.rule_of(parameter), gates.unwrap_or_default());
            self.submit(subject, rule, Some(gates), extra, logging);
        }
    }

    /// Logs the exposure of what was read: a parameter of a layer, with the experiments that its
    /// conditions looked up, or the whole of another entity.
    pub(in crate::client) fn expose_read(&self, parameter: &str, logging: Logging) {
        if self.kind != EntityKind::Layer {
            self.expose(logging);
        } else if !self.overrides_parameter(parameter) {
            self.expose_looked_up(logging);
            self.expose_parameter(parameter, logging);
        }
    }

    /// Logs that the user met this group of a contextual bandit, regardless of the group that an
    /// evaluation would serve.
    pub(in crate::client) fn expose_group(&self, group_id: &SharedStr) {
        if self.evaluation.forced().is_some() {
            return;
        }
        self.expose_looked_up(Logging::Automatic);
        let evaluation = self.evaluation;
        let key = ExposureKey::new(
            self.name_hash(),
            self.specs().symbols.hash(evaluation.rule_symbol()),
            self.user_hash(true),
            u64::from(evaluation.is_experiment_group),
        );
        let (is_manual, is_new) = (true, self.view.client.is_new(key));
        let gates = Some(&*evaluation.nested_gates);
        self.queue(Subject::Experiment, group_id, gates, key, is_manual, is_new);
    }

    /// Counts a check of an entity whose exposure is suppressed.
    pub(in crate::client) fn count_check(&self) {
        let client = self.view.client;
        client.count_check(self.name_hash(), || self.shared_name());
    }

    /// Logs an exposure, unless it is a repeat. Builds nothing before that check.
    #[inline(always)]
    fn submit(
        &self,
        subject: Subject<'_>,
        rule: Symbol,
        gates: Option<&[NestedGate]>,
        extra: u64,
        logging: Logging,
    ) {
        let (client, named) = (self.view.client, self.named);
        let name_hash = self.name_hash();
        if !client.logs(logging, name_hash, move || named.shared_name()) {
            return;
        }
        let key = ExposureKey::new(
            name_hash,
            self.specs().symbols.hash(rule),
            // A manual exposure has another key, so that an automatic one does not suppress it.
            self.user_hash(logging == Logging::Automatic),
            extra,
        );
        let is_new = client.is_new(key);
        if is_new || self.splits() {
            let is_manual = logging == Logging::Manual;
            let rule_id = self.specs().text(rule);
            self.queue(subject, rule_id, gates, key, is_manual, is_new);
        }
    }

    /// Takes `self` by value, so that callers need not keep it in memory.
    fn queue(
        self,
        subject: Subject<'_>,
        rule_id: &SharedStr,
        gates: Option<&[NestedGate]>,
        key: ExposureKey,
        is_manual: bool,
        is_new: bool,
    ) {
        let draft = Draft {
            of: &self,
            user: self.user,
            key,
            rule_id,
            subject,
            nested_gates: self.nested_gates(gates),
            is_manual,
        };
        self.view
            .client
            .queue_exposure(&draft, is_new, self.splits());
    }

    /// Whether each nested gate is a separate exposure.
    #[inline]
    pub(in crate::client) fn splits(&self) -> bool {
        let shared = &self.view.client.shared;
        shared.events.exposes_nested_gates(self.view.published)
    }

    fn nested_gates<'g>(&'g self, gates: Option<&'g [NestedGate]>) -> NestedGates<'g> {
        match gates {
            Some(gates) if self.evaluation.outcome != Outcome::TooDeep => {
                NestedGates::Evaluated(self.specs(), gates)
            }
            _ => NestedGates::Absent,
        }
    }

    #[inline]
    fn name_hash(&self) -> u64 {
        let specs = self.specs();
        match self.entry.and_then(|entry| specs.entry(entry)) {
            Some(entry) => specs.symbols.hash(entry.name),
            None => text_hash(self.name),
        }
    }

    /// Identifies the user for deduplication, also by the ID of the entity's type if it counts.
    #[inline(always)]
    pub(in crate::client) fn user_hash(&self, counts_id_type: bool) -> u64 {
        let id_type = self.evaluation.id_type.filter(|_| counts_id_type);
        match id_type.map(|id_type| self.specs().symbols.get(id_type)) {
            Some(id_type) if id_type.is_user_id => self.user.exposure_hash_by_user_id(),
            id_type => self
                .user
                .exposure_hash_by(id_type.map(|id_type| id_type.text.as_str())),
        }
    }
}
