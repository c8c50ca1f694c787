//! Layers: parameters that mutually exclusive experiments share. Each parameter is exposed when it
//! is read.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use statsig_core::typed_getters;

use super::decision::OwnedDecision;
use super::evaluated_call::EvaluatedCall;
use super::exposure::Logging;
use super::sticky::{StickyAssignment, StickyOptions};
use super::{LayerEvaluationOptions, Statsig};
use crate::results::{EvaluationDetails, Origin};
use crate::text::SharedStr;
use crate::user::StatsigUser;
use statsig_core::entity_kind::EntityKind;

/// A layer for one user, evaluated at one moment.
///
/// Fetching it exposes nothing. A getter exposes the parameter that it reads, if the layer has it
/// in the requested type.
///
/// ```
/// use serde_json::json;
/// # use statsig::{Statsig, StatsigUser};
/// # let statsig = Statsig::new("secret-key", None);
/// # let user = StatsigUser::with_user_id("a-user");
/// # let values = [
/// #     ("color", json!("red")), ("on", json!(true)), ("seats", json!(5.0)),
/// #     ("share", json!(0.3)), ("ports", json!([80, 443])), ("size", json!({"px": 5})),
/// # ];
/// # statsig.override_layer("promo", values, None);
/// let layer = statsig.get_layer(&user, "promo");
/// assert_eq!(layer.get_string("color", "blue"), "red");
/// assert!(layer.get_bool("on", false));
/// assert_eq!(layer.get_i64("seats", 10), 5);
/// assert_eq!(layer.get_f64("share", 0.1), 0.3);
/// assert_eq!(layer.get_array("ports", vec![]), [80, 443]);
/// assert_eq!(layer.get_object("size", [("px", 1)])["px"], 5);
/// assert_eq!(layer.get::<Vec<u16>>("ports", vec![]), [80, 443]);
/// assert_eq!(layer.get_opt::<u16>("seats_left"), None);
/// assert_eq!(layer.get_typed_opt("share", Some(json!(1))), Some(json!(0.3)));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Layer {
    /// The requested name.
    pub name: SharedStr,
    /// The rule that decided; empty for an unknown layer.
    pub rule_id: SharedStr,
    /// The type of ID that the layer assigns by; empty for an unknown layer.
    pub id_type: SharedStr,
    /// The group of the allocated experiment that the user is in.
    pub group_name: Option<SharedStr>,
    /// The experiment that the layer allocated the user to.
    pub allocated_experiment_name: Option<SharedStr>,
    /// Whether the allocated experiment is running.
    pub is_experiment_active: bool,
    /// Whether the user counts in the allocated experiment's results.
    pub is_user_in_experiment: bool,
    /// The reason for the values.
    pub details: EvaluationDetails,
    decision: OwnedDecision,
    logging: Logging,
}

impl Statsig {
    /// A layer's parameters for a user. Logs nothing by itself: each getter of the [`Layer`] logs
    /// the parameter it reads.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let layer = statsig.get_layer(&StatsigUser::with_user_id("a-user"), "a_layer");
    /// let title = layer.get_string("title", "Welcome");
    /// # assert_eq!(title, "Hello");
    /// ```
    #[must_use]
    pub fn get_layer(&self, user: &StatsigUser, layer: &str) -> Layer {
        self.get_layer_with_options(user, layer, LayerEvaluationOptions::default())
    }

    /// Like [`get_layer`](Self::get_layer), with options.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// use statsig::LayerEvaluationOptions;
    ///
    /// let options = LayerEvaluationOptions::new().disable_exposure_logging(true);
    /// let layer = statsig.get_layer_with_options(&user, "a_layer", options);
    /// assert_eq!(layer.get_string("title", "Welcome"), "Hello");
    /// assert_eq!(statsig.event_stats().pending, 0);
    /// ```
    #[must_use]
    pub fn get_layer_with_options(
        &self,
        user: &StatsigUser,
        layer: &str,
        options: LayerEvaluationOptions,
    ) -> Layer {
        let logging = Logging::unless(options.disable_exposure_logging);
        let mut read = self.read();
        let call = read.evaluate(EntityKind::Layer, layer, user);
        let assignment = call.assignment(StickyOptions::from(&options));
        call.expose_looked_up(logging);
        if logging == Logging::Disabled {
            call.count_check();
        }
        if let Some(assignment) = assignment {
            call.report_stored(&assignment);
            return assignment.layer(logging);
        }
        call.report();
        call.layer(logging)
    }

    /// Logs the exposure of a layer's parameter. Uses the current evaluation. The parameter need
    /// not exist.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// statsig.manually_log_layer_parameter_exposure(&user, "a_layer", "title");
    /// assert_eq!(statsig.event_stats().pending, 1);
    /// ```
    pub fn manually_log_layer_parameter_exposure(
        &self,
        user: &StatsigUser,
        layer: &str,
        parameter: &str,
    ) {
        let mut read = self.read();
        let call = read.evaluate(EntityKind::Layer, layer, user);
        call.expose_read(parameter, Logging::Manual);
    }

    /// Logs the exposure of a parameter of an already evaluated layer, as reading it would.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// let layer = statsig.get_layer(&user, "a_layer");
    /// statsig.log_layer_param_exposure_with_layer(&layer, "title");
    /// assert_eq!(statsig.event_stats().pending, 1);
    /// ```
    pub fn log_layer_param_exposure_with_layer(&self, layer: &Layer, parameter: &str) {
        layer.expose(parameter);
    }
}

impl EvaluatedCall<'_> {
    fn layer(&self, logging: Logging) -> Layer {
        let is_allocated = self.evaluation.allocated_experiment().is_some();
        Layer {
            name: self.shared_name(),
            rule_id: self.rule_id(),
            id_type: self.id_type(),
            group_name: self.group_name(),
            allocated_experiment_name: self.allocated_experiment(),
            is_experiment_active: is_allocated && self.evaluation.is_experiment_active,
            is_user_in_experiment: is_allocated && self.evaluation.is_experiment_group,
            details: self.details(),
            decision: self.into(),
            logging,
        }
    }
}

impl StickyAssignment {
    fn layer(self: Arc<Self>, logging: Logging) -> Layer {
        let (rule_id, details) = self.shown();
        Layer {
            name: self.name.clone(),
            rule_id,
            id_type: self.id_type.clone(),
            group_name: self.stored.group_name.clone(),
            allocated_experiment_name: self.allocated_experiment().cloned(),
            is_experiment_active: true,
            is_user_in_experiment: true,
            details,
            decision: OwnedDecision::Assignment(self),
            logging,
        }
    }
}

impl Layer {
    /// The JSON value of a parameter, or `None` if the layer does not have it. Exposes the
    /// parameter.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// let layer = statsig.get_layer(&user, "a_layer");
    /// assert_eq!(layer.get_raw_value("title"), Some("Hello".into()));
    /// assert_eq!(layer.get_raw_value("subtitle"), None);
    /// ```
    #[must_use]
    pub fn get_raw_value(&self, parameter: &str) -> Option<Value> {
        self.read(parameter, |value| Some(value.clone()))
    }

    /// Logs the exposure of a parameter as this layer served it, even if the specs have changed
    /// since. For a stored assignment, it logs the stored one. For a parameter that the layer does
    /// not have, it logs nothing.
    ///
    /// Use it for layers that were fetched with exposure logging disabled; otherwise reading a
    /// parameter logs it. The exposure counts as manual, as with
    /// [`Statsig::manually_log_layer_parameter_exposure`](crate::Statsig::manually_log_layer_parameter_exposure).
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// use statsig::LayerEvaluationOptions;
    ///
    /// let options = LayerEvaluationOptions::new().disable_exposure_logging(true);
    /// let layer = statsig.get_layer_with_options(&user, "a_layer", options);
    /// layer.log_exposure("title");
    /// assert_eq!(statsig.event_stats().pending, 1);
    /// ```
    pub fn log_exposure(&self, parameter: &str) {
        if self.decision.parameter(parameter).is_some() {
            self.decision.expose_parameter(parameter, Logging::Manual);
        }
    }

    fn read<R>(&self, parameter: &str, decode: impl FnOnce(&Value) -> Option<R>) -> Option<R> {
        let decoded = self.decision.parameter(parameter).and_then(decode)?;
        self.expose(parameter);
        Some(decoded)
    }

    fn expose(&self, parameter: &str) {
        self.decision.expose_parameter(parameter, self.logging);
    }

    #[cold]
    fn misread(&self, parameter: &str, expected: &str) {
        let value = self.decision.parameter(parameter);
        if let Some(found) = value.filter(|value| !value.is_null()) {
            let entity = format!("layer \"{}\"", self.name);
            let details = &self.details;
            (self.decision).warn_of_misread(&entity, details, parameter, expected, found);
        }
    }
}

typed_getters!(
    Layer,
    "Exposes the parameter, unless the fallback is returned."
);

/// Does not show the parameters, because showing them would be an exposure.
impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layer")
            .field("name", &self.name)
            .field("rule_id", &self.rule_id)
            .field("id_type", &self.id_type)
            .field("group_name", &self.group_name)
            .field("allocated_experiment_name", &self.allocated_experiment_name)
            .field("is_experiment_active", &self.is_experiment_active)
            .field("details", &self.details)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "layer {} (rule {:?}, {})",
            self.name, self.rule_id, self.details.reason
        )?;
        match &self.allocated_experiment_name {
            Some(experiment) => write!(f, ", allocated to {experiment}"),
            None => Ok(()),
        }
    }
}
