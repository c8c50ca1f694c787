//! A request reads with one generation of specs, however long it takes and however many tasks it spawns.

use std::sync::Arc;

use serde_json::Value;

use statsig_core::catalog::Catalog;

use super::view::View;
use super::{
    DynamicConfigEvaluationOptions, ExperimentEvaluationOptions, FeatureGateEvaluationOptions,
    Layer, LayerEvaluationOptions, ParameterStore, ParameterStoreEvaluationOptions, Statsig,
    TypedEvaluationOptions,
};
use crate::client_init::ClientInitResponseOptions;
use crate::evaluation::Kind;
use crate::results::explanation::{ExplainKind, Explanation};
use crate::results::{
    CmabRankedGroup, DynamicConfig, Experiment, ExperimentGroupsResult, FeatureGate,
};
use crate::shared::Published;
use crate::text::SharedStr;
use crate::typed::{ParamsError, StatsigParams, Typed};
use crate::user::StatsigUser;

/// A client whose specs do not change: every read uses the specs of the moment at which it was [pinned](Statsig::pin).
///
/// Use it for one request and the tasks that it spawns: pin at the beginning, clone the handle into the tasks (two pointers), and drop
/// it at the end. Exposures, counts and stored assignments go through the client as usual. Overrides are not part of the specs: they
/// hold from the moment they are set. A handle keeps its specs in memory and never sees later ones.
///
/// ```
/// # use statsig::StatsigUser;
/// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
/// let pinned = statsig.pin();
/// let user = StatsigUser::with_user_id("a-user");
/// let (for_task, user_of_task) = (pinned.clone(), user.clone());
/// let task = std::thread::spawn(move || for_task.check_gate(&user_of_task, "a_gate"));
/// // Whatever the service sends meanwhile, both agree.
/// assert_eq!(pinned.check_gate(&user, "a_gate"), task.join().unwrap());
/// ```
#[derive(Clone)]
pub struct PinnedStatsig {
    statsig: Statsig,
    pub(super) published: Arc<Published>,
}

impl Statsig {
    /// A handle that keeps reading with the specs of this moment. See [`PinnedStatsig`].
    ///
    /// Before [`initialize`](Self::initialize) there are no specs to pin: the handle serves fallbacks, also later.
    #[must_use]
    pub fn pin(&self) -> PinnedStatsig {
        PinnedStatsig {
            statsig: self.clone(),
            published: self.inner.shared.published.load_full(),
        }
    }
}

/// Each method is that of [`Statsig`], with the pinned specs.
impl PinnedStatsig {
    fn catalog(&self) -> Catalog<'_> {
        Catalog::new(&self.published)
    }

    /// The client, for events and everything else that does not depend on the specs.
    #[must_use]
    pub fn client(&self) -> &Statsig {
        &self.statsig
    }

    fn view(&self) -> View<'_> {
        self.statsig.view(&self.published)
    }

    /// See [`Statsig::check_gate`].
    #[must_use]
    pub fn check_gate(&self, user: &StatsigUser, gate: &str) -> bool {
        self.check_gate_with_options(user, gate, FeatureGateEvaluationOptions::default())
    }

    /// See [`Statsig::check_gate_with_options`].
    #[must_use]
    pub fn check_gate_with_options(
        &self,
        user: &StatsigUser,
        gate: &str,
        options: FeatureGateEvaluationOptions,
    ) -> bool {
        self.view().check_gate(user, gate, options)
    }

    /// See [`Statsig::get_feature_gate`].
    #[must_use]
    pub fn get_feature_gate(&self, user: &StatsigUser, gate: &str) -> FeatureGate {
        self.get_feature_gate_with_options(user, gate, FeatureGateEvaluationOptions::default())
    }

    /// See [`Statsig::get_feature_gate_with_options`].
    #[must_use]
    pub fn get_feature_gate_with_options(
        &self,
        user: &StatsigUser,
        gate: &str,
        options: FeatureGateEvaluationOptions,
    ) -> FeatureGate {
        self.view().feature_gate(user, gate, options)
    }

    /// See [`Statsig::get_dynamic_config`].
    #[must_use]
    pub fn get_dynamic_config(&self, user: &StatsigUser, config: &str) -> DynamicConfig {
        self.get_dynamic_config_with_options(
            user,
            config,
            DynamicConfigEvaluationOptions::default(),
        )
    }

    /// See [`Statsig::get_dynamic_config_with_options`].
    #[must_use]
    pub fn get_dynamic_config_with_options(
        &self,
        user: &StatsigUser,
        config: &str,
        options: DynamicConfigEvaluationOptions,
    ) -> DynamicConfig {
        self.view().dynamic_config(user, config, options)
    }

    /// See [`Statsig::get_experiment`].
    #[must_use]
    pub fn get_experiment(&self, user: &StatsigUser, experiment: &str) -> Experiment {
        self.get_experiment_with_options(user, experiment, ExperimentEvaluationOptions::default())
    }

    /// See [`Statsig::get_experiment_with_options`].
    #[must_use]
    pub fn get_experiment_with_options(
        &self,
        user: &StatsigUser,
        experiment: &str,
        options: ExperimentEvaluationOptions,
    ) -> Experiment {
        self.view().experiment(user, experiment, &options)
    }

    /// See [`Statsig::get_layer`].
    #[must_use]
    pub fn get_layer(&self, user: &StatsigUser, layer: &str) -> Layer {
        self.get_layer_with_options(user, layer, LayerEvaluationOptions::default())
    }

    /// See [`Statsig::get_layer_with_options`].
    #[must_use]
    pub fn get_layer_with_options(
        &self,
        user: &StatsigUser,
        layer: &str,
        options: LayerEvaluationOptions,
    ) -> Layer {
        self.view().layer(user, layer, &options)
    }

    /// See [`Statsig::get_parameter_store`].
    #[must_use]
    pub fn get_parameter_store(&self, user: &StatsigUser, store: &str) -> ParameterStore {
        self.get_parameter_store_with_options(
            user,
            store,
            ParameterStoreEvaluationOptions::default(),
        )
    }

    /// See [`Statsig::get_parameter_store_with_options`].
    #[must_use]
    pub fn get_parameter_store_with_options(
        &self,
        user: &StatsigUser,
        store: &str,
        options: ParameterStoreEvaluationOptions,
    ) -> ParameterStore {
        self.view().parameter_store(user, store, options)
    }

    /// See [`Statsig::get_typed`].
    #[must_use]
    pub fn get_typed<P: StatsigParams>(&self, user: impl AsRef<StatsigUser>) -> Typed<P> {
        self.get_typed_with_options(user, &TypedEvaluationOptions::default())
    }

    /// See [`Statsig::get_typed_with_options`].
    #[must_use]
    pub fn get_typed_with_options<P: StatsigParams>(
        &self,
        user: impl AsRef<StatsigUser>,
        options: &TypedEvaluationOptions,
    ) -> Typed<P> {
        self.view().get_typed(user.as_ref(), options)
    }

    /// See [`Statsig::try_get_typed`].
    ///
    /// # Errors
    /// When the specs do not know the source, or a served value does not fit its field.
    pub fn try_get_typed<P: StatsigParams>(
        &self,
        user: impl AsRef<StatsigUser>,
    ) -> Result<Typed<P>, ParamsError> {
        self.try_get_typed_with_options(user, &TypedEvaluationOptions::default())
    }

    /// See [`Statsig::try_get_typed_with_options`].
    ///
    /// # Errors
    /// As [`Statsig::try_get_typed`].
    pub fn try_get_typed_with_options<P: StatsigParams>(
        &self,
        user: impl AsRef<StatsigUser>,
        options: &TypedEvaluationOptions,
    ) -> Result<Typed<P>, ParamsError> {
        self.view().try_get_typed(user.as_ref(), options)
    }
}

/// Exposures on request, of what the pinned specs answer.
impl PinnedStatsig {
    /// See [`Statsig::manually_log_gate_exposure`].
    pub fn manually_log_gate_exposure(&self, user: &StatsigUser, gate: &str) {
        self.view().expose_gate(user, gate);
    }

    /// See [`Statsig::manually_log_dynamic_config_exposure`].
    pub fn manually_log_dynamic_config_exposure(&self, user: &StatsigUser, config: &str) {
        self.view().expose_dynamic_config(user, config);
    }

    /// See [`Statsig::manually_log_experiment_exposure`].
    pub fn manually_log_experiment_exposure(&self, user: &StatsigUser, experiment: &str) {
        self.view().expose_experiment(user, experiment);
    }

    /// See [`Statsig::manually_log_layer_parameter_exposure`].
    pub fn manually_log_layer_parameter_exposure(
        &self,
        user: &StatsigUser,
        layer: &str,
        parameter: &str,
    ) {
        self.view().expose_layer_parameter(user, layer, parameter);
    }

    /// See [`Statsig::log_cmab_exposure_for_group`].
    pub fn log_cmab_exposure_for_group(
        &self,
        user: &StatsigUser,
        cmab: &str,
        group_id: impl Into<SharedStr>,
    ) {
        self.view().expose_cmab_group(user, cmab, &group_id.into());
    }
}

/// What the pinned specs hold, and why they answer as they do.
impl PinnedStatsig {
    /// See [`Statsig::explain`].
    #[must_use]
    pub fn explain(&self, user: &StatsigUser, kind: ExplainKind, name: &str) -> Explanation {
        self.view().explain(user, kind, name)
    }

    /// See [`Statsig::get_feature_gate_list`].
    #[must_use]
    pub fn get_feature_gate_list(&self) -> Vec<SharedStr> {
        self.catalog().feature_gates()
    }

    /// See [`Statsig::get_dynamic_config_list`].
    #[must_use]
    pub fn get_dynamic_config_list(&self) -> Vec<SharedStr> {
        self.catalog().dynamic_configs()
    }

    /// See [`Statsig::get_experiment_list`].
    #[must_use]
    pub fn get_experiment_list(&self) -> Vec<SharedStr> {
        self.catalog().experiments()
    }

    /// See [`Statsig::get_autotune_list`].
    #[must_use]
    pub fn get_autotune_list(&self) -> Vec<SharedStr> {
        self.catalog().autotunes()
    }

    /// See [`Statsig::get_layer_list`].
    #[must_use]
    pub fn get_layer_list(&self) -> Vec<SharedStr> {
        self.catalog().layers()
    }

    /// See [`Statsig::get_parameter_store_list`].
    #[must_use]
    pub fn get_parameter_store_list(&self) -> Vec<SharedStr> {
        self.catalog().parameter_stores()
    }

    /// See [`Statsig::get_fields_needed_for_gate`].
    #[must_use]
    pub fn get_fields_needed_for_gate(&self, gate: &str) -> Vec<SharedStr> {
        self.catalog().fields_needed(Kind::Gate, gate)
    }

    /// See [`Statsig::get_fields_needed_for_dynamic_config`].
    #[must_use]
    pub fn get_fields_needed_for_dynamic_config(&self, config: &str) -> Vec<SharedStr> {
        self.catalog().fields_needed(Kind::DynamicConfig, config)
    }

    /// See [`Statsig::get_fields_needed_for_experiment`].
    #[must_use]
    pub fn get_fields_needed_for_experiment(&self, experiment: &str) -> Vec<SharedStr> {
        self.catalog().fields_needed(Kind::Experiment, experiment)
    }

    /// See [`Statsig::get_fields_needed_for_layer`].
    #[must_use]
    pub fn get_fields_needed_for_layer(&self, layer: &str) -> Vec<SharedStr> {
        self.catalog().fields_needed(Kind::Layer, layer)
    }

    /// See [`Statsig::get_experiment_groups`].
    #[must_use]
    pub fn get_experiment_groups(&self, experiment: &str) -> ExperimentGroupsResult {
        self.catalog().experiment_groups(experiment)
    }

    /// See [`Statsig::get_experiment_by_group_name`].
    #[must_use]
    pub fn get_experiment_by_group_name(&self, experiment: &str, group: &str) -> Experiment {
        self.catalog().experiment_by_group_name(experiment, group)
    }

    /// See [`Statsig::get_experiment_by_group_id_advanced`].
    #[must_use]
    pub fn get_experiment_by_group_id_advanced(
        &self,
        experiment: &str,
        rule_id: &str,
    ) -> Experiment {
        self.catalog().experiment_by_group_id(experiment, rule_id)
    }

    /// See [`Statsig::get_cmab_ranked_groups`].
    #[must_use]
    pub fn get_cmab_ranked_groups(&self, user: &StatsigUser, cmab: &str) -> Vec<CmabRankedGroup> {
        self.view().ranked_groups(user, cmab)
    }
}

/// Client initialize responses from the pinned specs.
impl PinnedStatsig {
    /// See [`Statsig::get_client_init_response_as_string`].
    #[must_use]
    pub fn get_client_init_response_as_string(&self, user: &StatsigUser) -> String {
        self.get_client_init_response_as_string_with_options(
            user,
            &ClientInitResponseOptions::default(),
        )
    }

    /// See [`Statsig::get_client_init_response_as_string_with_options`].
    #[must_use]
    pub fn get_client_init_response_as_string_with_options(
        &self,
        user: &StatsigUser,
        options: &ClientInitResponseOptions,
    ) -> String {
        self.view().client_init_response(user, options)
    }

    /// See [`Statsig::get_client_init_response`].
    #[must_use]
    pub fn get_client_init_response(&self, user: &StatsigUser) -> Value {
        self.get_client_init_response_with_options(user, &ClientInitResponseOptions::default())
    }

    /// See [`Statsig::get_client_init_response_with_options`].
    #[must_use]
    pub fn get_client_init_response_with_options(
        &self,
        user: &StatsigUser,
        options: &ClientInitResponseOptions,
    ) -> Value {
        self.view().client_init_value(user, options)
    }
}
