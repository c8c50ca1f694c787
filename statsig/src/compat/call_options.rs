//! The official options of single calls, as structs with public fields.

use std::collections::HashSet;
use std::sync::Arc;

use super::client::Statsig;
use crate::Layer;
use crate::client_init::{self, ClientInitResponseFormat, HashAlgorithm};
use crate::results::{DynamicConfig, Experiment, FeatureGate};
use crate::storage::UserPersistedValues;
use crate::user::StatsigUser;

/// Defines options with only the switch for exposures.
macro_rules! exposure_switch {
    ($type:ident, $what:literal) => {
        #[doc = concat!("Options of ", $what, ".")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct $type {
            /// Logs no exposure.
            pub disable_exposure_logging: bool,
        }

        impl From<$type> for crate::$type {
            fn from(options: $type) -> Self {
                Self::new().disable_exposure_logging(options.disable_exposure_logging)
            }
        }
    };
}

exposure_switch!(FeatureGateEvaluationOptions, "a gate check");
exposure_switch!(DynamicConfigEvaluationOptions, "fetching a dynamic config");
exposure_switch!(
    ParameterStoreEvaluationOptions,
    "fetching a parameter store"
);

/// Defines options with stored values.
macro_rules! sticky {
    ($type:ident, $what:literal) => {
        #[doc = concat!("Options of fetching ", $what, ".")]
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct $type {
            /// Logs no exposure.
            pub disable_exposure_logging: bool,
            /// The values that are stored for the user.
            pub user_persisted_values: Option<Arc<UserPersistedValues>>,
            /// A rule that forces a group takes precedence over a stored value.
            pub enforce_overrides: bool,
            /// Does not serve a stored value to a user who no longer passes the targeting.
            pub enforce_targeting: bool,
        }

        impl From<$type> for crate::$type {
            fn from(options: $type) -> Self {
                let native = Self::new()
                    .disable_exposure_logging(options.disable_exposure_logging)
                    .enforce_overrides(options.enforce_overrides)
                    .enforce_targeting(options.enforce_targeting);
                match options.user_persisted_values {
                    Some(values) => native.user_persisted_values(values),
                    None => native,
                }
            }
        }
    };
}

sticky!(ExperimentEvaluationOptions, "an experiment");
sticky!(LayerEvaluationOptions, "a layer");

/// Defines a call with official options.
macro_rules! call {
    ($name:ident, $options:ident, $result:ty) => {
        #[doc = concat!("The native [`", stringify!($name), "`](crate::Statsig::", stringify!($name), "), with official options.")]
        #[must_use]
        pub fn $name(&self, user: &StatsigUser, name: &str, options: $options) -> $result {
            (**self).$name(user, name, options.into())
        }
    };
}

impl Statsig {
    call!(check_gate_with_options, FeatureGateEvaluationOptions, bool);
    call!(
        get_feature_gate_with_options,
        FeatureGateEvaluationOptions,
        FeatureGate
    );
    call!(
        get_dynamic_config_with_options,
        DynamicConfigEvaluationOptions,
        DynamicConfig
    );
    call!(
        get_experiment_with_options,
        ExperimentEvaluationOptions,
        Experiment
    );
    call!(get_layer_with_options, LayerEvaluationOptions, Layer);
}

/// Options of a client initialize response. `None` means the default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    missing_docs,
    reason = "documented at the native options of the same names"
)]
pub struct ClientInitResponseOptions {
    pub hash_algorithm: Option<HashAlgorithm>,
    pub client_sdk_key: Option<String>,
    pub target_app_id: Option<String>,
    pub include_local_overrides: Option<bool>,
    pub feature_gate_filter: Option<HashSet<String>>,
    pub experiment_filter: Option<HashSet<String>>,
    pub dynamic_config_filter: Option<HashSet<String>>,
    pub layer_filter: Option<HashSet<String>>,
    pub param_store_filter: Option<HashSet<String>>,
    pub response_format: Option<ClientInitResponseFormat>,
    pub remove_id_type: Option<bool>,
    pub remove_default_value_gates: Option<bool>,
    pub previous_response_hash: Option<String>,
    pub remove_experiments_in_layers: Option<bool>,
}

impl From<&ClientInitResponseOptions> for client_init::ClientInitResponseOptions {
    fn from(options: &ClientInitResponseOptions) -> Self {
        let mut native = Self::new();
        macro_rules! set {
            ($($option:ident),+) => {
                $(if let Some(value) = options.$option.clone() {
                    native = native.$option(value);
                })+
            };
        }
        set!(
            hash_algorithm,
            client_sdk_key,
            target_app_id,
            include_local_overrides,
            feature_gate_filter,
            experiment_filter,
            dynamic_config_filter,
            layer_filter,
            param_store_filter,
            response_format,
            remove_id_type,
            remove_default_value_gates,
            previous_response_hash,
            remove_experiments_in_layers
        );
        native
    }
}
