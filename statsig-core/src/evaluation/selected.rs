//! Evaluates a selection of an experiment's rules, to find out whether they match a user.

use super::bucket::is_in_share;
use super::evaluate::{Evaluator, TooDeep};
use super::result::{Evaluation, Outcome};
use super::trace::Trace;
use crate::specs::compiled::EntryId;

impl<T: Trace> Evaluator<'_, T> {
    /// The result of the experiment with only the rules that `is_meant` selects. It is false if no
    /// rule is selected. Overrides, redirections and bandits apply only to nested gates.
    pub fn passes_rules(&mut self, experiment: EntryId, is_meant: impl Fn(&str) -> bool) -> bool {
        self.looking_up.push(experiment);
        self.first_of(experiment, is_meant).unwrap_or(false)
    }

    fn first_of(
        &mut self,
        experiment: EntryId,
        is_meant: impl Fn(&str) -> bool,
    ) -> Result<bool, TooDeep> {
        let specs = self.specs;
        let spec = specs.entry(experiment).and_then(|entry| entry.config);
        let Some(spec) = spec.and_then(|spec| specs.spec(spec)) else {
            return Ok(false);
        };
        let mut result = Evaluation::default();
        let mut has_any = false;
        for rule in &spec.rules {
            if !is_meant(specs.text(rule.id)) {
                continue;
            }
            has_any = true;
            self.rule(rule, &mut result)?;
            if result.outcome == Outcome::Unsupported {
                return Ok(result.value);
            }
            if !result.value {
                continue;
            }
            if self.delegate(rule, &mut result)? {
                return Ok(result.value);
            }
            return Ok(if is_in_share(&rule.share, &rule.unit, self.user) {
                rule.return_value.is_not_false()
            } else {
                spec.default_value.is_true()
            });
        }
        Ok(has_any && spec.default_value.is_true())
    }
}
