//! Writes what all entities have: rules, their conditions, and the fields around them.

use serde_json::{Map, Value, json};

use crate::authoring::condition::{Condition, Subject, passes_gate};
use crate::authoring::entity::{Entity, segment};
use crate::authoring::rule::{Rule, Values};

/// Writes rules, and collects their conditions, each once.
#[derive(Default)]
pub(super) struct Rules {
    pub(super) conditions: Map<String, Value>,
}

impl Rules {
    /// Rules of an entity. Their values are laid over `base`.
    pub(super) fn written<T>(
        &mut self,
        entity: &Entity<T>,
        rules: &[Rule],
        base: &Value,
    ) -> Vec<Value> {
        let rules = rules.iter();
        rules.map(|rule| self.rule(entity, rule, base)).collect()
    }

    fn rule<T>(&mut self, entity: &Entity<T>, rule: &Rule, base: &Value) -> Value {
        let conditions = rule.conditions.iter();
        let conditions: Vec<_> = conditions
            .map(|condition| self.condition(condition, &entity.id_type))
            .collect();
        let mut written = without_nulls(json!({
            "name": rule.name,
            "id": rule.id(),
            "passPercentage": number(rule.pass_percentage),
            "conditions": conditions,
            "idType": rule.id_type.as_ref().unwrap_or(&entity.id_type),
            "salt": rule.salt,
            "groupName": rule.group_name,
            "configDelegate": rule.delegate,
            "samplingRate": rule.sampling_rate,
        }));
        let value = laid_over(base, rule.value.as_ref());
        put(&mut written, "returnValue", value);
        written
    }

    /// The ID of a condition: its text, so that equal conditions are one.
    fn condition(&mut self, condition: &Condition, id_type: &str) -> String {
        let id_type = condition.id_type.as_deref().unwrap_or(id_type);
        let (kind, key, looked_at) = match &condition.subject {
            Subject::Everyone => ("public", "", Value::Null),
            Subject::PassesGate(gate) => ("pass_gate", "targetValue", json!(gate)),
            Subject::FailsGate(gate) => ("fail_gate", "targetValue", json!(gate)),
            Subject::InSegment(name) => ("pass_gate", "targetValue", json!(segment(name))),
            Subject::NotInSegment(name) => ("fail_gate", "targetValue", json!(segment(name))),
            Subject::UserField(field) => ("user_field", "field", json!(field)),
            Subject::IpBased(field) => ("ip_based", "field", json!(field)),
            Subject::UserAgentBased(field) => ("ua_based", "field", json!(field)),
            Subject::EnvironmentField(field) => ("environment_field", "field", json!(field)),
            Subject::CurrentTime => ("current_time", "", Value::Null),
            Subject::UserBucket(salt) => ("user_bucket", "additionalValues", json!({"salt": salt})),
            Subject::UnitId => ("unit_id", "", Value::Null),
            Subject::TargetApp => ("target_app", "", Value::Null),
            Subject::ExperimentGroup(name) => ("experiment_group", "field", json!(name)),
        };
        let mut written = json!({"type": kind, "idType": id_type});
        let mut id = kind.to_owned();
        for (key, value) in [
            (key, looked_at),
            ("operator", json!(condition.operator)),
            ("targetValue", condition.target.clone()),
        ] {
            // The target of a condition on a gate is the gate.
            if !value.is_null() && written.get(key).is_none() {
                id.push_str(&format!(" {value}"));
                put(&mut written, key, value);
            }
        }
        if id_type != "userID" {
            id.push_str(&format!(" of {id_type}"));
        }
        self.conditions.insert(id.clone(), written);
        id
    }
}

/// The rules of an entity, after those of its holdouts.
pub(super) fn with_holdouts<T>(entity: &Entity<T>, default: &Value) -> Vec<Rule> {
    let holdouts = entity.holdouts.iter().map(|holdout| {
        let mut rule = Rule::when(holdout, passes_gate(holdout));
        rule.value = Some(default.clone());
        rule
    });
    holdouts.chain(entity.rules.iter().cloned()).collect()
}

/// An entity with these rules. `own_fields` are those that only its kind has.
pub(super) fn spec<T>(
    entity: &Entity<T>,
    name_of_kind: &str,
    default: Value,
    rules: Vec<Value>,
    own_fields: Value,
) -> Value {
    let mut spec = json!({
        "type": "dynamic_config",
        "entity": name_of_kind,
        "salt": entity.own_salt(),
        "enabled": entity.is_enabled,
        "idType": entity.id_type,
        "defaultValue": default,
        "rules": rules,
        "version": entity.version,
        "targetAppIDs": entity.target_apps,
        "forwardAllExposures": entity.forwards_all_exposures.then_some(true),
    });
    if let (Some(spec), Value::Object(own_fields)) = (spec.as_object_mut(), own_fields) {
        spec.extend(own_fields);
    }
    without_nulls(spec)
}

/// Sets a field of an object.
pub(super) fn put(object: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(key.to_owned(), value.into());
    }
}

/// An object without its fields that are null.
pub(super) fn without_nulls(mut object: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    object
}

/// A percentage, without a fraction if it is whole.
fn number(percentage: f64) -> Value {
    if percentage.fract() == 0.0 && percentage.abs() < 1e9 {
        json!(percentage as i64)
    } else {
        json!(percentage)
    }
}

pub(super) fn object(values: &Values) -> Value {
    values.clone().into_iter().collect()
}

/// The value, or `base`. If both are objects, parameters that the value lacks come from `base`.
fn laid_over(base: &Value, value: Option<&Value>) -> Value {
    match (base, value) {
        (base, None) => base.clone(),
        (Value::Object(base), Some(Value::Object(values))) => {
            let base = base.clone().into_iter();
            base.chain(values.clone()).collect()
        }
        (_, Some(value)) => value.clone(),
    }
}
