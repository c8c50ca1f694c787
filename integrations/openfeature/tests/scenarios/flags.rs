//! The flags of `test-flags.json` as entities of Statsig.
//!
//! A boolean flag whose variants are `on` and `off` is a gate, every other flag a dynamic config
//! with its parameters, or with one. The default variant is a rule for everyone, whose group has
//! the name of the variant. A flag with targeting has a rule for that, and the default variant as
//! its default.

use serde_json::{Map, Value};
use statsig::testing::authoring::{DynamicConfig, Specs, custom, email};

const PARAMETER: &str = "value";

pub(crate) fn specs(flags: &Value) -> Specs {
    let flags = flags.as_object().expect("flags by name");
    flags.iter().fold(Specs::new(), |specs, (name, flag)| {
        let Some(variant) = flag["defaultVariant"].as_str() else {
            return specs;
        };
        let variants = flag["variants"].as_object().expect("variants");
        let is_disabled = flag["disabled"] == true;
        if variants.contains_key("on") {
            return specs.gate(name, |gate| {
                assert_eq!(variants[variant], true, "{name}");
                match is_disabled {
                    true => gate.disabled(),
                    false => gate.rule(variant).everyone().group_name(variant),
                }
            });
        }
        let value = parameters(&variants[variant]);
        specs.config(name, |config| match flag["contextEvaluator"].as_str() {
            Some(evaluator) => targeted(config.defaults(value), evaluator, variants),
            None if is_disabled => config.defaults(value).disabled(),
            None => {
                let config = config.rule(variant).everyone().group_name(variant);
                config.returns(value)
            }
        })
    })
}

/// An object is all parameters. Every other value is the only one.
fn parameters(value: &Value) -> Map<String, Value> {
    match value {
        Value::Object(parameters) => parameters.clone(),
        _ => Map::from_iter([(PARAMETER.to_owned(), value.clone())]),
    }
}

/// Adds the rule of an expression such as
/// `!customer && email == 'a@b.c' && age > 10 ? 'internal' : ''`.
fn targeted(
    config: DynamicConfig,
    evaluator: &str,
    variants: &Map<String, Value>,
) -> DynamicConfig {
    let (test, choice) = evaluator.split_once(" ? ").expect("a choice");
    let (variant, _) = choice.split_once(" : ").expect("two variants");
    let variant = variant.trim_matches('\'');
    let condition = |clause: &str| {
        if let Some(field) = clause.strip_prefix('!') {
            return custom(field).none(["true"]);
        }
        if let Some((field, value)) = clause.split_once(" == ") {
            let value = value.trim_matches('\'');
            return match field {
                "email" => email().any([value]),
                _ => custom(field).any([value]),
            };
        }
        let (field, limit) = clause.split_once(" > ").expect("a known clause");
        custom(field).gt(limit.parse::<f64>().expect("a number"))
    };
    let config = config.rule(variant);
    let config = test
        .split(" && ")
        .fold(config, |config, clause| config.when(condition(clause)));
    config
        .group_name(variant)
        .returns(parameters(&variants[variant]))
}
