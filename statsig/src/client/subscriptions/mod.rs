//! Reports evaluations to subscribers. Costs one atomic load while there are none.

use std::sync::Arc;

use super::evaluated_call::EvaluatedCall;
use super::sticky::StickyAssignment;
use super::{ClientInner, Statsig};
use crate::observability::evaluation_log;
use crate::observability::subscriptions::Subscriptions;
use crate::observability::{SdkEvent, SubscriptionId};
use crate::results::{DynamicConfig, EvaluationDetails, Experiment, FeatureGate, Served};
use statsig_core::entity_kind::EntityKind;

/// Subscriptions to the SDK's events.
impl Statsig {
    /// Calls the callback for every event of this name, on the thread where it happens.
    ///
    /// | name | called after |
    /// |---|---|
    /// | `gate_evaluated` | [`check_gate`](Self::check_gate), [`get_feature_gate`](Self::get_feature_gate) |
    /// | `dynamic_config_evaluated` | [`get_dynamic_config`](Self::get_dynamic_config) |
    /// | `experiment_evaluated` | [`get_experiment`](Self::get_experiment), and when a condition requests an experiment's group |
    /// | `layer_evaluated` | [`get_layer`](Self::get_layer) |
    /// | `specs_updated` | new specs are in use; on a thread of the runtime, so do not block it for long |
    /// | `schema_drifted` | new specs have a new difference to a [checked](crate::StatsigOptionsBuilder::check_schema) struct of parameters; also on a thread of the runtime |
    /// | `*` | all of these; such callbacks come first |
    ///
    /// [`get_typed`](Self::get_typed) has the same events as the call for its source. Manual
    /// exposures, parameter stores and client initialize responses cause no events. Evaluations
    /// cause events also when logging is disabled, and for unknown names.
    ///
    /// The client holds no lock during a callback, so the callback may use the client. Its own
    /// evaluations cause no events. If a callback panics, the client logs it and continues. For an
    /// unknown name, the client logs a warning, and the returned ID
    /// [is an error](SubscriptionId::is_error).
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    /// use std::sync::Arc;
    /// use statsig::observability::SdkEvent;
    ///
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let passed = Arc::new(AtomicU32::new(0));
    /// let counter = passed.clone();
    /// let subscription = statsig.subscribe("gate_evaluated", move |event| {
    ///     if let SdkEvent::GateEvaluated { value: true, .. } = event {
    ///         counter.fetch_add(1, Relaxed);
    ///     }
    /// });
    /// let user = StatsigUser::with_user_id("a-user");
    /// assert!(statsig.check_gate(&user, "a_gate"));
    /// statsig.unsubscribe_by_id(subscription);
    /// assert!(statsig.check_gate(&user, "a_gate"));
    /// assert_eq!(passed.load(Relaxed), 1);
    /// ```
    pub fn subscribe(
        &self,
        event_name: &str,
        callback: impl Fn(&SdkEvent<'_>) + Send + Sync + 'static,
    ) -> SubscriptionId {
        self.subscriptions()
            .subscribe(event_name, Arc::new(callback))
    }

    /// Ends all subscriptions to this name. Subscriptions to `*` continue to receive its events.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let subscription = statsig.subscribe("gate_evaluated", |event| println!("{event:?}"));
    /// statsig.unsubscribe("gate_evaluated");
    /// ```
    pub fn unsubscribe(&self, event_name: &str) {
        self.subscriptions().unsubscribe(event_name);
    }

    /// Ends one subscription.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let subscription = statsig.subscribe("specs_updated", |event| println!("{event:?}"));
    /// statsig.unsubscribe_by_id(subscription);
    /// ```
    pub fn unsubscribe_by_id(&self, subscription: SubscriptionId) {
        self.subscriptions().unsubscribe_by_id(subscription);
    }

    /// Ends all subscriptions.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// statsig.subscribe("*", |event| println!("{event:?}"));
    /// statsig.unsubscribe_all();
    /// ```
    pub fn unsubscribe_all(&self) {
        self.subscriptions().unsubscribe_all();
    }

    fn subscriptions(&self) -> &Subscriptions {
        &self.inner.shared.telemetry.subscriptions
    }
}

impl EvaluatedCall<'_> {
    /// Reports that an entity was evaluated, as its getter returns it.
    #[inline]
    pub(super) fn report(&self) {
        if self.has_subscribers() {
            self.report_evaluation();
        }
    }

    #[inline]
    fn has_subscribers(&self) -> bool {
        let subscriptions = &self.view.client.shared.telemetry.subscriptions;
        subscriptions.wants_evaluations()
    }

    #[cold]
    fn report_evaluation(self) {
        self.report_looked_up();
        let client = self.view.client;
        match self.kind {
            EntityKind::Gate => client.report_gate(&self.feature_gate(Served::default())),
            EntityKind::DynamicConfig => {
                client.report_dynamic_config(&self.dynamic_config(Served::default()));
            }
            EntityKind::Experiment => client.report_experiment(&self.experiment(Served::default())),
            EntityKind::Layer => {
                let (rule_id, group) = (self.rule_id(), self.group_name());
                client.report_layer(self.name, &rule_id, group.as_deref(), &self.details());
            }
            // The targets of their parameters are evaluated and reported.
            EntityKind::ParameterStore => {}
        }
    }

    /// Reports that an assignment from persistent storage was served.
    #[inline]
    pub(super) fn report_stored(&self, assignment: &StickyAssignment) {
        if self.has_subscribers() {
            self.report_assignment(assignment);
        }
    }

    #[cold]
    fn report_assignment(&self, stored: &StickyAssignment) {
        self.report_looked_up();
        let client = self.view.client;
        if stored.kind == EntityKind::Layer {
            let (rule_id, details) = stored.shown();
            let group = stored.stored.group_name.as_deref();
            client.report_layer(&stored.name, &rule_id, group, &details);
        } else {
            client.report_experiment(&stored.experiment(Served::default()));
        }
    }

    /// A condition that requests an experiment's group evaluates it like a separate call.
    fn report_looked_up(&self) {
        for experiment in self.looked_up() {
            experiment.report_evaluation();
        }
    }
}

impl ClientInner {
    fn report_gate(&self, gate: &FeatureGate) {
        let event = SdkEvent::GateEvaluated {
            gate_name: &gate.name,
            rule_id: &gate.rule_id,
            value: gate.value,
            reason: &gate.details.reason,
        };
        self.tell(&event, None, &gate.details);
    }

    fn report_dynamic_config(&self, config: &DynamicConfig) {
        let event = SdkEvent::DynamicConfigEvaluated {
            config_name: &config.name,
            reason: &config.details.reason,
            rule_id: &config.rule_id,
            value: config.value.0.as_deref(),
        };
        self.tell(&event, None, &config.details);
    }

    fn report_experiment(&self, experiment: &Experiment) {
        let group_name = experiment.group_name.as_deref();
        let event = SdkEvent::ExperimentEvaluated {
            experiment_name: &experiment.name,
            reason: &experiment.details.reason,
            rule_id: &experiment.rule_id,
            value: experiment.value.0.as_deref(),
            group_name,
        };
        self.tell(&event, group_name, &experiment.details);
    }

    fn report_layer(
        &self,
        layer_name: &str,
        rule_id: &str,
        group_name: Option<&str>,
        details: &EvaluationDetails,
    ) {
        let event = SdkEvent::LayerEvaluated {
            layer_name,
            reason: &details.reason,
            rule_id,
        };
        self.tell(&event, group_name, details);
    }

    fn tell(&self, event: &SdkEvent<'_>, group: Option<&str>, details: &EvaluationDetails) {
        if self.shared.options.evaluation_telemetry {
            evaluation_log::emit(event, group, details);
        }
        self.shared.telemetry.subscriptions.tell(event);
    }
}

#[cfg(test)]
mod tests;
