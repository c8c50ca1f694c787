//! One entity behind a typed struct.

use std::sync::Arc;

use serde_json::Value;

use crate::client::TypedEvaluationOptions;
use crate::client::evaluated_call::{EvaluatedCall, Logging, OwnedEvaluation};
use crate::client::layers::LayerSource;
use crate::client::sticky::{Assigned, Stored};
use crate::client::view::View;
use crate::evaluation::{Kind, Outcome};
use crate::typed::DecidedBy;
use crate::user::StatsigUser;

/// A gate, config, experiment or layer, evaluated once, or as it is stored for the user.
#[derive(Debug)]
pub(super) struct Entity {
    kind: Kind,
    source: LayerSource,
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
        view.evaluate(kind, name, user, |call| {
            if let Some(assigned) = assigned(view, kind, &call, options) {
                return Self {
                    kind,
                    source: LayerSource::Assigned(assigned),
                    passes: None,
                };
            }
            view.announce(kind, &call);
            Self::owned(kind, OwnedEvaluation::new(view.statsig, &call))
        })
    }

    pub(super) fn owned(kind: Kind, owned: OwnedEvaluation) -> Self {
        let is_gate = kind == Kind::Gate && is_recognized(&owned);
        Self {
            passes: is_gate.then_some(Value::Bool(owned.evaluation.value)),
            kind,
            source: LayerSource::Evaluated(owned),
        }
    }

    pub(super) fn passes(&self) -> bool {
        match &self.source {
            LayerSource::Evaluated(owned) => owned.evaluation.value,
            LayerSource::Assigned(assigned) => assigned.stored.value,
        }
    }

    #[inline]
    pub(super) fn value(&self, param: &str) -> Option<&Value> {
        match self.kind {
            Kind::Gate => self.passes.as_ref(),
            _ => self.source.parameter(param),
        }
    }

    /// Logs what a hand-written read would: a parameter of a layer by its name, anything else as a whole.
    pub(super) fn expose(&self, param: &str, logging: Logging) {
        match (&self.source, self.kind) {
            (LayerSource::Evaluated(owned), Kind::Layer) => {
                let inner = &owned.statsig.inner;
                inner.expose_looked_up_only(&owned.call(), logging);
                owned.expose_layer_parameter(param, logging);
            }
            (LayerSource::Evaluated(owned), kind) => owned.expose(kind, logging),
            (LayerSource::Assigned(assigned), Kind::Layer) => {
                assigned.expose_layer_parameter(param, logging);
            }
            (LayerSource::Assigned(assigned), _) => assigned.expose_experiment(logging),
        }
    }

    pub(super) fn is_recognized(&self) -> bool {
        match &self.source {
            LayerSource::Evaluated(owned) => is_recognized(owned),
            LayerSource::Assigned(_) => true,
        }
    }

    pub(super) fn id_type(&self) -> String {
        let id_type = match &self.source {
            LayerSource::Evaluated(owned) => owned.call().id_type(),
            LayerSource::Assigned(assigned) => assigned.id_type.clone(),
        };
        id_type.as_str().to_owned()
    }

    pub(super) fn user(&self) -> &StatsigUser {
        match &self.source {
            LayerSource::Evaluated(owned) => owned.user(),
            LayerSource::Assigned(assigned) => &assigned.user,
        }
    }

    /// For a parameter of a layer, the rule that supplied it.
    pub(super) fn decided_by(&self, param: Option<&str>) -> DecidedBy {
        match &self.source {
            LayerSource::Evaluated(owned) => self.decision_of(owned, param),
            LayerSource::Assigned(assigned) => {
                let text = |text: &str| text.to_owned();
                DecidedBy {
                    rule_id: Some(text(&assigned.rule_id)),
                    group_name: assigned.stored.group_name.as_deref().map(text),
                    allocated_experiment: assigned.allocated_experiment().map(|name| text(name)),
                    reason: assigned.details.reason.to_string(),
                }
            }
        }
    }

    fn decision_of(&self, owned: &OwnedEvaluation, param: Option<&str>) -> DecidedBy {
        let call = owned.call();
        let text = |symbol| call.text(symbol).as_str().to_owned();
        let rule_id = match (self.kind, param) {
            (Kind::Layer, Some(param)) if owned.parameter(param).is_some() => {
                text(owned.rule_of(param))
            }
            _ => call.rule_id().as_str().to_owned(),
        };
        DecidedBy {
            rule_id: Some(rule_id),
            group_name: call.evaluation.group_name.map(text),
            allocated_experiment: call.evaluation.allocated_experiment().map(text),
            reason: call.details().reason.to_string(),
        }
    }
}

fn is_recognized(owned: &OwnedEvaluation) -> bool {
    let evaluation = &owned.evaluation;
    evaluation.outcome == Outcome::Recognized || evaluation.override_reason.is_some()
}

/// What is stored for the user, if that is to be served. Announced as if it were read by hand.
#[inline]
fn assigned(
    view: View<'_>,
    kind: Kind,
    call: &EvaluatedCall<'_>,
    options: &TypedEvaluationOptions,
) -> Option<Arc<Assigned>> {
    let values = options.user_persisted_values.as_deref()?;
    let storage = view.inner().shared.options.persistent_storage.as_deref()?;
    let stored = Stored {
        values: Some(values),
        enforce_overrides: options.enforce_overrides,
        enforce_targeting: options.enforce_targeting,
    };
    match kind {
        Kind::Experiment => {
            let assigned = Arc::new(view.assigned_experiment(storage, call, stored)?);
            let experiment = Arc::clone(&assigned).experiment(Logging::Automatic);
            view.announce_stored_experiment(call, &experiment);
            Some(assigned)
        }
        Kind::Layer => {
            let assigned = Arc::new(view.assigned_layer(storage, call, stored)?);
            let layer = Arc::clone(&assigned).layer(Logging::Automatic);
            view.announce_stored_layer(call, &layer);
            Some(assigned)
        }
        Kind::Gate | Kind::DynamicConfig => None,
    }
}
