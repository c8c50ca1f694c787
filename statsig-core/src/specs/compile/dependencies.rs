//! Derives the possible dependencies of each name's evaluation, through nested gates, delegates and
//! redirections.

use crate::specs::compiled::condition::{Condition, Subject, Test};
use crate::specs::compiled::{
    CompiledSpecs, ConditionId, Dependencies, Entry, EntryId, Share, Spec,
};

/// Up to this many plain conditions, evaluation is about as fast as a lookup in the memo.
const MAX_CHEAP_CONDITIONS: usize = 3;

/// Sets the dependencies of all entries, from their own rules and from all entries that they use.
/// Marks the used entries.
pub(super) fn derive(specs: &mut CompiledSpecs) {
    let facts: Vec<_> = specs
        .entries
        .iter()
        .map(|entry| Facts::of(specs, entry))
        .map(|facts| (facts.own, facts.references))
        .collect();
    for (entry, (own, _)) in specs.entries.iter_mut().zip(&facts) {
        entry.dependencies = *own;
    }
    // Dependencies only grow, so this loop ends, even for circular specs.
    let mut has_gained = true;
    while has_gained {
        has_gained = false;
        for (place, (own, references)) in facts.iter().enumerate() {
            let all = references
                .iter()
                .filter_map(|used| specs.entry(*used))
                .fold(*own, |all, used| all.union(used.dependencies));
            if let Some(entry) = specs.entries.get_mut(place)
                && entry.dependencies != all
            {
                entry.dependencies = all;
                has_gained = true;
            }
        }
    }
    for used in facts.iter().flat_map(|(_, references)| references) {
        if let Some(used) = specs.entries.get_mut(used.0 as usize) {
            used.is_referred_to = true;
        }
    }
}

/// The dependencies of an entry's own rules, and the entries that they use.
struct Facts<'a> {
    specs: &'a CompiledSpecs,
    own: Dependencies,
    references: Vec<EntryId>,
}

impl<'a> Facts<'a> {
    fn of(specs: &'a CompiledSpecs, entry: &Entry) -> Self {
        let mut facts = Self {
            specs,
            own: Dependencies::default(),
            references: Vec::new(),
        };
        let own_specs = [entry.gate, entry.config, entry.layer];
        for spec in own_specs.into_iter().flatten() {
            if let Some(spec) = specs.spec(spec) {
                facts.add_spec(spec);
            }
        }
        if let Some(cmab) = entry.cmab.and_then(|id| specs.cmab(id)) {
            facts.own.user = true;
            // Groups may be drawn at random.
            facts.own.volatile |= cmab.has_weights;
            facts.own.costly = true;
            facts.references.extend(cmab.targeting_gate);
        }
        let mappings = entry.mapping.and_then(|id| specs.mapping(id));
        for mapping in mappings.into_iter().flatten() {
            // The share of a redirection depends on the user.
            facts.own.user = true;
            facts.own.costly = true;
            facts.own.contextual = true;
            facts.references.push(mapping.to);
            for rule in &mapping.rules {
                facts.own.time |= rule.start_time > 0;
                facts.add_conditions(&rule.conditions);
            }
        }
        facts
    }

    fn add_spec(&mut self, spec: &Spec) {
        let conditions: usize = spec.rules.iter().map(|rule| rule.conditions.len()).sum();
        self.own.costly |= spec.use_new_layer_eval || conditions > MAX_CHEAP_CONDITIONS;
        for rule in &spec.rules {
            let is_shared_out = matches!(rule.share, Share::Part { .. });
            self.own.user |= is_shared_out;
            self.own.costly |= is_shared_out || rule.delegate.is_some();
            self.references.extend(rule.delegate);
            self.add_conditions(&rule.conditions);
        }
    }

    fn add_conditions(&mut self, conditions: &[Option<ConditionId>]) {
        let conditions = conditions.iter().flatten();
        for condition in conditions.filter_map(|id| self.specs.condition(*id)) {
            match condition {
                Condition::Public | Condition::Unsupported(_) => {}
                Condition::Gate { gate, .. } => {
                    self.own.costly = true;
                    self.references.extend(*gate);
                }
                Condition::Compare { subject, test, .. } => {
                    self.own.user = true;
                    match subject {
                        Subject::CurrentTime => self.own.time = true,
                        Subject::UserBucket(_) | Subject::Derived { .. } => self.own.costly = true,
                        Subject::ExperimentGroup(experiment) => {
                            self.own.costly = true;
                            self.own.contextual = true;
                            self.references.extend(*experiment);
                        }
                        Subject::UserField(_)
                        | Subject::EnvironmentField(_)
                        | Subject::UnitId(_)
                        | Subject::TargetApp => {}
                    }
                    // A lookup in an ID list computes a hash. A change of lists starts another
                    // generation, with an empty memo.
                    self.own.costly |=
                        matches!(test, Test::IdList(_) | Test::Matches(_) | Test::Part { .. });
                }
            }
        }
    }
}
