//! An exposure before the check for repeats.

use crate::evaluation::NestedGate;
use crate::events::event::{
    Exposure, ExposureSubject, SamplingInputs, SecondaryExposure, SecondaryExposures,
};
use crate::hash::mix;
use crate::results::EvaluationDetails;
use crate::specs::compiled::CompiledSpecs;
use crate::storage::StickyExposure;
use crate::text::SharedStr;
use crate::user::StatsigUser;

/// The inputs of deduplication and sampling.
#[derive(Debug, Clone, Copy)]
pub(in crate::client) struct ExposureKey {
    pub(super) spec_and_rule: u64,
    pub(super) whole: u64,
}

impl ExposureKey {
    /// The key of these parts, each of them hashed. `extra` distinguishes two exposures of one
    /// entity.
    #[inline]
    pub(in crate::client) fn new(name: u64, rule: u64, user: u64, extra: u64) -> Self {
        let spec_and_rule = mix(name, rule);
        Self {
            spec_and_rule,
            whole: mix(mix(spec_and_rule, user), extra),
        }
    }
}

/// The parts of a user's decision that its exposures contain.
pub(in crate::client) trait Exposable {
    fn name(&self) -> SharedStr;

    fn details(&self) -> EvaluationDetails;

    /// The spec that a config mapping evaluated instead.
    fn mapped_to(&self) -> Option<SharedStr> {
        None
    }

    /// The details, without the hashes.
    fn sampling(&self) -> SamplingInputs {
        SamplingInputs::default()
    }
}

/// The kind of the exposed entity.
#[derive(Debug, Clone, Copy)]
pub(in crate::client) enum Subject<'a> {
    Gate(bool),
    NestedGate(bool),
    /// Whether a rule passed; `None` when the evaluation failed.
    DynamicConfig(Option<bool>),
    Experiment,
    LayerParameter {
        parameter: &'a str,
        /// Whether the allocated experiment sets the parameter.
        is_explicit: bool,
        allocated_experiment: Option<&'a SharedStr>,
    },
}

impl Subject<'_> {
    fn to_shared(self) -> ExposureSubject {
        match self {
            Self::Gate(value) => ExposureSubject::Gate { value },
            Self::NestedGate(value) => ExposureSubject::NestedGate { value },
            Self::DynamicConfig(rule_passed) => ExposureSubject::DynamicConfig { rule_passed },
            Self::Experiment => ExposureSubject::Experiment,
            Self::LayerParameter {
                parameter,
                is_explicit,
                allocated_experiment,
            } => ExposureSubject::LayerParameter {
                parameter: parameter.into(),
                is_explicit,
                allocated_experiment: allocated_experiment
                    .filter(|_| is_explicit)
                    .cloned()
                    .unwrap_or_default(),
            },
        }
    }
}

/// The nested gates of a decision.
#[derive(Debug, Clone, Copy)]
pub(in crate::client) enum NestedGates<'a> {
    /// There is no such list.
    Absent,
    Evaluated(&'a CompiledSpecs, &'a [NestedGate]),
    Stored(&'a [StickyExposure]),
}

impl NestedGates<'_> {
    fn to_secondary(self) -> SecondaryExposures {
        let shared = match self {
            Self::Absent => return SecondaryExposures::Absent,
            Self::Evaluated(_, []) | Self::Stored([]) => return SecondaryExposures::Empty,
            Self::Evaluated(specs, gates) => {
                let shared = gates.iter().map(|nested| SecondaryExposure {
                    gate: specs.text(nested.gate).clone(),
                    value: nested.value,
                    rule_id: specs.text(nested.rule_id).clone(),
                });
                shared.collect()
            }
            Self::Stored(gates) => {
                let shared = gates.iter().map(|nested| SecondaryExposure {
                    gate: nested.gate.clone(),
                    value: nested.gate_value,
                    rule_id: nested.rule_id.clone(),
                });
                shared.collect()
            }
        };
        SecondaryExposures::List(shared)
    }
}

/// An exposure before the check for repeats. It borrows everything.
pub(in crate::client) struct Draft<'a> {
    pub(in crate::client) of: &'a dyn Exposable,
    pub(in crate::client) user: &'a StatsigUser,
    pub(in crate::client) key: ExposureKey,
    pub(in crate::client) rule_id: &'a SharedStr,
    pub(in crate::client) subject: Subject<'a>,
    pub(in crate::client) nested_gates: NestedGates<'a>,
    pub(in crate::client) is_manual: bool,
}

impl Draft<'_> {
    /// `splits` means that each nested gate is a separate exposure.
    pub(super) fn exposure(&self, splits: bool, time_ms: u64) -> Exposure {
        let sampling = self.of.sampling();
        Exposure {
            user: self.user.clone(),
            name: self.of.name(),
            rule_id: self.rule_id.clone(),
            subject: self.subject.to_shared(),
            details: self.of.details(),
            secondary: match self.nested_gates {
                NestedGates::Evaluated(..) | NestedGates::Stored(_) if splits => {
                    SecondaryExposures::Empty
                }
                nested_gates => nested_gates.to_secondary(),
            },
            is_manual: self.is_manual,
            override_config_name: self.of.mapped_to(),
            sampling: SamplingInputs {
                has_seen_analytical_gates: sampling.has_seen_analytical_gates && !splits,
                spec_rule_hash: self.key.spec_and_rule,
                key_hash: self.key.whole,
                ..sampling
            },
            time_ms,
        }
    }
}
