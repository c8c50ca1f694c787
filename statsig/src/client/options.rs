//! Options of single calls.

use std::sync::Arc;

use crate::storage::UserPersistedValues;

/// Adds `new`, a setter for each switch, and one for stored values.
macro_rules! setters {
    ($options:ident { $($switch:ident),+ } $($stored:ident)?) => {
        impl $options {
            /// The defaults.
            #[must_use]
            pub const fn new() -> Self {
                Self {
                    $($switch: false,)+
                    $($stored: None,)?
                }
            }

            $(
                #[doc = concat!(
                    "Sets [`", stringify!($switch), "`](Self#structfield.", stringify!($switch), ")."
                )]
                #[must_use]
                pub const fn $switch(mut self, $switch: bool) -> Self {
                    self.$switch = $switch;
                    self
                }
            )+

            $(
                #[doc = concat!(
                    "Sets [`", stringify!($stored), "`](Self#structfield.", stringify!($stored), ")."
                )]
                #[must_use]
                pub fn $stored(mut self, values: Arc<UserPersistedValues>) -> Self {
                    self.$stored = Some(values);
                    self
                }
            )?
        }
    };
}

setters!(FeatureGateEvaluationOptions {
    disable_exposure_logging
});
setters!(DynamicConfigEvaluationOptions {
    disable_exposure_logging
});
setters!(ExperimentEvaluationOptions {
    disable_exposure_logging,
    enforce_overrides,
    enforce_targeting
} user_persisted_values);
setters!(LayerEvaluationOptions {
    disable_exposure_logging,
    enforce_overrides,
    enforce_targeting
} user_persisted_values);
setters!(TypedEvaluationOptions { enforce_overrides, enforce_targeting } user_persisted_values);
setters!(ParameterStoreEvaluationOptions {
    disable_exposure_logging
});

/// Options of a gate check.
///
/// ```
/// use statsig::{FeatureGateEvaluationOptions, StatsigUser};
///
/// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
/// let user = StatsigUser::with_user_id("a-user");
/// let options = FeatureGateEvaluationOptions::new().disable_exposure_logging(true);
/// let is_on = statsig.check_gate_with_options(&user, "a_gate", options);
/// # let _ = is_on;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FeatureGateEvaluationOptions {
    /// Logs no exposure, and only counts the check. Default: false.
    pub disable_exposure_logging: bool,
}

/// Options of fetching a dynamic config.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DynamicConfigEvaluationOptions {
    /// Logs no exposure, and only counts the check. Default: false.
    pub disable_exposure_logging: bool,
}

/// Options of fetching an experiment.
///
/// The last three have an effect only with [persistent storage](crate::storage::PersistentStorage).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ExperimentEvaluationOptions {
    /// Logs no exposure, and only counts the check. Default: false.
    pub disable_exposure_logging: bool,
    /// The values that are
    /// [stored for the user](crate::storage::PersistentStorage::get_values_for_user). While the
    /// experiment runs, the client serves a stored value instead of an evaluation. **With `None`,
    /// the client deletes the stored value of the experiment.** Default: `None`.
    pub user_persisted_values: Option<Arc<UserPersistedValues>>,
    /// A rule of the experiment that forces a group takes precedence over a stored value. Default:
    /// false.
    pub enforce_overrides: bool,
    /// Does not serve a stored value to a user who no longer passes the experiment's targeting.
    /// Default: false.
    pub enforce_targeting: bool,
}

/// Options of fetching a layer.
///
/// The last three have an effect only with [persistent storage](crate::storage::PersistentStorage).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LayerEvaluationOptions {
    /// Logs no exposure when parameters are read, and only counts the fetch and the reads. Default:
    /// false.
    pub disable_exposure_logging: bool,
    /// The values that are
    /// [stored for the user](crate::storage::PersistentStorage::get_values_for_user). While the
    /// allocated experiment of the layer runs, the client serves a stored value instead of an
    /// evaluation. **With `None`, the client deletes the stored value of the layer.** Default:
    /// `None`.
    pub user_persisted_values: Option<Arc<UserPersistedValues>>,
    /// A rule of the experiment that forces a group takes precedence over a stored value. Default:
    /// false.
    pub enforce_overrides: bool,
    /// Does not serve a stored value to a user who no longer passes the experiment's targeting.
    /// Default: false.
    pub enforce_targeting: bool,
}

/// Options of loading a struct of typed parameters.
///
/// They have an effect only with [persistent storage](crate::storage::PersistentStorage), and only
/// on the experiments and layers that the struct itself reads from, not on those behind a parameter
/// store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TypedEvaluationOptions {
    /// The values that are
    /// [stored for the user](crate::storage::PersistentStorage::get_values_for_user). The client
    /// serves a stored value instead of an evaluation while the experiment runs. It saves a new
    /// assignment, and deletes the assignment of an experiment that no longer runs. With `None`, it
    /// neither serves nor changes stored values. Default: `None`.
    pub user_persisted_values: Option<Arc<UserPersistedValues>>,
    /// A rule of the experiment that forces a group takes precedence over a stored value. Default:
    /// false.
    pub enforce_overrides: bool,
    /// Does not serve a stored value to a user who no longer passes the experiment's targeting.
    /// Default: false.
    pub enforce_targeting: bool,
}

/// Options of fetching a parameter store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ParameterStoreEvaluationOptions {
    /// Logs no exposure when parameters are read, and only counts the checks. Default: false.
    pub disable_exposure_logging: bool,
}
