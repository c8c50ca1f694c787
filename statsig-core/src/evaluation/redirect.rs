//! Config mapping: a rule can redirect a name to another spec.

use super::evaluate::{Evaluator, TooDeep};
use super::result::{Evaluation, Outcome};
use super::trace::Trace;
use crate::entity_kind::EntityKind;
use crate::results::explanation::MappingTriedEnd;
use crate::specs::compiled::{EntryId, MappingRule};

impl<'a, T: Trace> Evaluator<'a, T> {
    /// Whether another spec decided. The result then comes from that spec, and only the name stays
    /// the requested one.
    pub(super) fn redirected(
        &mut self,
        kind: EntityKind,
        id: EntryId,
        result: &mut Evaluation,
    ) -> Result<bool, TooDeep> {
        // A circle of redirections has no effect: the requested name itself is evaluated.
        if self.redirecting.contains(&id) {
            return Ok(false);
        }
        let entry = self.specs.entry(id);
        let mappings = entry.and_then(|entry| self.specs.mapping(entry.mapping?));
        let now = i64::try_from(self.scope.now_ms).unwrap_or(i64::MAX);
        for mapping in mappings.into_iter().flatten() {
            for rule in &mapping.rules {
                self.trace.mapping_began(mapping, rule);
                if rule.start_time > now {
                    self.trace.mapping_ended(MappingTriedEnd::NotYet);
                    continue;
                }
                if !self.holds(rule, kind, result) {
                    self.trace.mapping_ended(MappingTriedEnd::NotMet);
                    continue;
                }
                let id_list = result.id_list;
                result.mapped_to = self.specs.entry(mapping.to).map(|entry| entry.name);
                self.redirecting.push(id);
                let evaluated = self.entry(kind, mapping.to, result);
                self.redirecting.pop();
                if evaluated.is_ok() && result.outcome != Outcome::Unrecognized {
                    self.trace.mapping_ended(MappingTriedEnd::Answered);
                    result.id_list = result.id_list.or(id_list);
                    return Ok(true);
                }
                self.trace.mapping_ended(MappingTriedEnd::LedNowhere);
                self.clear(result);
                break;
            }
        }
        Ok(false)
    }

    /// Whether a rule applies to the user. The result keeps only the ID lists that the rule used.
    fn holds(&mut self, rule: &'a MappingRule, kind: EntityKind, result: &mut Evaluation) -> bool {
        let evaluated = self.conditions(&rule.conditions, result);
        let passes = evaluated.is_ok() && result.outcome != Outcome::Unsupported && result.value;
        let id_list = result.id_list;
        self.clear(result);
        if passes {
            result.id_list = id_list;
        }
        let share = match kind {
            EntityKind::Gate => &rule.share.gate,
            EntityKind::DynamicConfig | EntityKind::Experiment => &rule.share.config,
            EntityKind::Layer => &rule.share.layer,
            EntityKind::ParameterStore => return false,
        };
        passes && self.is_in_share(share, &rule.unit)
    }

    fn clear(&mut self, result: &mut Evaluation) {
        // The experiments that were looked up have already been exposed.
        let aside = result.aside.take();
        *result = Evaluation {
            aside,
            ..Evaluation::default()
        };
        self.progress.delegations = 0;
    }
}
