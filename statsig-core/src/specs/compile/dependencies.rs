//! Derives the possible dependencies of each name's evaluation, through nested gates, delegates and
//! redirections.

use crate::specs::compiled::condition::{Condition, Subject, Test};
use crate::specs::compiled::{
    CompiledSpecs, ConditionId, Dependencies, Entry, EntryId, Rule, Share,
};

/// Up to this many plain conditions, evaluation is about as fast as a lookup in the memo.
const MAX_CHEAP_CONDITIONS: usize = 3;

/// Sets the dependencies of all entries, from their own rules and from all entries that they use.
/// Marks the used entries.
pub(super) fn derive(specs: &mut CompiledSpecs) {
    let facts: Vec<_> = specs
        .entries
        .iter()
        .map(|entry| own_facts(specs, entry))
        .collect();
    let mut dependencies: Vec<_> = facts.iter().map(|(own, _)| *own).collect();
    // Dependencies only grow, so this loop ends, even for circular specs.
    loop {
        let mut gained = false;
        for (place, (_, references)) in facts.iter().enumerate() {
            let all = references
                .iter()
                .filter_map(|entry| dependencies.get(entry.0 as usize).copied())
                .chain(dependencies.get(place).copied())
                .fold(Dependencies::default(), Dependencies::union);
            if let Some(known) = dependencies.get_mut(place)
                && *known != all
            {
                *known = all;
                gained = true;
            }
        }
        if !gained {
            break;
        }
    }
    for (entry, dependencies) in specs.entries.iter_mut().zip(dependencies) {
        entry.dependencies = dependencies;
    }
    for entry in facts.iter().flat_map(|(_, references)| references) {
        if let Some(entry) = specs.entries.get_mut(entry.0 as usize) {
            entry.is_referred_to = true;
        }
    }
}

/// The dependencies of an entry's own rules, and the entries that they use.
fn own_facts(specs: &CompiledSpecs, entry: &Entry) -> (Dependencies, Vec<EntryId>) {
    let mut dependencies = Dependencies::default();
    let mut references = Vec::new();
    let own_specs = [entry.gate, entry.config, entry.layer];
    for spec in own_specs
        .into_iter()
        .flatten()
        .filter_map(|id| specs.spec(id))
    {
        let conditions: usize = spec.rules.iter().map(|rule| rule.conditions.len()).sum();
        dependencies.costly |= spec.use_new_layer_eval || conditions > MAX_CHEAP_CONDITIONS;
        for rule in &spec.rules {
            add_rule(specs, rule, &mut dependencies, &mut references);
        }
    }
    if let Some(cmab) = entry.cmab.and_then(|id| specs.cmab(id)) {
        dependencies.user = true;
        // Groups may be drawn at random.
        dependencies.volatile |= cmab.has_weights;
        dependencies.costly = true;
        references.extend(cmab.targeting_gate);
    }
    for mapping in entry
        .mapping
        .and_then(|id| specs.mapping(id))
        .into_iter()
        .flatten()
    {
        // The share of a redirection depends on the user.
        dependencies.user = true;
        dependencies.costly = true;
        dependencies.contextual = true;
        references.push(mapping.to);
        for mapping_rule in &mapping.rules {
            dependencies.time |= mapping_rule.start_time > 0;
            add_conditions(
                specs,
                &mapping_rule.conditions,
                &mut dependencies,
                &mut references,
            );
        }
    }
    (dependencies, references)
}

fn add_rule(
    specs: &CompiledSpecs,
    rule: &Rule,
    dependencies: &mut Dependencies,
    references: &mut Vec<EntryId>,
) {
    let is_shared_out = matches!(rule.share, Share::Part { .. });
    dependencies.user |= is_shared_out;
    dependencies.costly |= is_shared_out || rule.delegate.is_some();
    references.extend(rule.delegate);
    add_conditions(specs, &rule.conditions, dependencies, references);
}

fn add_conditions(
    specs: &CompiledSpecs,
    conditions: &[Option<ConditionId>],
    dependencies: &mut Dependencies,
    references: &mut Vec<EntryId>,
) {
    for condition in conditions
        .iter()
        .flatten()
        .filter_map(|id| specs.condition(*id))
    {
        match condition {
            Condition::Public | Condition::Unsupported(_) => {}
            Condition::Gate { gate, .. } => {
                dependencies.costly = true;
                references.extend(*gate);
            }
            Condition::Compare { subject, test } => {
                dependencies.user = true;
                match subject {
                    Subject::CurrentTime => dependencies.time = true,
                    Subject::UserBucket(_) => dependencies.costly = true,
                    Subject::Derived { .. } => dependencies.costly = true,
                    Subject::ExperimentGroup(experiment) => {
                        dependencies.costly = true;
                        dependencies.contextual = true;
                        references.extend(*experiment);
                    }
                    Subject::UserField(_)
                    | Subject::EnvironmentField(_)
                    | Subject::UnitId(_)
                    | Subject::TargetApp => {}
                }
                match test {
                    // It computes a hash. A change of lists starts another generation, with an
                    // empty memo.
                    Test::IdList { .. } | Test::Matches(_) | Test::Part { .. } => {
                        dependencies.costly = true;
                    }
                    _ => {}
                }
            }
        }
    }
}
