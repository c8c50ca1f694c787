//! The result of an evaluation, in terms of the specs it was made with.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::results::IdListSource;
use crate::specs::compiled::{CompiledSpecs, EntryId, Parameters, ReturnValue, SpecId};
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;

/// A nested gate that the evaluation went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct NestedGate {
    pub(crate) gate: Symbol,
    pub(crate) value: bool,
    pub(crate) rule_id: Symbol,
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
pub(crate) struct Evaluation {
    pub(crate) outcome: Outcome,
    /// The value of a gate; of a config, whether a rule passed.
    pub(crate) value: bool,
    pub(crate) parameters: ParametersRef,
    pub(crate) rule_id: Option<Symbol>,
    pub(crate) group_name: Option<Symbol>,
    pub(crate) id_type: Option<Symbol>,
    pub(crate) version: Option<u32>,
    pub(crate) is_experiment_group: bool,
    pub(crate) is_experiment_active: bool,
    pub(crate) is_in_layer: bool,
    /// The spec whose explicit parameters count: the delegate's, in a layer.
    pub(crate) explicit_parameters_of: Option<SpecId>,
    /// The experiment that a layer allocated the user to.
    pub(crate) delegate: Option<Symbol>,
    pub(crate) nested_gates: NestedGates,
    pub(crate) undelegated: Undelegated,
    /// Which rule supplied each parameter (new layer evaluation only).
    pub(crate) parameter_rules: Option<Arc<Vec<(SharedStr, Symbol)>>>,
    pub(crate) override_reason: Option<&'static str>,
    /// The spec that a config mapping evaluated instead.
    pub(crate) mapped_to: Option<Symbol>,
    pub(crate) sampling_rate: Option<u64>,
    pub(crate) forward_all_exposures: bool,
    pub(crate) has_seen_analytical_gates: bool,
    pub(crate) id_list: Option<IdListSource>,
    /// Experiments whose group a condition asked for: each is an exposure of its own, before this one.
    #[expect(
        clippy::box_collection,
        reason = "rare, and evaluations are moved often: a word is enough"
    )]
    pub(crate) looked_up: Option<Box<Vec<LookedUp>>>,
}

/// An experiment that was evaluated because a condition asks for its group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LookedUp {
    pub(crate) entry: EntryId,
    pub(crate) evaluation: Evaluation,
}

/// How an evaluation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Outcome {
    /// The name is not in the specs.
    #[default]
    Unrecognized,
    Recognized,
    /// The specs use something unknown.
    Unsupported,
    /// A limit was reached.
    TooDeep,
}

/// The parameters of a config, experiment or layer.
#[derive(Debug, Clone, Default)]
pub(crate) enum ParametersRef {
    /// Nothing was returned.
    #[default]
    Nothing,
    /// `null` was returned, which reads as no parameters.
    Null,
    /// A boolean was returned, which reads as no parameters.
    Bool(bool),
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
    /// The nested gates that exposures of parameters outside of the allocated experiment carry.
    pub(crate) fn undelegated_gates(&self) -> Option<&[NestedGate]> {
        match &self.undelegated {
            Undelegated::None => None,
            Undelegated::First(count) => self.nested_gates.get(..*count),
            Undelegated::Own(gates) => Some(gates),
        }
    }

    pub(crate) fn explicit_parameters<'s>(
        &self,
        specs: &'s CompiledSpecs,
    ) -> Option<&'s Vec<SharedStr>> {
        specs
            .spec(self.explicit_parameters_of?)?
            .explicit_parameters
            .as_ref()
    }

    pub(crate) fn rule_symbol(&self) -> Symbol {
        self.rule_id.unwrap_or(Symbol::EMPTY)
    }
}
