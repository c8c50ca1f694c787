//! An evaluation with its specs, from which results are built.

use super::result::{Evaluation, LookedUp, Outcome};
use crate::results::{
    DynamicConfig, EvaluationDetails, Experiment, FeatureGate, Reason, Served, SharedParameters,
};
use crate::specs::compiled::EntryId;
use crate::specs::snapshot::Snapshot;
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;

/// The evaluation of one name.
#[derive(Debug, Clone, Copy)]
pub struct NamedEvaluation<'a> {
    /// The specs of the evaluation.
    pub snapshot: &'a Snapshot,
    /// The requested name.
    pub name: &'a str,
    /// `None` if the specs do not know the name.
    pub entry: Option<EntryId>,
    /// The evaluation.
    pub evaluation: &'a Evaluation,
}

impl<'a> NamedEvaluation<'a> {
    /// The experiments that conditions looked up, in order.
    pub fn looked_up(self) -> impl Iterator<Item = Self> {
        let looked_up = self.evaluation.looked_up().iter();
        looked_up.filter_map(move |LookedUp { entry, evaluation }| {
            let specs = &self.snapshot.specs;
            Some(Self {
                name: specs.text(specs.entry(*entry)?.name),
                entry: Some(*entry),
                evaluation,
                ..self
            })
        })
    }

    /// The name, shared with the specs if they know it.
    #[must_use]
    pub fn shared_name(&self) -> SharedStr {
        let specs = &self.snapshot.specs;
        match self.entry.and_then(|entry| specs.entry(entry)) {
            Some(entry) => specs.text(entry.name).clone(),
            None => self.name.into(),
        }
    }

    /// The rule for callers. If a limit stopped the evaluation, the rule is `default`.
    #[must_use]
    pub fn rule_id(&self) -> SharedStr {
        let symbol = match self.evaluation.outcome {
            Outcome::TooDeep => Symbol::DEFAULT,
            _ => self.evaluation.rule_symbol(),
        };
        self.text(symbol)
    }

    /// The type of ID that the entity buckets by.
    #[must_use]
    pub fn id_type(&self) -> SharedStr {
        self.text(self.evaluation.id_type.unwrap_or(Symbol::EMPTY))
    }

    /// The name of the user's group.
    #[must_use]
    pub fn group_name(&self) -> Option<SharedStr> {
        self.evaluation.group_name.map(|name| self.text(name))
    }

    /// The experiment that a layer allocated the user to.
    #[must_use]
    pub fn allocated_experiment(&self) -> Option<SharedStr> {
        self.evaluation
            .allocated_experiment()
            .map(|name| self.text(name))
    }

    /// A text of the specs.
    #[must_use]
    pub fn text(&self, symbol: Symbol) -> SharedStr {
        self.snapshot.specs.text(symbol).clone()
    }

    /// All parameters. A gate has none.
    #[must_use]
    pub fn parameters(&self) -> SharedParameters {
        SharedParameters(self.evaluation.parameters.shared().cloned())
    }

    /// The reason for the evaluation's result.
    #[must_use]
    pub fn details(&self) -> EvaluationDetails {
        let snapshot = self.snapshot;
        let source = || snapshot.source.clone();
        let evaluation = self.evaluation;
        let reason = if let Some(by) = evaluation.override_reason {
            Reason::Overridden(by)
        } else if !snapshot.has_specs() {
            return EvaluationDetails::without_specs(Reason::NoSpecs(source()));
        } else {
            match evaluation.outcome {
                Outcome::TooDeep => {
                    return EvaluationDetails::without_specs(Reason::Error(
                        "Statsig Evaluation Depth Exceeded",
                    ));
                }
                Outcome::Unrecognized => Reason::Unrecognized(source()),
                Outcome::Unsupported => Reason::Unsupported(source()),
                Outcome::Recognized => Reason::Recognized {
                    source: source(),
                    id_list: evaluation.id_list,
                },
            }
        };
        EvaluationDetails {
            version: evaluation.version,
            ..snapshot.details(reason)
        }
    }

    /// The evaluation as a gate.
    #[must_use]
    pub fn feature_gate(&self, served: Served) -> FeatureGate {
        FeatureGate {
            name: self.shared_name(),
            value: self.evaluation.value,
            rule_id: self.rule_id(),
            id_type: self.id_type(),
            details: self.details(),
            served,
        }
    }

    /// The evaluation as a dynamic config.
    #[must_use]
    pub fn dynamic_config(&self, served: Served) -> DynamicConfig {
        DynamicConfig {
            name: self.shared_name(),
            value: self.parameters(),
            rule_id: self.rule_id(),
            id_type: self.id_type(),
            passed: self.evaluation.value,
            details: self.details(),
            served,
        }
    }

    /// The evaluation as an experiment.
    #[must_use]
    pub fn experiment(&self, served: Served) -> Experiment {
        let evaluation = self.evaluation;
        Experiment {
            name: self.shared_name(),
            value: self.parameters(),
            rule_id: self.rule_id(),
            id_type: self.id_type(),
            group_name: self.group_name(),
            is_experiment_active: evaluation.is_experiment_active,
            is_user_in_experiment: evaluation.is_experiment_group,
            details: self.details(),
            served,
        }
    }
}
