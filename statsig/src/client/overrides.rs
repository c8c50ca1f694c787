//! Local overrides: forced values for one ID or for all users.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Statsig;
use crate::overrides::{ExperimentOverride, OverrideValue};
use crate::typed::{ParamSource, ParamsNotWritable, StatsigParams, written};
use crate::value::depth::bounded_entries;
use crate::value::object;
use statsig_core::entity_kind::EntityKind;

/// An override with an `id` holds for users with this user ID or custom ID; without an `id`, it
/// holds for all users. An override with an ID takes precedence. Overrides also work for names that
/// the specs do not know, before [`initialize`](Statsig::initialize), and for nested gates and
/// delegated experiments. Values are a map, or pairs of a name and a value. The client leaves out a
/// parameter nested deeper than
/// [`MAX_VALUE_DEPTH`](crate::StatsigUserBuilder::MAX_VALUE_DEPTH), with a warning. The details are
/// `LocalOverride:Recognized`, and the rule is `override`. The client logs exposures as without an
/// override.
impl Statsig {
    /// Forces a gate.
    ///
    /// ```
    /// use statsig::{Statsig, StatsigUser};
    ///
    /// let statsig = Statsig::new("secret-key", None);
    /// statsig.override_gate("a_gate", true, Some("alice"));
    /// assert!(statsig.check_gate(&StatsigUser::with_user_id("alice"), "a_gate"));
    /// assert!(!statsig.check_gate(&StatsigUser::with_user_id("bob"), "a_gate"));
    /// ```
    pub fn override_gate(&self, gate: &str, value: bool, id: Option<&str>) {
        self.set_override(gate, id, OverrideValue::Gate(value));
    }

    /// Forces the values of a dynamic config, which replace all of its own. Does not apply to an
    /// experiment.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// statsig.override_dynamic_config("a_config", [("limit", 5)], None);
    /// assert_eq!(statsig.get_dynamic_config(&user, "a_config").get_i64("limit", 10), 5);
    /// ```
    pub fn override_dynamic_config<K: Into<String>, V: Into<Value>>(
        &self,
        config: &str,
        values: impl IntoIterator<Item = (K, V)>,
        id: Option<&str>,
    ) {
        let value = OverrideValue::DynamicConfig(bounded(object(values), config));
        self.set_override(config, id, value);
    }

    /// Forces the parameters of an experiment, which replace all of its own. Does not apply to a
    /// dynamic config.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// statsig.override_experiment("an_experiment", [("color", "red")], Some("a-user"));
    /// let experiment = statsig.get_experiment(&user, "an_experiment");
    /// assert_eq!(experiment.get_string("color", "blue"), "red");
    /// ```
    pub fn override_experiment<K: Into<String>, V: Into<Value>>(
        &self,
        experiment: &str,
        values: impl IntoIterator<Item = (K, V)>,
        id: Option<&str>,
    ) {
        let forced = ExperimentOverride::Parameters(bounded(object(values), experiment));
        self.set_override(experiment, id, OverrideValue::Experiment(forced));
    }

    /// Forces an experiment to a group: to the parameters of the first rule with this group name,
    /// or to no parameters if there is no such group. It replaces an override by value, and an
    /// override by value replaces it.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// statsig.override_experiment_by_group_name("an_experiment", "Control", None);
    /// let experiment = statsig.get_experiment(&user, "an_experiment");
    /// assert_eq!(experiment.get_string("color", "blue"), "grey");
    /// ```
    pub fn override_experiment_by_group_name(
        &self,
        experiment: &str,
        group: &str,
        id: Option<&str>,
    ) {
        let forced = ExperimentOverride::Group(group.to_owned());
        self.set_override(experiment, id, OverrideValue::Experiment(forced));
    }

    /// Forces the parameters of a layer, which replace all of its own.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// statsig.override_layer("a_layer", [("title", "Hi")], None);
    /// assert_eq!(statsig.get_layer(&user, "a_layer").get_string("title", "Welcome"), "Hi");
    /// ```
    pub fn override_layer<K: Into<String>, V: Into<Value>>(
        &self,
        layer: &str,
        values: impl IntoIterator<Item = (K, V)>,
        id: Option<&str>,
    ) {
        let value = OverrideValue::Layer(bounded(object(values), layer));
        self.set_override(layer, id, value);
    }

    /// Forces the parameters of a parameter store, which replace all of its own. A value in the
    /// shape of a parameter (`ref_type`, `param_type`, …) is read as a parameter; any other is a
    /// constant.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// statsig.override_parameter_store("a_store", [("color", "green")], None);
    /// let store = statsig.get_parameter_store(&user, "a_store");
    /// assert_eq!(store.get_string("color", "blue"), "green");
    /// ```
    pub fn override_parameter_store<K: Into<String>, V: Into<Value>>(
        &self,
        store: &str,
        values: impl IntoIterator<Item = (K, V)>,
        id: Option<&str>,
    ) {
        let value = OverrideValue::ParameterStore(bounded(object(values), store));
        self.set_override(store, id, value);
    }

    /// Forces the sources of a parameter struct so that they serve these values, for tests and
    /// demonstrations. A field that is `None` is not served. Every other field is served and
    /// exposed as usual.
    ///
    /// ```
    /// use statsig::{Statsig, StatsigParams, StatsigUser};
    ///
    /// #[derive(Debug, PartialEq, StatsigParams)]
    /// #[statsig(layer = "promos")]
    /// struct Promo {
    ///     #[statsig(default = "Welcome")]
    ///     title: String,
    ///     #[statsig(default = 0.1)]
    ///     discount: f64,
    /// }
    ///
    /// let statsig = Statsig::new("secret-key", None);
    /// statsig.override_typed(&Promo { discount: 0.3, ..Promo::defaults() }, Some("alice"))?;
    /// assert_eq!(statsig.get_typed::<Promo>(StatsigUser::with_user_id("alice")).discount, 0.3);
    /// assert_eq!(statsig.get_typed::<Promo>(StatsigUser::with_user_id("bob")).discount, 0.1);
    /// # Ok::<(), statsig::typed::ParamsNotWritable>(())
    /// ```
    ///
    /// # Errors
    /// When a field cannot be written as JSON, because its type can only decode parameters. The
    /// method then forces nothing.
    pub fn override_typed<P: StatsigParams>(
        &self,
        params: &P,
        id: Option<&str>,
    ) -> Result<(), ParamsNotWritable> {
        for (source, values) in written(params)? {
            self.override_source(source, values, id);
        }
        Ok(())
    }

    fn set_override(&self, name: &str, id: Option<&str>, value: OverrideValue) {
        self.inner.shared.overrides.set(name, id, &value);
    }

    fn remove_override(&self, name: &str, id: Option<&str>, kind: EntityKind) {
        self.inner.shared.overrides.remove(name, id, kind);
    }

    /// Forces the parameters of a source. Those of a store become constants, regardless of their
    /// shape.
    pub(crate) fn override_source(
        &self,
        source: ParamSource,
        value: Map<String, Value>,
        id: Option<&str>,
    ) {
        let name = source.name;
        match source.kind {
            EntityKind::Layer => self.override_layer(name, value, id),
            EntityKind::Experiment => self.override_experiment(name, value, id),
            EntityKind::DynamicConfig => self.override_dynamic_config(name, value, id),
            EntityKind::ParameterStore => {
                let constants = value
                    .into_iter()
                    .map(|(name, value)| (name, constant(value)));
                self.override_parameter_store(name, constants, id);
            }
            EntityKind::Gate => {
                if let Some(Value::Bool(passes)) = value.get(name) {
                    self.override_gate(name, *passes, id);
                }
            }
        }
    }

    /// Removes the override of a gate for an ID, or, without an ID, all overrides of the gate.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// statsig.override_gate("a_gate", false, None);
    /// statsig.remove_gate_override("a_gate", None);
    /// assert!(statsig.check_gate(&user, "a_gate"));
    /// ```
    pub fn remove_gate_override(&self, gate: &str, id: Option<&str>) {
        self.remove_override(gate, id, EntityKind::Gate);
    }

    /// Removes the override of a dynamic config for an ID, or, without an ID, all overrides of the
    /// config.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// # statsig.override_dynamic_config("a_config", serde_json::Map::new(), None);
    /// statsig.remove_dynamic_config_override("a_config", None);
    /// assert_eq!(statsig.get_dynamic_config(&user, "a_config").get_i64("limit", 10), 25);
    /// ```
    pub fn remove_dynamic_config_override(&self, config: &str, id: Option<&str>) {
        self.remove_override(config, id, EntityKind::DynamicConfig);
    }

    /// Removes the override of an experiment for an ID, or, without an ID, all overrides of the
    /// experiment.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// # statsig.override_experiment("an_experiment", serde_json::Map::new(), None);
    /// statsig.remove_experiment_override("an_experiment", None);
    /// let experiment = statsig.get_experiment(&user, "an_experiment");
    /// assert_eq!(experiment.get_string("color", "blue"), "grey");
    /// ```
    pub fn remove_experiment_override(&self, experiment: &str, id: Option<&str>) {
        self.remove_override(experiment, id, EntityKind::Experiment);
    }

    /// Removes the override of a layer for an ID, or, without an ID, all overrides of the layer.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// # statsig.override_layer("a_layer", serde_json::Map::new(), None);
    /// statsig.remove_layer_override("a_layer", None);
    /// assert_eq!(statsig.get_layer(&user, "a_layer").get_string("title", "Welcome"), "Hello");
    /// ```
    pub fn remove_layer_override(&self, layer: &str, id: Option<&str>) {
        self.remove_override(layer, id, EntityKind::Layer);
    }

    /// Removes the override of a parameter store for an ID, or, without an ID, all overrides of the
    /// store.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// # statsig.override_parameter_store("a_store", serde_json::Map::new(), None);
    /// statsig.remove_parameter_store_override("a_store", None);
    /// let store = statsig.get_parameter_store(&user, "a_store");
    /// assert_eq!(store.get_string("color", "blue"), "red");
    /// ```
    pub fn remove_parameter_store_override(&self, store: &str, id: Option<&str>) {
        self.remove_override(store, id, EntityKind::ParameterStore);
    }

    /// Removes all overrides.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// statsig.override_gate("a_gate", false, None);
    /// statsig.remove_all_overrides();
    /// assert!(statsig.check_gate(&user, "a_gate"));
    /// ```
    pub fn remove_all_overrides(&self) {
        self.inner.shared.overrides.remove_all();
    }
}

/// Removes the parameters that are nested too deep.
fn bounded(value: Map<String, Value>, name: &str) -> Arc<Map<String, Value>> {
    Arc::new(bounded_entries(
        value,
        format_args!("the override of {name}"),
    ))
}

/// A constant in the shape of a store's parameter, so that no value is read as a parameter.
fn constant(value: Value) -> Value {
    serde_json::json!({"ref_type": "static", "param_type": "", "value": value})
}
