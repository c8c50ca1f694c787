//! `expected/*.jsonl.gz`: the answers of gates, configs, layers and parameter stores.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use statsig::EntityKind;
use statsig::experiments::CmabRankedGroup;
use statsig::testing::{Inspected, InspectedGate, OfflineClient, inspect};
use statsig::{ParameterStore, StatsigUser};
use statsig_tests::conformance::{Case, Conformance, entries, items};
use statsig_tests::json::{differences, is_same_object};
use statsig_tests::tally::Tally;

/// One entity for one user is one comparison.
pub(crate) fn compare(data: &Conformance, case: &Case) -> Tally {
    let client = data.client(case, &data.text(&case.spec));
    let values = case.values.as_ref().map(|file| data.json(file));
    let mut answers = Answers {
        client,
        tally: Tally::default(),
        values: Values::new(values.unwrap_or_default()),
    };
    let skips = ["gates", "configs", "layers"].map(|sort| (sort, data.skips(case, sort)));
    for line in data.lines(&case.file) {
        let id = line["user"].as_str().expect("a user");
        let user = data.user(id);
        for (sort, skips) in &skips {
            for (name, expected) in entries(&line[sort]) {
                if let Some(reason) = skips.reason(name) {
                    answers.tally.skip(reason, 1);
                    continue;
                }
                let context = format!("{}: {id}, {sort} {name}", case.file);
                let differences = match *sort {
                    "gates" => answers.gate(&context, user, name, expected),
                    "configs" => answers.config(&context, user, name, expected),
                    _ => answers.layer(&context, user, name, expected),
                };
                answers.tally.compare(differences);
            }
        }
        for (name, expected) in entries(&line["param_stores"]) {
            let context = format!("{}: {id}, param_stores {name}", case.file);
            let found = answers.param_store(user, name);
            answers
                .tally
                .compare(differences(&context, expected, &found));
        }
        for (name, expected) in entries(&line["cmab_ranked_groups"]) {
            let context = format!("{}: {id}, cmab_ranked_groups {name}", case.file);
            let differences = answers.ranked_groups(&context, user, name, expected);
            answers.tally.compare(differences);
        }
    }
    answers.tally
}

struct Answers {
    client: OfflineClient,
    tally: Tally,
    values: Values,
}

impl Answers {
    fn gate(
        &mut self,
        context: &str,
        user: &StatsigUser,
        name: &str,
        expected: &Value,
    ) -> Vec<String> {
        let gate = self.client.get_feature_gate(user, name);
        let inspected = inspect(&self.client, EntityKind::Gate, user, name);
        let mut found = json!({
            "value": gate.value,
            "rule_id": gate.rule_id,
            "id_type": gate.id_type,
            "reason": gate.details.reason,
            "version": gate.details.version,
            "secondary_exposures": triples(&inspected.secondary_exposures),
        });
        if self.client.check_gate(user, name) != gate.value {
            found["check_gate"] = json!("another value");
        }
        differences(context, expected, &found)
    }

    fn config(
        &mut self,
        context: &str,
        user: &StatsigUser,
        name: &str,
        expected: &Value,
    ) -> Vec<String> {
        let experiment = self.client.get_experiment(user, name);
        let inspected = inspect(&self.client, EntityKind::Experiment, user, name);
        let config = self.client.get_dynamic_config(user, name);
        let config_inspected = inspect(&self.client, EntityKind::DynamicConfig, user, name);
        let found = json!({
            "value": self.values.index(experiment.value(), &inspected, &expected["value"]),
            "rule_id": experiment.rule_id,
            "id_type": experiment.id_type,
            "reason": experiment.details.reason,
            "version": experiment.details.version,
            "secondary_exposures": triples(&inspected.secondary_exposures),
            "group_name": experiment.group_name,
            "is_experiment_active": experiment.is_experiment_active,
            "is_user_in_experiment": experiment.is_user_in_experiment,
            "is_in_layer": inspected.is_in_layer.then_some(true),
            "explicit_parameters": inspected.explicit_parameters,
            "undelegated_secondary_exposures":
                inspected.undelegated_secondary_exposures.as_deref().map(triples),
            "passed": config.passed,
        });
        // The answer as a dynamic config is recorded only where it differs.
        let as_config = match expected.get("as_dynamic_config") {
            Some(other) => other.clone(),
            None => fields_of_config(expected),
        };
        let found_as_config = json!({
            "value": self.values.index(config.value(), &config_inspected, &as_config["value"]),
            "rule_id": config.rule_id,
            "id_type": config.id_type,
            "reason": config.details.reason,
            "version": config.details.version,
            "secondary_exposures": triples(&config_inspected.secondary_exposures),
        });
        let mut expected = expected.clone();
        if let Some(expected) = expected.as_object_mut() {
            expected.remove("as_dynamic_config");
        }
        let mut differing = differences(context, &expected, &found);
        let context = format!("{context} as dynamic config");
        differing.extend(differences(&context, &as_config, &found_as_config));
        differing
    }

    fn layer(
        &mut self,
        context: &str,
        user: &StatsigUser,
        name: &str,
        expected: &Value,
    ) -> Vec<String> {
        let layer = self.client.get_layer(user, name);
        let inspected = inspect(&self.client, EntityKind::Layer, user, name);
        let is_allocated = layer.allocated_experiment_name.is_some();
        let parameters = inspected.parameters.as_deref();
        let mut found = json!({
            "value": self.values.index(parameters, &inspected, &expected["value"]),
            "rule_id": layer.rule_id,
            "id_type": layer.id_type,
            "group_name": layer.group_name,
            "allocated_experiment_name": layer.allocated_experiment_name,
            "is_experiment_active": layer.is_experiment_active,
            "is_user_in_experiment": is_allocated.then_some(layer.is_user_in_experiment),
            "explicit_parameters": inspected.explicit_parameters,
            "secondary_exposures": triples(&inspected.secondary_exposures),
            "undelegated_secondary_exposures":
                inspected.undelegated_secondary_exposures.as_deref().map(triples),
            "parameter_rule_ids": inspected.parameter_rule_ids,
            "reason": layer.details.reason,
            "version": layer.details.version,
        });
        let is_readable = parameters
            .into_iter()
            .flatten()
            .all(|(name, value)| layer.get_raw_value(name).as_ref() == Some(value));
        if !is_readable {
            found["get_raw_value"] = json!("another value");
        }
        differences(context, expected, &found)
    }

    fn ranked_groups(
        &mut self,
        context: &str,
        user: &StatsigUser,
        name: &str,
        expected: &Value,
    ) -> Vec<String> {
        let ranked = self.client.get_cmab_ranked_groups(user, name);
        let with_value_of = |(place, group): (usize, &CmabRankedGroup)| {
            let nothing_special = Inspected::default();
            let index = &expected[place]["value"];
            json!({
                "group": group.variant_name,
                "rule_id": group.rule_id,
                "score": (group.score * 1e9).round() / 1e9,
                "value": index.is_u64().then(|| self.values.index(Some(&group.value), &nothing_special, index)),
                "cmab_name": (group.cmab_name != *name).then_some(&group.cmab_name),
            })
        };
        let found: Value = ranked.iter().enumerate().map(with_value_of).collect();
        let mut differing = Vec::new();
        let places = items(expected).len().max(ranked.len());
        for place in 0..places {
            let context = format!("{context}, place {place}");
            differing.extend(differences(&context, &expected[place], &found[place]));
        }
        differing
    }

    fn param_store(&self, user: &StatsigUser, name: &str) -> Value {
        let store = self.client.get_parameter_store(user, name);
        let params: Map<String, Value> = store
            .get_parameter_types()
            .into_iter()
            .map(|(param, declared)| {
                let got = typed_reads(&store, &param);
                (param.into(), json!({"type": declared, "got": got}))
            })
            .collect();
        json!({"reason": store.details.reason, "params": params})
    }
}

/// The result of each typed getter. A getter that returns two fallbacks found nothing.
fn typed_reads(store: &ParameterStore, param: &str) -> Map<String, Value> {
    let reads = [
        (
            "bool",
            json!(store.get_bool(param, false)),
            json!(store.get_bool(param, true)),
        ),
        (
            "f64",
            json!(store.get_f64(param, 0.5)),
            json!(store.get_f64(param, 0.25)),
        ),
        (
            "i64",
            // Not `get_i64`, which on purpose also reads whole floats.
            json!(store.get(param, -1_i64)),
            json!(store.get(param, -2_i64)),
        ),
        (
            "string",
            json!(store.get_string(param, "one")),
            json!(store.get_string(param, "two")),
        ),
        (
            "array",
            json!(store.get_array(param, vec![json!(1)])),
            json!(store.get_array(param, vec![json!(2)])),
        ),
        (
            "object",
            json!(store.get_object(param, Map::from_iter([("one".to_owned(), json!(1))]))),
            json!(store.get_object(param, Map::from_iter([("two".to_owned(), json!(2))]))),
        ),
    ];
    reads
        .into_iter()
        .filter(|(_, one, two)| one == two)
        .map(|(kind, found, _)| (kind.to_owned(), found))
        .collect()
}

fn fields_of_config(expected: &Value) -> Value {
    let fields = [
        "value",
        "rule_id",
        "id_type",
        "reason",
        "version",
        "secondary_exposures",
    ];
    fields
        .into_iter()
        .map(|field| (field.to_owned(), expected[field].clone()))
        .collect()
}

fn triples(gates: &[InspectedGate]) -> Value {
    let triple = |nested: &InspectedGate| {
        let value = nested.value.to_string();
        json!([nested.gate, value, nested.rule_id])
    };
    gates.iter().map(triple).collect()
}

/// The recorded values. Answers refer to them by index.
struct Values {
    values: Value,
    /// Parameters that equal a known value. Holding them keeps their address from being reused.
    known: HashMap<(usize, usize), Arc<Map<String, Value>>>,
    nothing: Map<String, Value>,
}

impl Values {
    fn new(values: Value) -> Self {
        Self {
            values,
            known: HashMap::new(),
            nothing: Map::new(),
        }
    }

    /// The expected index if the parameters equal its value, or else the parameters.
    fn index(
        &mut self,
        public: Option<&Map<String, Value>>,
        inspected: &Inspected,
        expected: &Value,
    ) -> Value {
        let parameters = public.unwrap_or(&self.nothing);
        let index = expected
            .as_u64()
            .and_then(|index| usize::try_from(index).ok());
        let index = index.expect("an index of a value");
        let key = (std::ptr::from_ref(parameters) as usize, index);
        if self.known.contains_key(&key) {
            return expected.clone();
        }
        let recorded = items(&self.values)[index].as_object();
        if !recorded.is_some_and(|recorded| is_same_object(recorded, parameters)) {
            return json!({"instead of": recorded, "found": parameters});
        }
        if let Some(shared) = &inspected.parameters
            && std::ptr::eq(&raw const **shared, parameters)
        {
            self.known.insert(key, Arc::clone(shared));
        }
        expected.clone()
    }
}
