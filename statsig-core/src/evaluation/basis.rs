//! What decided a result: a rule, a share of users, a default.

use super::named::NamedEvaluation;
use crate::entity_kind::EntityKind;
use crate::specs::compiled::{Entry, Rule, Share};
use crate::specs::symbols::Symbol;

/// What decided a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// A rule that is the same for every user.
    Constant,
    /// A rule, because of its conditions.
    Rule,
    /// The place of the user's ID in a share of users or a group.
    Share,
    /// No rule: the entity has a default.
    Default,
    /// No rule, because the entity is disabled.
    Disabled,
    /// An override, by the text that its reason has.
    Overridden(&'static str),
    /// A stored assignment.
    Stored,
    /// Several entities, each with its own reason.
    Several,
}

impl NamedEvaluation<'_> {
    /// What decided the part of the result that this rule supplied.
    #[must_use]
    pub fn basis(&self, kind: EntityKind, rule: Symbol) -> Basis {
        let evaluation = self.evaluation;
        if let Some(by) = evaluation.override_reason {
            return Basis::Overridden(by);
        }
        match rule {
            Symbol::DISABLED => return Basis::Disabled,
            Symbol::EMPTY | Symbol::DEFAULT | Symbol::PRESTART | Symbol::TARGETING => {
                return Basis::Default;
            }
            _ => {}
        }
        let is_experiment = kind == EntityKind::Experiment && evaluation.group_name.is_some();
        if evaluation.is_experiment_group || is_experiment {
            return Basis::Share;
        }
        let entry = self.entry.and_then(|id| self.snapshot.specs.entry(id));
        let found = entry.and_then(|entry| self.rule_of(entry, kind, rule));
        match found.map(|rule| &rule.share) {
            Some(Share::Part { .. }) => Basis::Share,
            // No user is in the share of the rule, so the default is served.
            Some(Share::Nobody) => Basis::Default,
            _ if entry.is_some_and(|entry| entry.dependencies.is_constant()) => Basis::Constant,
            _ => Basis::Rule,
        }
    }

    /// The rule of this ID, in the entity or in the experiment that a layer delegated to.
    fn rule_of(&self, entry: &Entry, kind: EntityKind, id: Symbol) -> Option<&Rule> {
        let specs = &self.snapshot.specs;
        let delegate = self.evaluation.explicit_parameters_of;
        let places = entry.spec(kind).into_iter().chain(delegate);
        places
            .filter_map(|place| specs.spec(place))
            .flat_map(|spec| &spec.rules)
            .find(|rule| rule.id == id)
    }
}
