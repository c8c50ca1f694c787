//! The result of an evaluation, in symbols of its specs.

use std::sync::Arc;

use serde_json::Value;
use smallvec::SmallVec;

use crate::results::IdListSource;
use crate::specs::compiled::{CompiledSpecs, EntryId, Parameters, ReturnValue, SpecId};
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;

/// A nested gate in the course of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NestedGate {
    /// Its name.
    pub gate: Symbol,
    /// Whether it passed.
    pub value: bool,
    /// The rule that decided.
    pub rule_id: Symbol,
}

/// Nested gates in evaluation order, including repeats.
pub(crate) type NestedGates = SmallVec<[NestedGate; 2]>;

/// The nested gates of a layer itself, before its delegation.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Undelegated {
    /// The evaluation did not delegate.
    #[default]
    None,
    /// This many of the first nested gates.
    First(usize),
    /// A separate list.
    Own(NestedGates),
}

/// The result of an entity for a user, with all data for exposures and details.
///
/// Symbols and indices belong to the specs of the evaluation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evaluation {
    /// How the evaluation ended.
    pub outcome: Outcome,
    /// For a gate, whether it passes. For a config, whether a rule passed.
    pub value: bool,
    /// The parameters of a config, experiment or layer.
    pub parameters: ParametersRef,
    /// The rule that decided. `None` for the default.
    pub rule_id: Option<Symbol>,
    /// The user's group.
    pub group_name: Option<Symbol>,
    /// The type of ID that the entity buckets by.
    pub id_type: Option<Symbol>,
    /// The version of the entity.
    pub version: Option<u32>,
    /// Whether the user counts in the results of an experiment.
    pub is_experiment_group: bool,
    /// Whether the experiment runs.
    pub is_experiment_active: bool,
    /// Whether the experiment is part of a layer.
    pub is_in_layer: bool,
    /// The spec whose explicit parameters apply. In a layer, this is the delegate.
    pub explicit_parameters_of: Option<SpecId>,
    /// The experiment that a layer allocated the user to.
    pub delegate: Option<Symbol>,
    /// The nested gates of the evaluation.
    pub nested_gates: NestedGates,
    pub(crate) undelegated: Undelegated,
    /// Which rule supplied each parameter (new layer evaluation only).
    pub parameter_rules: Option<Arc<Vec<(SharedStr, Symbol)>>>,
    /// The decider, if an override decided.
    pub override_reason: Option<&'static str>,
    /// The spec that a config mapping evaluated instead.
    pub mapped_to: Option<Symbol>,
    /// The SDK sends one of this many exposures.
    pub sampling_rate: Option<u64>,
    /// Whether the SDK sends all exposures, without sampling.
    pub forward_all_exposures: bool,
    /// Whether the evaluation used a gate whose exposures are all sent.
    pub has_seen_analytical_gates: bool,
    pub(crate) id_list: Option<IdListSource>,
    /// Boxed, because it is rare and evaluations move often.
    pub aside: Option<Box<Aside>>,
}

/// The parts that few evaluations have.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Aside {
    /// Experiments whose group a condition looked up. Each is a separate exposure before this one.
    pub looked_up: Vec<LookedUp>,
    /// Set if the overrides of a request apply.
    pub forced: Option<Forced>,
}

/// An experiment that was evaluated because a condition looks up its group.
#[derive(Debug, Clone, PartialEq)]
pub struct LookedUp {
    pub(crate) entry: EntryId,
    pub(crate) evaluation: Evaluation,
}

/// What a request changes in an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Forced {
    /// The evaluation without the overrides.
    pub base: Evaluation,
    /// The forced parameters; none for a gate.
    pub parameters: Arc<Parameters>,
}

/// How an evaluation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    /// The specs do not contain the name.
    #[default]
    Unrecognized,
    /// The specs decided.
    Recognized,
    /// The specs use something unknown.
    Unsupported,
    /// A limit was reached.
    TooDeep,
}

/// The parameters of a config, experiment or layer. Comparing is cheap for parameters that are the
/// same allocation; only layers that merge parameters allocate each time.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum ParametersRef {
    /// No value.
    #[default]
    Nothing,
    /// `null`. It reads as no parameters.
    Null,
    /// A boolean. It reads as no parameters.
    Bool(bool),
    /// Parameters, shared with the specs.
    Shared(Arc<Parameters>),
}

impl ParametersRef {
    /// The parameters, if there are any.
    #[must_use]
    pub fn shared(&self) -> Option<&Arc<Parameters>> {
        match self {
            Self::Shared(parameters) => Some(parameters),
            Self::Nothing | Self::Null | Self::Bool(_) => None,
        }
    }

    /// The parameter of this name.
    #[must_use]
    pub fn get(&self, parameter: &str) -> Option<&Value> {
        self.shared()?.get(parameter)
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
    /// The experiments whose group a condition looked up, in order.
    #[must_use]
    pub fn looked_up(&self) -> &[LookedUp] {
        self.aside.as_ref().map_or(&[], |aside| &aside.looked_up)
    }

    /// What the overrides of a request changed.
    #[inline]
    #[must_use]
    pub fn forced(&self) -> Option<&Forced> {
        self.aside.as_ref()?.forced.as_ref()
    }

    /// The experiment that a layer allocated the user to.
    #[must_use]
    pub fn allocated_experiment(&self) -> Option<Symbol> {
        self.delegate.filter(|name| *name != Symbol::EMPTY)
    }

    /// The nested gates in exposures of parameters outside the allocated experiment.
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

    /// The rule that decided; the empty symbol if nothing was evaluated.
    #[inline]
    #[must_use]
    pub fn rule_symbol(&self) -> Symbol {
        self.rule_id.unwrap_or(Symbol::EMPTY)
    }
}
