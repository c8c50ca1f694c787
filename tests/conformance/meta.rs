//! `expected/*.meta.json`: answers that need no user.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use statsig::sources::BootstrapSpecs;
use statsig::{Experiment, SharedStr, Statsig, StatsigOptions, StatsigUser};
use statsig_tests::conformance::{Case, Conformance, entries, items};
use statsig_tests::json::{differences, is_same_object};
use statsig_tests::tally::Tally;

/// One list, one entity or one part of the client's state is one comparison.
pub(crate) fn compare(data: &Conformance, case: &Case) -> Tally {
    let specs = data.text(&case.spec);
    let meta = Meta {
        client: &data.client(case, &specs),
        recorded: &data.json(&case.file),
        values: &data.json(&format!("values/{}.json.gz", case.spec_name())),
        file: &case.file,
    };
    let mut tally = Tally::default();
    tally.compare(differences(
        &format!("{}: initialize", case.file),
        &without_id_lists(&meta.recorded["initialize"]),
        &initialization(&specs),
    ));
    meta.lists(&mut tally);
    meta.fields_needed(&mut tally);
    meta.experiment_groups(&mut tally);
    meta.parameter_stores(&mut tally);
    tally
}

/// These cases initialise without ID lists.
fn without_id_lists(recorded: &Value) -> Value {
    let mut recorded = recorded.clone();
    if let Some(recorded) = recorded.as_object_mut() {
        recorded.remove("is_id_list_ready");
    }
    recorded
}

/// The initialisation details of a client that starts with these specs.
fn initialization(specs: &str) -> Value {
    let options = StatsigOptions::builder()
        .specs_adapter(Arc::new(BootstrapSpecs::new(specs)))
        .disable_network(true)
        .build()
        .expect("valid options");
    let statsig = Statsig::new("secret-meta", options);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let details = runtime.block_on(async {
        let details = statsig.initialize_with_details().await;
        statsig.shutdown().await.expect("a shutdown in time");
        details.expect("details")
    });
    json!({
        "failure": details.failure_details.is_some(),
        "init_success": details.init_success,
        "is_config_spec_ready": details.is_config_spec_ready,
        "source": details.source.to_string(),
    })
}

struct Meta<'a> {
    client: &'a Statsig,
    recorded: &'a Value,
    values: &'a Value,
    file: &'a str,
}

impl Meta<'_> {
    fn lists(&self, tally: &mut Tally) {
        let client = self.client;
        for (list, expected) in entries(&self.recorded["lists"]) {
            let found = match list.as_str() {
                "autotunes" => client.get_autotune_list(),
                "dynamic_configs" => client.get_dynamic_config_list(),
                "experiments" => client.get_experiment_list(),
                "feature_gates" => client.get_feature_gate_list(),
                "layers" => client.get_layer_list(),
                "parameter_stores" => client.get_parameter_store_list(),
                unknown => panic!("unknown list {unknown}"),
            };
            tally.compare(differences(
                &format!("{}: list of {list}", self.file),
                &json!({"names": expected}),
                &json!({"names": found}),
            ));
        }
    }

    /// Only entities that need fields are recorded.
    fn fields_needed(&self, tally: &mut Tally) {
        type FieldsNeeded = fn(&Statsig, &str) -> Vec<SharedStr>;
        let kinds: [(&str, &str, FieldsNeeded); 4] = [
            (
                "gates",
                "feature_gates",
                Statsig::get_fields_needed_for_gate,
            ),
            (
                "dynamic_configs",
                "dynamic_configs",
                Statsig::get_fields_needed_for_dynamic_config,
            ),
            (
                "experiments",
                "experiments",
                Statsig::get_fields_needed_for_experiment,
            ),
            ("layers", "layers", Statsig::get_fields_needed_for_layer),
        ];
        for (kind, list, fields_needed) in kinds {
            let recorded = &self.recorded["fields_needed"][kind];
            let listed = items(&self.recorded["lists"][list]).iter();
            let unlisted = entries(recorded).map(|(name, _)| name.as_str());
            let mut names: Vec<_> = listed.filter_map(Value::as_str).chain(unlisted).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                tally.compare(differences(
                    &format!("{}: fields needed, {kind} {name}", self.file),
                    &json!({"fields": recorded[name]}),
                    &json!({"fields": fields_needed(self.client, name)}),
                ));
            }
        }
    }

    fn experiment_groups(&self, tally: &mut Tally) {
        for (name, expected) in entries(&self.recorded["experiment_groups"]) {
            let context = format!("{}: groups of {name}", self.file);
            let found = self.client.get_experiment_groups(name);
            let mut differing = differences(
                &context,
                &json!({
                    "is_experiment_active": expected["is_experiment_active"],
                    "count": items(&expected["groups"]).len(),
                }),
                &json!({
                    "is_experiment_active": found.is_experiment_active,
                    "count": found.groups.len(),
                }),
            );
            for (place, expected) in items(&expected["groups"]).iter().enumerate() {
                let context = format!("{context}, group {place}");
                let Some(group) = found.groups.get(place) else {
                    continue;
                };
                let by_name = (self.client).get_experiment_by_group_name(name, &group.group_name);
                let by_rule =
                    (self.client).get_experiment_by_group_id_advanced(name, &group.rule_id);
                let found = json!({
                    "group_name": group.group_name,
                    "rule_id": group.rule_id,
                    "id_type": group.id_type,
                    "return_value": self.index(Some(&group.return_value), &expected["return_value"]),
                    "by_group_name": self.by_group_name(&by_name, &expected["by_group_name"]),
                    "by_rule_id": {
                        "group_name": by_rule.group_name,
                        "rule_id": by_rule.rule_id,
                        "reason": by_rule.details.reason,
                    },
                });
                differing.extend(differences(&context, expected, &found));
            }
            tally.compare(differing);
        }
        let unknown = self
            .client
            .get_experiment_by_group_name("__no_such_entity__", "__no_such_group__");
        tally.compare(differences(
            &format!("{}: experiment by unknown group name", self.file),
            &self.recorded["experiment_by_unknown_group_name"],
            &json!({"rule_id": unknown.rule_id, "reason": unknown.details.reason}),
        ));
    }

    fn by_group_name(&self, found: &Experiment, expected: &Value) -> Value {
        json!({
            "group_name": found.group_name,
            "rule_id": found.rule_id,
            "id_type": found.id_type,
            "is_experiment_active": found.is_experiment_active,
            "reason": found.details.reason,
            "value": self.index(found.value(), &expected["value"]),
        })
    }

    /// The expected index if the parameters equal its value, or else the parameters.
    fn index(&self, found: Option<&Map<String, Value>>, expected: &Value) -> Value {
        let nothing = Map::new();
        let found = found.unwrap_or(&nothing);
        let index = expected
            .as_u64()
            .and_then(|index| usize::try_from(index).ok());
        let recorded = index.and_then(|index| items(self.values).get(index)?.as_object());
        match recorded {
            Some(recorded) if is_same_object(recorded, found) => expected.clone(),
            _ => json!({"instead of": recorded, "found": found}),
        }
    }

    fn parameter_stores(&self, tally: &mut Tally) {
        let nobody = StatsigUser::anonymous();
        for (name, expected) in entries(&self.recorded["parameter_stores"]) {
            let store = self.client.get_parameter_store(&nobody, name);
            let types: Map<String, Value> = store
                .get_parameter_types()
                .into_iter()
                .map(|(param, declared)| (param.into(), declared.as_str().into()))
                .collect();
            let found = json!({"names": store.get_parameter_names(), "types": types});
            let context = format!("{}: parameter store {name}", self.file);
            tally.compare(differences(&context, expected, &found));
        }
    }
}
