//! Evaluates one condition to true, false or unsupported.

use serde_json::Value;

use super::evaluate::{Evaluator, TooDeep};
use super::fields::{environment_field, user_field};
use super::operators::{Observed, passes};
use super::result::{Evaluation, LookedUp, NestedGate, Outcome};
use super::trace::Trace;
use crate::entity_kind::EntityKind;
use crate::results::IdListSource;
use crate::specs::compiled::EntryId;
use crate::specs::compiled::condition::{Condition, FieldName, Source, Subject, Test};
use crate::specs::symbols::Symbol;
use crate::value::text_of;

/// The reason if a condition needs a country and the lookup is disabled.
const COUNTRY_LOOKUP_NOT_LOADED: &str = "CountryLookupNotLoaded";

impl<'a, T: Trace> Evaluator<'a, T> {
    /// Sets `result.value` to whether the condition holds. An unsupported condition does not change
    /// the value.
    pub(super) fn condition(
        &mut self,
        condition: &'a Condition,
        result: &mut Evaluation,
    ) -> Result<(), TooDeep> {
        match condition {
            Condition::Public => result.value = true,
            Condition::Gate { gate, passes } => self.nested_gate(*gate, *passes, result)?,
            Condition::Unsupported(_) => result.outcome = Outcome::Unsupported,
            Condition::Compare {
                subject,
                operator,
                test,
                negated,
            } => {
                let observed = self.observe(subject, result)?;
                self.trace.observed(subject, *operator, test, &observed);
                match test {
                    Test::IdList(list) => {
                        let is_member = match (list, observed.text()) {
                            (Some(list), Some(id)) => {
                                let (is_member, source) = self.is_in_id_list(list, &id);
                                result.id_list = Some(source);
                                is_member
                            }
                            _ => false,
                        };
                        result.value = is_member != *negated;
                    }
                    test => match passes(test, &observed) {
                        Some(holds) => result.value = holds != *negated,
                        None => result.outcome = Outcome::Unsupported,
                    },
                }
            }
        }
        Ok(())
    }

    /// The user's own memberships win over the ID lists.
    fn is_in_id_list(&self, list: &str, id: &str) -> (bool, IdListSource) {
        match self.user.is_in_id_list(list, id) {
            Some(is_member) => (is_member, IdListSource::Enriched),
            None => (
                self.scope.snapshot.id_lists.contains(list, id),
                IdListSource::InMemory,
            ),
        }
    }

    fn observe(
        &mut self,
        subject: &'a Subject,
        result: &mut Evaluation,
    ) -> Result<Observed<'a>, TooDeep> {
        Ok(match subject {
            Subject::UserField(field) => {
                let field = field.as_ref();
                field.and_then(|field| self.user_field(field)).into()
            }
            Subject::Derived { field, from } => self.derived(field, from, result),
            Subject::EnvironmentField(field) => field
                .as_ref()
                .and_then(|field| {
                    environment_field(self.user, self.scope.snapshot.tier.as_ref(), field)
                })
                .into(),
            Subject::CurrentTime => {
                Observed::Now(i64::try_from(self.scope.now_ms).unwrap_or(i64::MAX))
            }
            Subject::UserBucket(bucket) => {
                Observed::Bucket(self.known_buckets.get(bucket, self.user))
            }
            Subject::UnitId(unit) => self
                .user
                .unit_id(unit.is_user_id, &unit.exact, &unit.lower)
                .into(),
            Subject::TargetApp => self.scope.app_id.into(),
            Subject::ExperimentGroup(experiment) => match experiment {
                Some(experiment) => self.experiment_group(*experiment, result)?,
                None => Observed::Missing,
            },
        })
    }

    pub(super) fn user_field(&self, field: &FieldName) -> Option<&'a Value> {
        user_field(self.user, &self.scope.snapshot.global_custom_fields, field)
    }

    /// A user field, or a value that is derived from another field.
    fn derived(
        &self,
        field: &FieldName,
        from: &'a Source,
        result: &mut Evaluation,
    ) -> Observed<'a> {
        if let Some(given) = self.user_field(field) {
            return Observed::Json(given);
        }
        let (Source::UserAgent(name) | Source::Ip(name)) = from;
        let Some(text) = self.user_field(name).and_then(text_of) else {
            return Observed::Missing;
        };
        let countries = &self.scope.snapshot.countries;
        let derived = match from {
            Source::UserAgent(_) => self.user.user_agent_part(&text, &field.lower),
            Source::Ip(_) if countries.can_look_up() => self.user.country_of_ip(&text, countries),
            Source::Ip(_) => {
                if text.split('.').count() == 4 {
                    result.override_reason = Some(COUNTRY_LOOKUP_NOT_LOADED);
                }
                None
            }
        };
        derived.map_or(Observed::Missing, Observed::Text)
    }

    /// Evaluates a nested gate separately. Its own nested gates and its result join the parent's
    /// exposures.
    fn nested_gate(
        &mut self,
        gate: Option<EntryId>,
        must_pass: bool,
        result: &mut Evaluation,
    ) -> Result<(), TooDeep> {
        let entry = gate.and_then(|gate| self.specs.entry(gate));
        let (Some(gate), Some(entry)) = (gate, entry) else {
            // An empty name is an unknown gate.
            result.has_seen_analytical_gates = true;
            result.rule_id = None;
            result.value = !must_pass;
            return Ok(());
        };
        let nested = self.nested(gate)?;
        self.join(&nested, result)?;
        if nested.outcome == Outcome::Unsupported {
            return Ok(());
        }
        result.has_seen_analytical_gates |= !entry.is_segment && nested.sampling_rate.is_none();
        result.rule_id = nested.rule_id;
        result.mapped_to = nested.mapped_to.or(result.mapped_to);
        if !entry.is_segment && nested.rule_symbol() != Symbol::EMPTY {
            result.nested_gates.push(NestedGate {
                gate: entry.name,
                value: nested.value,
                rule_id: nested.rule_symbol(),
            });
        }
        result.value = nested.value == must_pass;
        Ok(())
    }

    /// The user's group in another experiment. This lookup also exposes that experiment.
    fn experiment_group(
        &mut self,
        experiment: EntryId,
        result: &mut Evaluation,
    ) -> Result<Observed<'a>, TooDeep> {
        // An experiment whose group depends on itself has no group.
        if self.looking_up.contains(&experiment) {
            return Ok(Observed::Missing);
        }
        self.looking_up.push(experiment);
        let evaluated = self.isolated(EntityKind::Experiment, experiment);
        self.looking_up.pop();
        let mut evaluation = evaluated?;
        self.count_recorded(1 + evaluation.looked_up().len())?;
        let looked_up = &mut result.aside.get_or_insert_default().looked_up;
        if let Some(inner) = evaluation.aside.take() {
            looked_up.extend(inner.looked_up);
        }
        let group = evaluation.group_name;
        looked_up.push(LookedUp {
            entry: experiment,
            evaluation,
        });
        Ok(group.map_or(Observed::Missing, |group| {
            Observed::Text(self.specs.text(group).as_str().into())
        }))
    }
}
