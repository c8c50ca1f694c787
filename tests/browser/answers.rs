//! What the server answers for every name, in the form in which the page reports it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use statsig::client_init::{ClientInitResponseFormat, ClientInitResponseOptions, HashAlgorithm};
use statsig::{LayerEvaluationOptions, ParameterStoreEvaluationOptions, Statsig, StatsigUser};
use statsig_tests::conformance::entries;
use statsig_tests::tally::Tally;

/// A name that no specs have.
const UNKNOWN: &str = "no_such_name";

/// Why the answers for a name may differ.
pub(crate) fn not_comparable(name: &str) -> Option<&'static str> {
    match name {
        "cmab_always_explore" => Some("chance decides"),
        "__proto__" => Some("every object of JavaScript has this name"),
        _ => None,
    }
}

/// The names in the responses, with the parameters of layers and stores.
#[derive(Debug, Default)]
pub(crate) struct Names {
    gates: BTreeSet<String>,
    configs: BTreeSet<String>,
    experiments: BTreeSet<String>,
    layers: BTreeMap<String, BTreeSet<String>>,
    stores: BTreeMap<String, BTreeSet<String>>,
}

impl Names {
    /// The names that these users get.
    pub(crate) fn of(client: &Statsig, users: &[StatsigUser]) -> Self {
        let options = ClientInitResponseOptions::new().hash_algorithm(HashAlgorithm::None);
        let configs = client.get_dynamic_config_list();
        let configs: BTreeSet<&str> = configs.iter().map(|name| &**name).collect();
        let mut names = Self::default();
        for user in users {
            let response = client.get_client_init_response_with_options(user, &options);
            let named = |section: &str| entries(&response[section]).collect::<Vec<_>>();
            names.gates.extend(
                named("feature_gates")
                    .into_iter()
                    .map(|(name, _)| name.clone()),
            );
            for (name, _) in named("dynamic_configs") {
                let list = match configs.contains(name.as_str()) {
                    true => &mut names.configs,
                    false => &mut names.experiments,
                };
                list.insert(name.clone());
            }
            for (name, layer) in named("layer_configs") {
                let parameters = entries(&layer["value"]).map(|(parameter, _)| parameter.clone());
                names
                    .layers
                    .entry(name.clone())
                    .or_default()
                    .extend(parameters);
            }
            for (name, store) in named("param_stores") {
                let parameters = entries(store).map(|(parameter, _)| parameter.clone());
                names
                    .stores
                    .entry(name.clone())
                    .or_default()
                    .extend(parameters);
            }
        }
        for list in [&mut names.gates, &mut names.configs, &mut names.experiments] {
            list.insert(UNKNOWN.to_owned());
        }
        for map in [&mut names.layers, &mut names.stores] {
            map.values_mut()
                .for_each(|parameters| _ = parameters.insert(UNKNOWN.to_owned()));
            map.insert(UNKNOWN.to_owned(), BTreeSet::from([UNKNOWN.to_owned()]));
        }
        names
    }

    /// Whether a server and a page log exposures of a name. A server logs none for an unknown name.
    pub(crate) fn have(&self, name: &str) -> bool {
        let lists = [&self.gates, &self.configs, &self.experiments];
        let is_read = lists.iter().any(|list| list.contains(name));
        name != UNKNOWN && (is_read || self.layers.contains_key(name))
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "gates": self.gates, "configs": self.configs, "experiments": self.experiments,
            "layers": self.layers, "stores": self.stores })
    }

    /// Reads everything once. Logs the same exposures as the page.
    pub(crate) fn answers(&self, client: &Statsig, user: &StatsigUser) -> Value {
        let gates = each(&self.gates, |name| {
            let gate = client.get_feature_gate(user, name);
            json!({ "value": gate.value, "rule": gate.rule_id })
        });
        let configs = each(&self.configs, |name| {
            let config = client.get_dynamic_config(user, name);
            json!({ "value": config.value().cloned().unwrap_or_default(), "rule": config.rule_id })
        });
        let experiments = each(&self.experiments, |name| {
            let config = client.get_experiment(user, name);
            json!({ "value": config.value().cloned().unwrap_or_default(), "rule": config.rule_id,
                "group": config.group_name })
        });
        let layers = self.layers.iter().map(|(name, parameters)| {
            let layer = client.get_layer_with_options(user, name, LayerEvaluationOptions::new());
            let value = each(parameters, |parameter| {
                layer.get_raw_value(parameter).unwrap_or_default()
            });
            (
                name.clone(),
                json!({ "value": value, "rule": layer.rule_id, "group": layer.group_name }),
            )
        });
        let layers: Map<String, Value> = layers.collect();
        let stores = self.stores.iter().map(|(name, parameters)| {
            let options = ParameterStoreEvaluationOptions::new().disable_exposure_logging(true);
            let store = client.get_parameter_store_with_options(user, name, options);
            let value = each(parameters, |parameter| {
                store.get_opt(parameter).unwrap_or_default()
            });
            (name.clone(), json!({ "value": value }))
        });
        let stores: Map<String, Value> = stores.collect();
        json!({ "gates": gates, "configs": configs, "experiments": experiments, "layers": layers,
            "stores": stores })
    }
}

fn each(names: &BTreeSet<String>, answer: impl Fn(&str) -> Value) -> Value {
    names
        .iter()
        .map(|name| (name.clone(), answer(name)))
        .collect()
}

/// Compares everything that the page read.
pub(crate) fn compare(
    what: &str,
    format: ClientInitResponseFormat,
    expected: &Value,
    found: &Value,
    tally: &mut Tally,
) {
    for (section, names) in entries(expected) {
        for (name, answer) in entries(names) {
            if let Some(reason) = not_comparable(name) {
                tally.skip(reason, 1);
                continue;
            }
            for (field, value) in entries(answer) {
                let seen = &found[section][name][field];
                let difference = (!is_as_good(format, field, value, seen)).then(|| {
                    format!("{what}: {section} {name} {field}: {value} on the server, {seen} in the page")
                });
                tally.compare(difference);
            }
        }
    }
    for (name, gate) in entries(&found["gates"]) {
        let reason = match (found["isBlank"] == true, name == UNKNOWN) {
            // The specs are nested too deep, so that the response has no values.
            (true, _) => "NoValues",
            (false, true) => "Bootstrap:Unrecognized",
            (false, false) => "Bootstrap:Recognized",
        };
        let found = &gate["reason"];
        let difference =
            (found != reason).then(|| format!("{what}: {name}: {found}, not {reason}"));
        tally.compare(difference);
    }
}

/// Equal, except for what is left out by the format (see its documentation) and for configs whose
/// value is no object: a server answers the empty object.
fn is_as_good(format: ClientInitResponseFormat, field: &str, server: &Value, page: &Value) -> bool {
    let is_left_out = format == ClientInitResponseFormat::InitV2 && field == "rule" && page == "";
    let is_default = is_left_out && server == "default";
    let is_no_object = field == "value" && *server == json!({}) && page.is_boolean();
    is_default || is_no_object || same(server, page)
}

/// Numbers in JavaScript are doubles.
fn same(server: &Value, page: &Value) -> bool {
    match (server, page) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_there = |(name, value)| other.get(name).is_some_and(|other| same(value, other));
            one.len() == other.len() && one.iter().all(is_there)
        }
        _ => server == page,
    }
}
