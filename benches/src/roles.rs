//! Selects the entities for the cases, in each of the specs that can be measured.

use serde_json::Value;

/// The names of the measured entities. `None`: the specs have no such entity, and its cases are
/// left out.
#[derive(Debug, Clone, Copy)]
pub struct Roles {
    pub public_gate: Option<&'static str>,
    pub percentage_gate: Option<&'static str>,
    pub nested_gate: Option<&'static str>,
    pub config: Option<&'static str>,
    pub large_config: Option<&'static str>,
    pub experiment: Option<&'static str>,
    pub large_experiment: Option<&'static str>,
    /// A layer and a text parameter of it.
    pub layer: Option<(&'static str, &'static str)>,
    /// The layer of the derived struct with three parameters. The code names these parameters.
    pub typed_layer: Option<&'static str>,
    /// The layer of the derived struct with twenty parameters.
    pub wide_layer: Option<&'static str>,
    /// Parameter stores with a text parameter, and the targets of the parameters.
    pub store_static: Option<(&'static str, &'static str)>,
    pub store_gate: Option<(&'static str, &'static str)>,
    pub store_layer: Option<(&'static str, &'static str)>,
}

impl Roles {
    /// The gates by kind.
    pub fn gates(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        [
            ("public", self.public_gate),
            ("percentage", self.percentage_gate),
            ("nested", self.nested_gate),
        ]
        .into_iter()
        .filter_map(|(kind, gate)| Some((kind, gate?)))
    }

    /// The entities in these specs: the generated ones, or one of the two projects of the
    /// conformance data.
    pub fn find(specs: &str) -> Result<Self, String> {
        let specs: Value = serde_json::from_str(specs).map_err(|error| error.to_string())?;
        let pick = |kind: &str, names: &[&'static str]| {
            names
                .iter()
                .copied()
                .find(|name| specs[kind].get(name).is_some())
        };
        let gate = |names: &[&'static str]| pick("feature_gates", names);
        let config = |names: &[&'static str]| pick("dynamic_configs", names);
        let layer = |names: &[&'static str]| pick("layer_configs", names);
        let parameter = |parameter: &'static str| {
            let store = pick("param_stores", &["storefront", "test_parameter_store"])?;
            let parameters = &specs["param_stores"][store]["parameters"];
            parameters.get(parameter).map(|_| (store, parameter))
        };
        Ok(Self {
            public_gate: gate(&["public_gate", "test_public"]),
            percentage_gate: gate(&["percentage_gate", "test_50_50"]),
            nested_gate: gate(&["nested_gate", "double_nested_gates"]),
            config: config(&["small_config", "operating_system_config"]),
            large_config: config(&["large_config"]),
            experiment: config(&["small_experiment", "experiment_with_many_params"]),
            large_experiment: config(&["large_experiment", "big_experiment_two"]),
            layer: layer(&["promo_layer"])
                .map(|name| (name, "title"))
                .or_else(|| layer(&["layer_with_many_params"]).map(|name| (name, "a_string"))),
            typed_layer: layer(&["promo_layer"]),
            wide_layer: layer(&["wide_layer"]),
            store_static: parameter("support_email").or_else(|| parameter("bool_param")),
            store_gate: parameter("shipping_note"),
            store_layer: parameter("headline"),
        })
    }
}
