//! The measured specs: about a hundred entities of the kinds in real projects.

use serde_json::{Map, Value, json};

/// The specs in a file, or generated ones.
pub fn read(file: Option<&std::path::Path>) -> Result<String, String> {
    match file {
        None => Ok(generate()),
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display())),
    }
}

/// The specs as the specs endpoint serves them. Every run gets the same text.
///
/// The specs contain the named entities of the cases, and others of each kind, so that tables have
/// a realistic size.
pub fn generate() -> String {
    let mut specs = Specs::default();
    specs.gates();
    specs.nested_gates();
    specs.configs();
    specs.experiments();
    specs.layers();
    specs.wide_layer();
    let specs = json!({
        "has_updates": true,
        "time": 1_790_000_000_000_u64,
        "checksum": "1",
        "response_format": "dcs-v2",
        "company_id": "benches",
        "feature_gates": specs.gates,
        "dynamic_configs": specs.configs,
        "layer_configs": specs.layers,
        "condition_map": specs.conditions,
        "experiment_to_layer": specs.experiment_to_layer,
        "param_stores": {"storefront": {"parameters": param_store()}},
    });
    format!("{specs:#}")
}

#[derive(Default)]
struct Specs {
    gates: Map<String, Value>,
    configs: Map<String, Value>,
    layers: Map<String, Value>,
    conditions: Map<String, Value>,
    experiment_to_layer: Map<String, Value>,
}

impl Specs {
    fn gates(&mut self) {
        let everyone = self.condition("public", json!(null), json!(null), json!(null), json!(null));
        for name in numbered("public_gate", 30) {
            let rules = [rule(&name, &everyone, 100, json!(true))];
            self.gates.insert(name.clone(), gate(&name, &rules));
        }
        for name in numbered("percentage_gate", 30) {
            let rules = [rule(&name, &everyone, 50, json!(true))];
            self.gates.insert(name.clone(), gate(&name, &rules));
        }
        for (number, name) in numbered("attribute_gate", 15).enumerate() {
            let emails = json!(["@example.com", format!("@{number}.example.org")]);
            let email = self.field("email", "str_ends_with_any", emails);
            let plan = self.field("plan", "any", json!([format!("plan-{number}"), "premium"]));
            let rules = [
                rule(&format!("{name}_email"), &email, 100, json!(true)),
                rule(&format!("{name}_plan"), &plan, 50, json!(true)),
            ];
            self.gates.insert(name.clone(), gate(&name, &rules));
        }
    }

    /// `nested_gate` depends on a holdout and on `nested_middle`. `nested_middle` depends on the
    /// holdout and on `nested_leaf`, a percentage within a country.
    fn nested_gates(&mut self) {
        let everyone = self.condition("public", json!(null), json!(null), json!(null), json!(null));
        let mut holdout = gate(
            "global_holdout",
            &[rule("held_out", &everyone, 1, json!(true))],
        );
        holdout["entity"] = json!("holdout");
        self.gates.insert("global_holdout".to_owned(), holdout);
        let held_out = self.asks_gate("global_holdout");
        for number in 0..3 {
            let name = |level: &str| match number {
                0 => format!("nested_{level}"),
                _ => format!("nested_{level}_{number}"),
            };
            let country = self.field("country", "any", json!(["NZ", "GB", "DE"]));
            let leaf = name("leaf");
            let rules = [rule(&leaf, &country, 90, json!(true))];
            self.gates.insert(leaf.clone(), gate(&leaf, &rules));
            let mut below = leaf;
            for level in ["middle", "gate"] {
                let name = name(level);
                let passes_below = self.asks_gate(&below);
                let rules = [
                    rule(&format!("{name}_holdout"), &held_out, 100, json!(false)),
                    rule(&format!("{name}_pass"), &passes_below, 100, json!(true)),
                ];
                self.gates.insert(name.clone(), gate(&name, &rules));
                below = name;
            }
        }
    }

    fn configs(&mut self) {
        let premium = self.field("plan", "any", json!(["premium", "enterprise"]));
        for (number, name) in numbered("small_config", 9).enumerate() {
            let value =
                json!({"max_items": 10 + number, "currencies": ["EUR", "USD"], "title": "A title"});
            let rules = [rule(&name, &premium, 100, value.clone())];
            let config = config(&name, "dynamic_config", value, &rules);
            self.configs.insert(name, config);
        }
        let rules = [rule("large", &premium, 100, large_value("rule"))];
        let config = config(
            "large_config",
            "dynamic_config",
            large_value("default"),
            &rules,
        );
        self.configs.insert("large_config".to_owned(), config);
    }

    fn experiments(&mut self) {
        for name in numbered("small_experiment", 9) {
            let value = |title: &str| json!({"title": title, "discount": 0.1, "enabled": true});
            let experiment = self.experiment(&name, value("Control"), value("Test"));
            self.configs.insert(name, experiment);
        }
        let name = "large_experiment";
        let experiment = self.experiment(name, large_value("control"), large_value("test"));
        self.configs.insert(name.to_owned(), experiment);
    }

    /// Two layers of two experiments each. Every user is in one of the two.
    fn layers(&mut self) {
        for layer in ["promo_layer", "search_layer"] {
            let default = json!({"title": "Welcome", "discount": 0.0, "call_to_action": "Browse"});
            let mut rules = Vec::new();
            for (number, below) in [500, 1000].into_iter().enumerate() {
                let experiment = format!("{layer}_experiment_{number}");
                let value = |title: &str| json!({"title": title, "discount": 0.25, "call_to_action": "Get the deal"});
                let mut spec = self.experiment(
                    &experiment,
                    value("Everything, in bold"),
                    value("25 % off, today only"),
                );
                spec["hasSharedParams"] = json!(true);
                spec["explicitParameters"] = json!(["title", "discount", "call_to_action"]);
                self.configs.insert(experiment.clone(), spec);
                self.experiment_to_layer
                    .insert(experiment.clone(), json!(layer));
                let half = self.bucket(layer, below);
                let mut rule = rule(&format!("to_{experiment}"), &half, 100, default.clone());
                rule["configDelegate"] = json!(experiment);
                rules.push(rule);
            }
            let layer_spec = config(layer, "layer", default, &rules);
            self.layers.insert(layer.to_owned(), layer_spec);
        }
    }

    /// A layer with an experiment of twenty parameters: seven texts, seven numbers, six switches.
    fn wide_layer(&mut self) {
        let value = |text: &str, number: f64| {
            let parameters = (0..20).map(|place| {
                let value = match place % 3 {
                    0 => json!(format!("{text} {place}")),
                    1 => json!(number + f64::from(place)),
                    _ => json!(true),
                };
                (format!("parameter_{place}"), value)
            });
            Value::Object(parameters.collect())
        };
        let default = value("Default", 0.0);
        let name = "wide_experiment";
        let mut spec = self.experiment(name, value("Control", 0.5), value("Test", 1.5));
        spec["hasSharedParams"] = json!(true);
        spec["explicitParameters"] = json!(
            (0..20)
                .map(|place| format!("parameter_{place}"))
                .collect::<Vec<_>>()
        );
        self.configs.insert(name.to_owned(), spec);
        self.experiment_to_layer
            .insert(name.to_owned(), json!("wide_layer"));
        let everyone = self.bucket("wide_layer", 1000);
        let mut rule = rule("to_wide_experiment", &everyone, 100, default.clone());
        rule["configDelegate"] = json!(name);
        self.layers.insert(
            "wide_layer".to_owned(),
            config("wide_layer", "layer", default, &[rule]),
        );
    }

    fn experiment(&mut self, name: &str, control: Value, test: Value) -> Value {
        let rules =
            [("control", 500, &control), ("test", 1000, &test)].map(|(group, below, value)| {
                let bucket = self.bucket(name, below);
                let mut rule = rule(&format!("{name}_{group}"), &bucket, 100, value.clone());
                rule["groupName"] = json!(group);
                rule["isExperimentGroup"] = json!(true);
                rule
            });
        let mut experiment = config(name, "experiment", control.clone(), &rules);
        experiment["isActive"] = json!(true);
        experiment
    }

    fn field(&mut self, field: &str, operator: &str, targets: Value) -> String {
        self.condition(
            "user_field",
            json!(operator),
            json!(field),
            targets,
            json!({}),
        )
    }

    fn bucket(&mut self, salt: &str, below: u32) -> String {
        self.condition(
            "user_bucket",
            json!("lt"),
            json!(null),
            json!(below),
            json!({"salt": salt}),
        )
    }

    fn asks_gate(&mut self, gate: &str) -> String {
        self.condition(
            "pass_gate",
            json!(null),
            json!(null),
            json!(gate),
            json!({}),
        )
    }

    /// The ID of a new condition.
    fn condition(
        &mut self,
        kind: &str,
        operator: Value,
        field: Value,
        target: Value,
        additional: Value,
    ) -> String {
        let id = (1_000_000_000 + self.conditions.len() * 7).to_string();
        let condition = json!({
            "type": kind,
            "targetValue": target,
            "operator": operator,
            "field": field,
            "additionalValues": additional,
            "idType": "userID",
        });
        self.conditions.insert(id.clone(), condition);
        id
    }
}

/// `name`, `name_1`, `name_2` …
fn numbered(name: &str, count: usize) -> impl Iterator<Item = String> {
    (0..count).map(move |number| match number {
        0 => name.to_owned(),
        _ => format!("{name}_{number}"),
    })
}

fn rule(id: &str, condition: &str, pass_percentage: u32, value: Value) -> Value {
    json!({
        "name": id,
        "id": id,
        "salt": format!("salt-of-{id}"),
        "passPercentage": pass_percentage,
        "returnValue": value,
        "conditions": [condition],
        "idType": "userID",
    })
}

fn gate(name: &str, rules: &[Value]) -> Value {
    let mut gate = spec(name, json!(false), rules);
    gate["type"] = json!("feature_gate");
    gate["entity"] = json!("feature_gate");
    gate
}

fn config(name: &str, entity: &str, default: Value, rules: &[Value]) -> Value {
    let mut config = spec(name, default, rules);
    config["type"] = json!("dynamic_config");
    config["entity"] = json!(entity);
    config
}

fn spec(name: &str, default: Value, rules: &[Value]) -> Value {
    json!({
        "salt": format!("salt-of-{name}"),
        "enabled": true,
        "defaultValue": default,
        "idType": "userID",
        "rules": rules,
        "version": 3,
    })
}

/// About 70 kB of JSON, like the largest values of real projects.
fn large_value(variant: &str) -> Value {
    let items = (0..500).map(|number| {
        let item = json!({
            "id": number,
            "name": format!("{variant}-item-{number}"),
            "tags": ["a", "b", "c"],
            "price": 10.5,
            "description": "Some words that somebody wrote about this item.",
        });
        (format!("item_{number}"), item)
    });
    Value::Object(items.collect())
}

fn param_store() -> Value {
    json!({
        "support_email": {"ref_type": "static", "param_type": "string", "value": "help@example.com"},
        "shipping_note": {
            "ref_type": "gate",
            "param_type": "string",
            "gate_name": "percentage_gate",
            "pass_value": "Free shipping",
            "fail_value": "Shipping from 4.90",
        },
        "max_items": {
            "ref_type": "dynamic_config",
            "param_type": "number",
            "config_name": "small_config",
            "param_name": "max_items",
        },
        "discount": {
            "ref_type": "experiment",
            "param_type": "number",
            "experiment_name": "small_experiment",
            "param_name": "discount",
        },
        "headline": {
            "ref_type": "layer",
            "param_type": "string",
            "layer_name": "promo_layer",
            "param_name": "title",
        },
    })
}

/// The specs with another time, and one config that contains the change.
///
/// # Errors
/// When the specs have no time, or no config whose default is an object.
pub fn changed(specs: &mut Value, change: u64) -> Result<String, String> {
    let time = specs["time"].as_u64().ok_or("the specs have no time")?;
    specs["time"] = json!(time + 1);
    specs["checksum"] = json!(format!("change {change}"));
    let configs = specs["dynamic_configs"].as_object_mut();
    let config = configs.and_then(|configs| configs.values_mut().next());
    let default = config.and_then(|config| config["defaultValue"].as_object_mut());
    let default = default.ok_or("the first config has no object to change")?;
    default.insert("change".to_owned(), json!(change));
    Ok(specs.to_string())
}
