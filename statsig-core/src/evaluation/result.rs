//! The result of an evaluation, in terms of the specs it was made with.

use std::sync::Arc;

use serde_json::Value;
use smallvec::SmallVec;

use crate::results::IdListSource;
use crate::specs::compiled::{CompiledSpecs, EntryId, Parameters, ReturnValue, SpecId};
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;

/// A nested gate that the evaluation went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NestedGate {
    /// Its name.
    pub gate: Symbol,
    /// Whether it passed.
    pub value: bool,
    /// The rule that decided.
    pub rule_id: Symbol,
}

/// Nested gates in the order they were evaluated, repeats included.
pub(crate) type NestedGates = SmallVec<[NestedGate; 2]>;

/// The nested gates that a layer itself went through, before it delegated.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Undelegated {
    /// There is no such list.
    #[default]
    None,
    /// The first so many of the nested gates.
    First(usize),
    /// A list of their own.
    Own(NestedGates),
}

/// What an entity returns to a user, and everything that exposures and details say about it.
///
/// Symbols and indices belong to the specs of the evaluation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evaluation {
    /// How the evaluation ended.
    pub outcome: Outcome,
    /// The value of a gate; of a config, whether a rule passed.
    pub value: bool,
    /// What a config, experiment or layer returns.
    pub parameters: ParametersRef,
    /// The rule that decided; `None` for the default.
    pub rule_id: Option<Symbol>,
    /// The group that the user is in.
    pub group_name: Option<Symbol>,
    /// The type of ID that the entity counts with.
    pub id_type: Option<Symbol>,
    /// The version of the entity.
    pub version: Option<u32>,
    /// Whether the user counts in the results of an experiment.
    pub is_experiment_group: bool,
    /// Whether the experiment runs.
    pub is_experiment_active: bool,
    /// Whether the experiment is part of a layer.
    pub is_in_layer: bool,
    /// The spec whose explicit parameters count: the delegate's, in a layer.
    pub explicit_parameters_of: Option<SpecId>,
    /// The experiment that a layer allocated the user to.
    pub delegate: Option<Symbol>,
    /// The gates that it went through.
    pub nested_gates: NestedGates,
    pub(crate) undelegated: Undelegated,
    /// Which rule supplied each parameter (new layer evaluation only).
    pub parameter_rules: Option<Arc<Vec<(SharedStr, Symbol)>>>,
    /// What decided instead of the specs.
    pub override_reason: Option<&'static str>,
    /// The spec that a config mapping evaluated instead.
    pub mapped_to: Option<Symbol>,
    /// One in so many exposures is sent.
    pub sampling_rate: Option<u64>,
    /// Whether all exposures are sent, without sampling.
    pub forward_all_exposures: bool,
    /// Whether it went through a gate whose exposures are all sent.
    pub has_seen_analytical_gates: bool,
    pub(crate) id_list: Option<IdListSource>,
    /// Experiments whose group a condition asked for: each is an exposure of its own, before this one.
    /// Boxed, since it is rare and evaluations are moved often.
    pub looked_up: Option<Box<Vec<LookedUp>>>,
}

/// An experiment that was evaluated because a condition asks for its group.
#[derive(Debug, Clone, PartialEq)]
pub struct LookedUp {
    pub(crate) entry: EntryId,
    pub(crate) evaluation: Evaluation,
}

/// How an evaluation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    /// The name is not in the specs.
    #[default]
    Unrecognized,
    /// The specs decided.
    Recognized,
    /// The specs use something unknown.
    Unsupported,
    /// A limit was reached.
    TooDeep,
}

/// The parameters of a config, experiment or layer.
#[derive(Debug, Clone, Default)]
pub enum ParametersRef {
    /// Nothing was returned.
    #[default]
    Nothing,
    /// `null` was returned, which reads as no parameters.
    Null,
    /// A boolean was returned, which reads as no parameters.
    Bool(bool),
    /// Parameters, shared with the specs.
    Shared(Arc<Parameters>),
}

impl PartialEq for ParametersRef {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, Self::Nothing) | (Self::Null, Self::Null) => true,
            (Self::Bool(own), Self::Bool(other)) => own == other,
            // Mostly the very same ones; those that a layer merges are made anew each time.
            (Self::Shared(own), Self::Shared(other)) => Arc::ptr_eq(own, other) || own == other,
            _ => false,
        }
    }
}

impl ParametersRef {
    /// The parameter of this name.
    #[must_use]
    pub fn get(&self, parameter: &str) -> Option<&Value> {
        match self {
            Self::Shared(parameters) => parameters.get(parameter),
            Self::Nothing | Self::Null | Self::Bool(_) => None,
        }
    }
}

impl From<&ReturnValue> for ParametersRef {
    fn from(value: &ReturnValue) -> Self {
        match value {
            ReturnValue::Null => Self::Null,
            ReturnValue::Bool(value) => Self::Bool(*value),
            ReturnValue::Parameters(shared) => Self::Shared(Arc::clone(shared)),
        }
    }
}

impl Evaluation {
    /// The experiment that a layer allocated the user to.
    #[must_use]
    pub fn allocated_experiment(&self) -> Option<Symbol> {
        self.delegate.filter(|name| *name != Symbol::EMPTY)
    }

    /// The nested gates that exposures of parameters outside of the allocated experiment carry.
    #[must_use]
    pub fn undelegated_gates(&self) -> Option<&[NestedGate]> {
        match &self.undelegated {
            Undelegated::None => None,
            Undelegated::First(count) => self.nested_gates.get(..*count),
            Undelegated::Own(gates) => Some(gates),
        }
    }

    /// The parameters that the allocated experiment sets.
    pub fn explicit_parameters<'s>(&self, specs: &'s CompiledSpecs) -> Option<&'s Vec<SharedStr>> {
        specs
            .spec(self.explicit_parameters_of?)?
            .explicit_parameters
            .as_ref()
    }

    /// The rule that decided, or `default`.
    #[inline]
    #[must_use]
    pub fn rule_symbol(&self) -> Symbol {
        self.rule_id.unwrap_or(Symbol::EMPTY)
    }
}
