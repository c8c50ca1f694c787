//! Contextual bandits ("autotune AI"): the group with the best score, or a random group to explore,
//! and the ranking of all groups.

use super::bucket::{bucket_of, is_below};
use super::evaluate::{Evaluator, TooDeep};
use super::result::{Evaluation, NestedGate, Outcome, ParametersRef};
use super::trace::Trace;
use crate::results::CmabRankedGroup;
use crate::specs::compiled::{Cmab, CmabGroup, Share};
use crate::specs::symbols::Symbol;
use crate::value::{float_of, text_of};

/// The score of every group in a random order.
const DRAWN_SCORE: f64 = 0.0001;

impl<'a, T: Trace> Evaluator<'a, T> {
    pub(super) fn bandit(
        &mut self,
        cmab: &'a Cmab,
        result: &mut Evaluation,
    ) -> Result<(), TooDeep> {
        result.outcome = Outcome::Recognized;
        result.id_type = Some(cmab.id_type);
        result.version = Some(cmab.version);
        result.is_experiment_active = cmab.enabled;
        result.is_experiment_group = false;
        let not_in_it = |result: &mut Evaluation, rule_id| {
            result.value = false;
            result.rule_id = Some(rule_id);
            result.parameters = ParametersRef::from(&cmab.default_value);
        };
        if !cmab.enabled || cmab.groups.is_empty() {
            self.trace.bandit_kept_out(false);
            not_in_it(result, Symbol::PRESTART);
            return Ok(());
        }
        if !self.is_targeted(cmab, result)? {
            self.trace.bandit_kept_out(true);
            not_in_it(result, Symbol::TARGETING);
            return Ok(());
        }
        let bucket = bucket_of(&cmab.salt, &cmab.unit, self.user);
        let (group, is_explored) = self.choose(cmab, bucket);
        self.trace.bandit_chose(cmab, bucket, group, is_explored);
        if let Some(group) = group {
            result.value = true;
            result.group_name = Some(group.name);
            result.parameters = ParametersRef::from(&group.value);
            result.rule_id = Some(rule_of(group, is_explored));
        }
        result.sampling_rate = None;
        result.forward_all_exposures = false;
        Ok(())
    }

    /// Evaluates the targeting gate into the result, so that its nested gates become exposures too.
    fn is_targeted(&mut self, cmab: &'a Cmab, result: &mut Evaluation) -> Result<bool, TooDeep> {
        let Some(gate) = cmab.targeting_gate else {
            return Ok(true);
        };
        let Some(entry) = self.specs.entry(gate) else {
            return Ok(true);
        };
        let Ok(nested) = self.nested(gate) else {
            // A gate that is nested too deeply counts as not passed.
            return Ok(false);
        };
        self.join(&nested, result)?;
        result.mapped_to = nested.mapped_to;
        if !entry.is_segment {
            result.nested_gates.push(NestedGate {
                gate: entry.name,
                value: nested.value,
                rule_id: nested.rule_symbol(),
            });
        }
        Ok(nested.value)
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "buckets are below 10 000, groups few, and the quotient is an index of a group"
    )]
    fn choose(&mut self, cmab: &'a Cmab, bucket: u64) -> (Option<&'a CmabGroup>, bool) {
        let groups = &cmab.groups;
        if !cmab.has_weights {
            let width = Share::BUCKETS as f64 / groups.len() as f64;
            return (groups.get((bucket as f64 / width).floor() as usize), true);
        }
        if is_below(bucket, cmab.explore_below) {
            return (self.explore(groups), true);
        }
        let is_better = |score: f64, best: f64| {
            if cmab.higher_is_better {
                score > best
            } else {
                score < best
            }
        };
        let scored = groups
            .iter()
            .filter_map(|group| Some((group, self.score(group)?)));
        let best = scored.reduce(|best, next| {
            if is_better(next.1, best.1) {
                next
            } else {
                best
            }
        });
        match best {
            Some((group, _)) => (Some(group), false),
            None => (groups.get(self.draws.usize(..groups.len())), false),
        }
    }

    /// Groups with fewer samples have a higher probability.
    #[expect(clippy::cast_precision_loss, reason = "a weight need not be exact")]
    fn explore(&mut self, groups: &'a [CmabGroup]) -> Option<&'a CmabGroup> {
        let weight = |group: &CmabGroup| {
            let records = group.weights.as_ref().map_or(0, |weights| weights.records);
            1.0 / (records as f64 + 1.0)
        };
        let mut left = self.draws.f64() * groups.iter().map(weight).sum::<f64>();
        groups
            .iter()
            .find(|group| {
                left -= weight(group);
                left <= 0.0
            })
            .or_else(|| groups.last())
    }

    /// `None` without weights.
    fn score(&self, group: &CmabGroup) -> Option<f64> {
        let weights = group.weights.as_ref()?;
        if weights.numerical.is_empty() && weights.categorical.is_empty() {
            return None;
        }
        let mut score = weights.base;
        for (name, weight_of) in &weights.categorical {
            let Some(value) = self.user_field(name) else {
                continue;
            };
            let text =
                text_of(value).or_else(|| value.is_object().then(|| value.to_string().into()));
            score += text
                .and_then(|text| weight_of.get(&*text))
                .copied()
                .unwrap_or(0.0);
        }
        for (name, weight) in &weights.numerical {
            score += self
                .user_field(name)
                .and_then(float_of)
                .map_or(0.0, |number| weight * number);
        }
        Some(score)
    }

    /// The groups with their scores, the best group first. Empty if the bandit does not run or does
    /// not target the user.
    pub fn ranked_groups(&mut self, bandit: &str) -> Vec<CmabRankedGroup> {
        let specs = self.specs;
        let entry = specs.find(bandit).and_then(|id| specs.entry(id));
        let bandit = entry.and_then(|entry| Some((entry, specs.cmab(entry.cmab?)?)));
        let Some((entry, cmab)) = bandit.filter(|(_, cmab)| cmab.enabled) else {
            return Vec::new();
        };
        if self.is_targeted(cmab, &mut Evaluation::default()) != Ok(true) {
            return Vec::new();
        }
        let is_explored = cmab.has_weights && {
            let bucket = bucket_of(&cmab.salt, &cmab.unit, self.user);
            is_below(bucket, cmab.explore_below)
        };
        let is_drawn = is_explored || !cmab.has_weights;
        let mut ranked: Vec<_> = (cmab.groups.iter())
            .map(|group| CmabRankedGroup {
                variant_name: specs.text(group.name).clone(),
                rule_id: specs.text(rule_of(group, is_explored)).clone(),
                value: group.value.parameters().cloned().unwrap_or_default(),
                score: if is_drawn {
                    DRAWN_SCORE
                } else {
                    self.score(group).unwrap_or(0.0)
                },
                cmab_name: specs.text(entry.name).clone(),
            })
            .collect();
        if is_drawn {
            self.draws.shuffle(&mut ranked);
        } else if cmab.higher_is_better {
            ranked.sort_by(|one, other| other.score.total_cmp(&one.score));
        } else {
            ranked.sort_by(|one, other| one.score.total_cmp(&other.score));
        }
        ranked
    }
}

fn rule_of(group: &CmabGroup, is_explored: bool) -> Symbol {
    if is_explored {
        group.explore_id
    } else {
        group.id
    }
}
