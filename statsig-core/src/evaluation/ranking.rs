//! Ranks all groups of a contextual bandit, instead of choosing one group.

use super::bandit::is_explored;
use super::evaluate::Evaluator;
use super::result::Evaluation;
use super::trace::Trace;
use crate::specs::compiled::{CmabGroup, EntryId};
use crate::specs::symbols::Symbol;

/// The score of every group in a random order.
const DRAWN_SCORE: f64 = 0.0001;

/// A group with its score for one user.
#[derive(Debug, Clone, Copy)]
pub struct RankedGroup<'a> {
    pub group: &'a CmabGroup,
    pub rule_id: Symbol,
    pub score: f64,
}

impl<'a, T: Trace> Evaluator<'a, T> {
    /// The groups, the best group first. Empty if the bandit does not run or does not target the
    /// user.
    pub fn ranked_groups(&mut self, bandit: EntryId) -> Vec<RankedGroup<'a>> {
        let entry = self.specs.entry(bandit);
        let Some(cmab) = entry.and_then(|entry| self.specs.cmab(entry.cmab?)) else {
            return Vec::new();
        };
        let is_meant = cmab.enabled
            && self
                .is_targeted(cmab, &mut Evaluation::default())
                .unwrap_or(false);
        if !is_meant {
            return Vec::new();
        }
        let is_explored = cmab.has_weights && is_explored(cmab, self.user);
        let is_drawn = is_explored || !cmab.has_weights;
        let mut ranked: Vec<_> = (cmab.groups.iter())
            .map(|group| RankedGroup {
                group,
                rule_id: if is_explored {
                    group.explore_id
                } else {
                    group.id
                },
                score: if is_drawn {
                    DRAWN_SCORE
                } else {
                    let weights = group.weights.as_ref();
                    weights
                        .and_then(|weights| self.score(weights))
                        .unwrap_or(0.0)
                },
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
