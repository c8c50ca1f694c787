//! Gates, dynamic configs and experiments, evaluated for one user at one moment.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::details::EvaluationDetails;
use super::served::Served;
use crate::text::SharedStr;
use crate::typed_getters;

/// A gate, evaluated for one user at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeatureGate {
    /// The name of the gate.
    pub name: SharedStr,
    /// Whether the gate passes. An unknown gate does not pass.
    pub value: bool,
    /// The rule that decided. It is empty for an unknown gate, and `default` or `disabled` if no
    /// rule matched.
    pub rule_id: SharedStr,
    /// The type of ID that the gate buckets by, such as `userID`. It is empty for an unknown gate.
    pub id_type: SharedStr,
    /// Why the gate has this value.
    pub details: EvaluationDetails,
    /// The data for logging the exposure later. It is not part of the public API.
    #[doc(hidden)]
    #[serde(skip)]
    pub served: Served,
}

impl FeatureGate {
    /// Logs the exposure of a gate that was fetched with exposure logging disabled. The exposure
    /// has this value and this rule, even if the specs have changed. If the fetch logged the
    /// exposure, this does nothing.
    ///
    /// The exposure is marked as manual, as with `Statsig::manually_log_gate_exposure`.
    pub fn log_exposure(&self) {
        self.served.log_exposure();
    }
}

impl fmt::Display for FeatureGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "gate {}: {} (rule {:?}, {})",
            self.name, self.value, self.rule_id, self.details.reason
        )
    }
}

/// Parameters that are shared with their specs.
#[derive(Clone, PartialEq, Default)]
pub struct SharedParameters(pub Option<Arc<Map<String, Value>>>);

impl SharedParameters {
    fn get(&self, parameter: &str) -> Option<&Value> {
        self.0.as_ref()?.get(parameter)
    }
}

impl fmt::Debug for SharedParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.0.iter().flat_map(|parameters| parameters.iter()))
            .finish()
    }
}

impl Serialize for SharedParameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().flat_map(|parameters| parameters.iter()))
    }
}

/// A dynamic config, evaluated for one user at one moment.
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
/// # statsig.override_dynamic_config("promo", values, None);
/// let config = statsig.get_dynamic_config(&user, "promo");
/// assert_eq!(config.get_string("color", "blue"), "red");
/// assert!(config.get_bool("on", false));
/// assert_eq!(config.get_i64("seats", 10), 5);
/// assert_eq!(config.get_f64("share", 0.1), 0.3);
/// assert_eq!(config.get_array("ports", vec![]), [80, 443]);
/// assert_eq!(config.get_object("size", [("px", 1)])["px"], 5);
/// assert_eq!(config.get::<Vec<u16>>("ports", vec![]), [80, 443]);
/// assert_eq!(config.get_opt::<u16>("seats_left"), None);
/// assert_eq!(config.get_typed_opt("share", Some(json!(1))), Some(json!(0.3)));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DynamicConfig {
    /// The name of the config.
    pub name: SharedStr,
    #[doc(hidden)]
    pub value: SharedParameters,
    /// The rule that decided. It is empty for an unknown config.
    pub rule_id: SharedStr,
    /// The type of ID that the config buckets by. It is empty for an unknown config.
    pub id_type: SharedStr,
    /// Whether a rule passed. If no rule passed, the config has its default value.
    pub passed: bool,
    /// Why the config has this value.
    pub details: EvaluationDetails,
    /// The data for logging the exposure later. It is not part of the public API.
    #[doc(hidden)]
    #[serde(skip)]
    pub served: Served,
}

/// An experiment, evaluated for one user at one moment.
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
/// # statsig.override_experiment("promo", values, None);
/// let experiment = statsig.get_experiment(&user, "promo");
/// assert_eq!(experiment.get_string("color", "blue"), "red");
/// assert!(experiment.get_bool("on", false));
/// assert_eq!(experiment.get_i64("seats", 10), 5);
/// assert_eq!(experiment.get_f64("share", 0.1), 0.3);
/// assert_eq!(experiment.get_array("ports", vec![]), [80, 443]);
/// assert_eq!(experiment.get_object("size", [("px", 1)])["px"], 5);
/// assert_eq!(experiment.get::<Vec<u16>>("ports", vec![]), [80, 443]);
/// assert_eq!(experiment.get_opt::<u16>("seats_left"), None);
/// assert_eq!(experiment.get_typed_opt("share", Some(json!(1))), Some(json!(0.3)));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Experiment {
    /// The name of the experiment.
    pub name: SharedStr,
    #[doc(hidden)]
    pub value: SharedParameters,
    /// The rule that decided. It is empty for an unknown experiment.
    pub rule_id: SharedStr,
    /// The type of ID that the experiment buckets by. It is empty for an unknown experiment.
    pub id_type: SharedStr,
    /// The user's group, if the rule names one.
    pub group_name: Option<SharedStr>,
    /// Whether the experiment is running.
    pub is_experiment_active: bool,
    /// Whether the user counts in the experiment's results.
    pub is_user_in_experiment: bool,
    /// Why the experiment has this value.
    pub details: EvaluationDetails,
    /// The data for logging the exposure later. It is not part of the public API.
    #[doc(hidden)]
    #[serde(skip)]
    pub served: Served,
}

/// What dynamic configs and experiments share: parameters, and no exposure for each parameter.
macro_rules! parameters {
    ($type:ident, $what:literal, $manual:literal) => {
        impl $type {
            /// Logs the exposure of a result that was fetched with exposure logging disabled. The
            /// exposure has this value and this rule, even if the specs have changed. A stored
            /// assignment is logged as a stored assignment. If the fetch logged the exposure, this
            /// does nothing.
            ///
            #[doc = concat!("The exposure counts as manual, as with `Statsig::", $manual, "`.")]
            pub fn log_exposure(&self) {
                self.served.log_exposure();
            }

            #[doc = concat!("All parameters of the ", $what, ", shared with the specs; `None` when it returned none.")]
            #[must_use]
            pub fn value(&self) -> Option<&Map<String, Value>> {
                self.value.0.as_deref()
            }

            fn read<R>(
                &self,
                parameter: &str,
                decode: impl FnOnce(&Value) -> Option<R>,
            ) -> Option<R> {
                self.value.get(parameter).and_then(decode)
            }

            #[cold]
            fn misread(&self, parameter: &str, expected: &str) {
                let value = self.value.get(parameter).filter(|value| !value.is_null());
                if let (Some(found), Some(origin)) = (value, &self.served.0) {
                    let entity = format!(concat!($what, " \"{}\""), self.name);
                    origin.warn_of_misread(&entity, &self.details, parameter, expected, found);
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let (name, rule, reason) = (&self.name, &self.rule_id, &self.details.reason);
                write!(f, concat!($what, " {}: {:?} (rule {:?}, {})"), name, self.value, rule, reason)
            }
        }
    };
}

parameters!(
    DynamicConfig,
    "dynamic config",
    "manually_log_dynamic_config_exposure"
);
parameters!(Experiment, "experiment", "manually_log_experiment_exposure");
typed_getters!(
    DynamicConfig,
    "Logs nothing: the exposure is the config's, and was logged when it was fetched."
);
typed_getters!(
    Experiment,
    "Logs nothing: the exposure is the experiment's, and was logged when it was fetched."
);
