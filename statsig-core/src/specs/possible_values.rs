//! The values that a config, experiment or layer may serve to any user: the values of its rules, of
//! its delegates, of its redirection targets, and its default.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use super::compiled::{Cmab, CompiledSpecs, Entity, Entry, EntryId, Parameters, ReturnValue, Spec};
use crate::entity_kind::EntityKind;

/// All values that an entity may serve.
#[derive(Debug, Default)]
pub struct PossibleValues<'a> {
    /// In the order of the rules. An entity's default follows its rules.
    pub rules: Vec<RuleValues<'a>>,
    /// The deciding entities: the entity itself first, then its delegates and redirection targets.
    pub entities: Vec<DecidingEntity<'a>>,
    /// Rules with a delegate that is not in the specs, and the delegate's name.
    pub unknown_delegates: Vec<(RuleOrigin<'a>, &'a str)>,
}

/// An entity that may decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecidingEntity<'a> {
    /// The kind of entity.
    pub entity: Entity,
    /// Its name.
    pub name: &'a str,
    /// The type of ID that it buckets by.
    pub id_type: &'a str,
    /// Whether it is enabled.
    pub is_enabled: bool,
    /// For an experiment, whether it is running.
    pub is_active: Option<bool>,
}

/// One value that an entity may serve.
#[derive(Debug, Clone, Copy)]
pub struct RuleValues<'a> {
    /// The origin of the value.
    pub origin: RuleOrigin<'a>,
    /// `None` if the rule has no object.
    pub parameters: Option<&'a Arc<Parameters>>,
    /// Supplies the parameters that are missing in `parameters`.
    inherited: Option<&'a Arc<Parameters>>,
}

/// The rule that serves a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleOrigin<'a> {
    /// The kind of entity.
    pub entity: Entity,
    /// Its name.
    pub name: &'a str,
    /// `None` for the entity's default.
    pub rule: Option<&'a str>,
    /// The rule's group.
    pub group: Option<&'a str>,
}

impl<'a> RuleValues<'a> {
    /// The value of a parameter.
    #[must_use]
    pub fn value(&self, parameter: &str) -> Option<&'a Value> {
        let own = self.parameters.and_then(|own| own.get(parameter));
        own.or_else(|| self.inherited.and_then(|all| all.get(parameter)))
    }

    /// Whether users outside of all rules receive it: it is the default, or a rule that serves no
    /// parameters.
    #[must_use]
    pub fn is_outside(&self) -> bool {
        self.origin.rule.is_none() || self.parameters.is_none_or(|own| own.is_empty())
    }
}

/// The values that a config, experiment or layer may serve. `None` if the specs have no such
/// entity.
pub fn possible_values<'a>(
    specs: &'a CompiledSpecs,
    kind: EntityKind,
    name: &str,
) -> Option<PossibleValues<'a>> {
    let mut walk = Walk {
        specs,
        seen: HashSet::new(),
        found: PossibleValues::default(),
    };
    walk.visit_from(Ahead {
        is_layer: kind == EntityKind::Layer,
        id: specs.find(name)?,
        inherited: None,
    });
    (!walk.found.entities.is_empty()).then_some(walk.found)
}

struct Walk<'a> {
    specs: &'a CompiledSpecs,
    /// Visits each entity once, even if several rules lead to it. A layer and a config may have the
    /// same name; the flag tells which one it is.
    seen: HashSet<(bool, EntryId)>,
    found: PossibleValues<'a>,
}

/// An entity that the walk has not visited yet.
#[derive(Clone, Copy)]
struct Ahead<'a> {
    /// Otherwise, it is a config.
    is_layer: bool,
    id: EntryId,
    /// The parameters for its rules that lack them.
    inherited: Option<&'a Arc<Parameters>>,
}

impl<'a> Walk<'a> {
    fn visit_from(&mut self, first: Ahead<'a>) {
        // The pending redirections and delegates. An explicit stack, so that no specs can overflow
        // the thread's stack.
        let mut ahead = vec![first];
        while let Some(next) = ahead.pop() {
            let Some(entry) = self.specs.entry(next.id) else {
                continue;
            };
            if !self.seen.insert((next.is_layer, next.id)) {
                continue;
            }
            let (spec, cmab) = if next.is_layer {
                (entry.layer, None)
            } else {
                (entry.config, entry.cmab)
            };
            let before = ahead.len();
            if let Some(cmab) = cmab.and_then(|cmab| self.specs.cmab(cmab)) {
                self.bandit(entry, cmab);
            } else if let Some(spec) = spec.and_then(|spec| self.specs.spec(spec)) {
                self.spec(next, entry, spec, &mut ahead);
            }
            let mappings = entry
                .mapping
                .and_then(|mapping| self.specs.mapping(mapping));
            for mapping in mappings.into_iter().flatten() {
                ahead.push(Ahead {
                    id: mapping.to,
                    ..next
                });
            }
            // The stack pops the last element first. Reversing restores the order of the rules.
            if let Some(added) = ahead.get_mut(before..) {
                added.reverse();
            }
        }
    }

    fn spec(
        &mut self,
        Ahead {
            is_layer,
            inherited,
            ..
        }: Ahead<'a>,
        entry: &'a Entry,
        spec: &'a Spec,
        ahead: &mut Vec<Ahead<'a>>,
    ) {
        let name = self.specs.text(entry.name).as_str();
        self.found.entities.push(DecidingEntity {
            entity: spec.entity,
            name,
            id_type: self.specs.text(spec.id_type),
            is_enabled: spec.enabled,
            is_active: spec.is_active,
        });
        let default = spec.default_value.parameters();
        // In a layer with evaluation by parameter, the default supplies the parameters that are
        // missing in rules.
        let collects = is_layer && spec.use_new_layer_eval;
        let inherited = inherited.or(default.filter(|_| collects));
        let origin = RuleOrigin {
            entity: spec.entity,
            name,
            rule: None,
            group: None,
        };
        for rule in &spec.rules {
            let origin = RuleOrigin {
                rule: Some(self.specs.text(rule.id)),
                group: rule.group_name.map(|group| self.specs.text(group).as_str()),
                ..origin
            };
            let delegate = rule
                .delegate
                .and_then(|id| Some((id, self.specs.entry(id)?)));
            match delegate {
                Some((id, delegate)) if delegate.config.is_some() => {
                    ahead.push(Ahead {
                        is_layer: false,
                        id,
                        inherited,
                    });
                    continue;
                }
                Some((_, delegate)) => {
                    let name = self.specs.text(delegate.name).as_str();
                    self.found.unknown_delegates.push((origin, name));
                }
                None => {}
            }
            self.add(origin, &rule.return_value, inherited);
        }
        self.add(origin, &spec.default_value, inherited);
    }

    fn bandit(&mut self, entry: &'a Entry, cmab: &'a Cmab) {
        let (entity, name) = (Entity::Autotune, self.specs.text(entry.name).as_str());
        self.found.entities.push(DecidingEntity {
            entity,
            name,
            id_type: self.specs.text(cmab.id_type),
            is_enabled: cmab.enabled,
            is_active: Some(cmab.enabled),
        });
        let origin = RuleOrigin {
            entity,
            name,
            rule: None,
            group: None,
        };
        for group in &cmab.groups {
            let origin = RuleOrigin {
                rule: Some(self.specs.text(group.id)),
                group: Some(self.specs.text(group.name)),
                ..origin
            };
            self.add(origin, &group.value, None);
        }
        self.add(origin, &cmab.default_value, None);
    }

    fn add(
        &mut self,
        origin: RuleOrigin<'a>,
        value: &'a ReturnValue,
        inherited: Option<&'a Arc<Parameters>>,
    ) {
        self.found.rules.push(RuleValues {
            origin,
            parameters: value.parameters(),
            inherited,
        });
    }
}
