//! One entity behind a typed struct.

use std::sync::Arc;

use serde_json::Value;

use crate::client::TypedEvaluationOptions;
use crate::client::layers::{Behind, allocated_experiment};
use crate::client::reading::{Held, Logging, Reading};
use crate::client::sticky::{Assigned, Stored};
use crate::client::view::View;
use crate::evaluation::{Kind, Outcome};
use crate::typed::ParamsMeta;
use crate::user::StatsigUser;

/// A gate, config, experiment or layer, evaluated once, or as it is stored for the user.
#[derive(Debug)]
pub(super) struct Entity {
    kind: Kind,
    behind: Behind,
    /// Of a gate: its value, which is its only parameter.
    passes: Option<Value>,
}

impl Entity {
    pub(super) fn new(
        view: View<'_>,
        user: &StatsigUser,
        kind: Kind,
        name: &str,
        options: &TypedEvaluationOptions,
    ) -> Self {
        view.evaluate(kind, name, user, |reading| {
            if let Some(assigned) = assigned(view, kind, &reading, options) {
                return Self {
                    kind,
                    behind: Behind::Assigned(assigned),
                    passes: None,
                };
            }
            view.announce(kind, &reading);
            Self::held(kind, Held::new(view.statsig, &reading))
        })
    }

    pub(super) fn held(kind: Kind, held: Held) -> Self {
        let is_gate = kind == Kind::Gate && is_recognized(&held);
        Self {
            passes: is_gate.then_some(Value::Bool(held.evaluation.value)),
            kind,
            behind: Behind::Evaluated(held),
        }
    }

    pub(super) fn passes(&self) -> bool {
        match &self.behind {
            Behind::Evaluated(held) => held.evaluation.value,
            Behind::Assigned(assigned) => assigned.stored.value,
        }
    }

    #[inline]
    pub(super) fn value(&self, param: &str) -> Option<&Value> {
        match self.kind {
            Kind::Gate => self.passes.as_ref(),
            _ => self.behind.parameter(param),
        }
    }

    /// Logs what a hand-written read would: a parameter of a layer by its name, anything else as a whole.
    pub(super) fn expose(&self, param: &str, logging: Logging) {
        match (&self.behind, self.kind) {
            (Behind::Evaluated(held), Kind::Layer) => {
                let core = &held.statsig.core;
                core.expose_looked_up_only(&held.reading(), logging);
                held.expose_layer_parameter(param, logging);
            }
            (Behind::Evaluated(held), kind) => held.expose(kind, logging),
            (Behind::Assigned(assigned), Kind::Layer) => {
                assigned.expose_layer_parameter(param, logging);
            }
            (Behind::Assigned(assigned), _) => assigned.expose_experiment(logging),
        }
    }

    pub(super) fn is_recognized(&self) -> bool {
        match &self.behind {
            Behind::Evaluated(held) => is_recognized(held),
            Behind::Assigned(_) => true,
        }
    }

    pub(super) fn id_type(&self) -> String {
        let id_type = match &self.behind {
            Behind::Evaluated(held) => held.reading().id_type(),
            Behind::Assigned(assigned) => assigned.id_type.clone(),
        };
        id_type.as_str().to_owned()
    }

    pub(super) fn user(&self) -> &StatsigUser {
        match &self.behind {
            Behind::Evaluated(held) => held.user(),
            Behind::Assigned(assigned) => &assigned.user,
        }
    }

    /// For a parameter of a layer, the rule that supplied it.
    pub(super) fn meta(&self, param: Option<&str>) -> ParamsMeta {
        match &self.behind {
            Behind::Evaluated(held) => self.meta_of(held, param),
            Behind::Assigned(assigned) => {
                let text = |text: &str| text.to_owned();
                ParamsMeta {
                    rule_id: Some(text(&assigned.rule_id)),
                    group_name: assigned.stored.group_name.as_deref().map(text),
                    allocated_experiment: assigned.allocated_experiment().map(|name| text(name)),
                    reason: assigned.details.reason.to_string(),
                    fields: Vec::new(),
                }
            }
        }
    }

    fn meta_of(&self, held: &Held, param: Option<&str>) -> ParamsMeta {
        let reading = held.reading();
        let text = |symbol| reading.text(symbol).as_str().to_owned();
        let rule_id = match (self.kind, param) {
            (Kind::Layer, Some(param)) if held.parameter(param).is_some() => {
                text(held.rule_of(param))
            }
            _ => reading.rule_id().as_str().to_owned(),
        };
        ParamsMeta {
            rule_id: Some(rule_id),
            group_name: reading.evaluation.group_name.map(text),
            allocated_experiment: allocated_experiment(reading.evaluation).map(text),
            reason: reading.details().reason.to_string(),
            fields: Vec::new(),
        }
    }
}

fn is_recognized(held: &Held) -> bool {
    let evaluation = &held.evaluation;
    evaluation.outcome == Outcome::Recognized || evaluation.override_reason.is_some()
}

/// What is stored for the user, if that is to be served. Announced as if it were read by hand.
#[inline]
fn assigned(
    view: View<'_>,
    kind: Kind,
    reading: &Reading<'_>,
    options: &TypedEvaluationOptions,
) -> Option<Arc<Assigned>> {
    let values = options.user_persisted_values.as_deref()?;
    let storage = view.core().shared.options.persistent_storage.as_deref()?;
    let stored = Stored {
        values: Some(values),
        enforce_overrides: options.enforce_overrides,
        enforce_targeting: options.enforce_targeting,
    };
    match kind {
        Kind::Experiment => {
            let assigned = Arc::new(view.assigned_experiment(storage, reading, stored)?);
            let experiment = Arc::clone(&assigned).experiment(Logging::Automatic);
            view.announce_stored_experiment(reading, &experiment);
            Some(assigned)
        }
        Kind::Layer => {
            let assigned = Arc::new(view.assigned_layer(storage, reading, stored)?);
            let layer = Arc::clone(&assigned).layer(Logging::Automatic);
            view.announce_stored_layer(reading, &layer);
            Some(assigned)
        }
        Kind::Gate | Kind::DynamicConfig => None,
    }
}
