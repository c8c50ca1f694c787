//! New layer evaluation: each parameter comes from the first rule that has it.

use std::sync::Arc;

use super::evaluate::{Evaluator, TooDeep};
use super::result::{Evaluation, NestedGates, Outcome, ParametersRef, Undelegated};
use super::trace::Trace;
use crate::results::explanation::RuleTriedEnd;
use crate::specs::compiled::{Parameters, Spec, SpecId};
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;

/// The parameters and exposures collected so far.
#[derive(Debug, Default)]
struct Collected {
    parameters: Parameters,
    rules: Vec<(SharedStr, Symbol)>,
    nested_gates: NestedGates,
    undelegated: NestedGates,
    value: bool,
    rule_id: Option<Symbol>,
    delegate: Option<Symbol>,
    group_name: Option<Symbol>,
    is_experiment_group: bool,
    explicit_parameters_of: Option<SpecId>,
    has_passed: bool,
}

impl Collected {
    /// Existing parameters keep their value and rule.
    fn add(&mut self, parameters: &Parameters, rule_id: Symbol) {
        for (name, value) in parameters {
            match self.parameters.entry(name.clone()) {
                serde_json::map::Entry::Vacant(slot) => {
                    slot.insert(value.clone());
                    self.rules.push((name.as_str().into(), rule_id));
                }
                serde_json::map::Entry::Occupied(_) => {}
            }
        }
    }

    /// Takes the nested gates of the last rule.
    fn take_nested_gates(&mut self, result: &mut Evaluation) {
        self.nested_gates.extend_from_slice(&result.nested_gates);
        self.undelegated.append(&mut result.nested_gates);
    }

    fn put_nested_gates(&mut self, result: &mut Evaluation) {
        result.nested_gates = std::mem::take(&mut self.nested_gates);
        result.undelegated = Undelegated::Own(std::mem::take(&mut self.undelegated));
    }
}

impl<'a, T: Trace> Evaluator<'a, T> {
    /// Unlike in other evaluations, a rule does not decide if the user is outside its share, and
    /// delegates respect shares.
    ///
    /// At most one delegate contributes: that of the first rule that passes. If a later rule's
    /// delegate is ignored, the next rule receives the delegate's nested gates, as in the other
    /// SDKs.
    pub(super) fn layer_by_parameter(
        &mut self,
        spec: &'a Spec,
        result: &mut Evaluation,
    ) -> Result<(), TooDeep> {
        let mut collected = Collected::default();
        for rule in &spec.rules {
            self.rule(rule, result)?;
            collected.take_nested_gates(result);
            if result.outcome == Outcome::Unsupported {
                self.trace.rule_ended(RuleTriedEnd::Unsupported);
                collected.put_nested_gates(result);
                return Ok(());
            }
            if !result.value {
                self.trace.rule_ended(RuleTriedEnd::NotMet);
                continue;
            }
            if !self.is_in_share(&rule.share, &rule.unit) {
                self.trace.rule_ended(RuleTriedEnd::PassedOver);
                continue;
            }
            if self.delegate(rule, result)? {
                if collected.has_passed || matches!(result.parameters, ParametersRef::Nothing) {
                    self.trace.rule_ended(RuleTriedEnd::Ignored);
                    continue;
                }
                if let ParametersRef::Shared(parameters) = &result.parameters {
                    collected.add(parameters, rule.id);
                }
                collected.nested_gates.append(&mut result.nested_gates);
                collected.value = result.value;
                collected.delegate = result.delegate;
                collected.group_name = result.group_name;
                collected.explicit_parameters_of = result.explicit_parameters_of;
                collected.rule_id = Some(rule.id);
                collected.is_experiment_group = rule.is_experiment_group;
            } else {
                collected.value = true;
                if let Some(parameters) = rule.return_value.parameters() {
                    collected.add(parameters, rule.id);
                }
            }
            self.trace.rule_ended(RuleTriedEnd::Contributed);
            collected.has_passed = true;
        }
        self.trace.default_served(spec);
        if let Some(parameters) = spec.default_value.parameters() {
            collected.add(parameters, Symbol::DEFAULT);
        }
        collected.put_nested_gates(result);
        result.value = collected.value;
        result.parameters = ParametersRef::Shared(Arc::new(collected.parameters));
        result.parameter_rules = Some(Arc::new(collected.rules));
        result.rule_id = collected.rule_id.or(Some(Symbol::DEFAULT));
        result.delegate = collected.delegate;
        result.group_name = collected.group_name;
        result.is_experiment_group = collected.is_experiment_group;
        result.explicit_parameters_of = collected.explicit_parameters_of;
        result.is_experiment_active = spec.is_active.unwrap_or(false);
        result.sampling_rate = None;
        result.forward_all_exposures = spec.forward_all_exposures;
        Ok(())
    }
}
