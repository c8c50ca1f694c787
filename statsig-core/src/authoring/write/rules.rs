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
    /// The rules of an entity, after those of its holdouts.
    pub(super) fn of<T>(
        &mut self,
        entity: &Entity<T>,
        default: &Value,
        returned: impl Fn(Option<Value>) -> Value,
    ) -> Vec<Value> {
        let mut written = Vec::new();
        for holdout in &entity.holdouts {
            let mut rule = Rule::new(holdout);
            rule.conditions.push(passes_gate(holdout));
            written.push(self.rule(entity, &rule, default.clone()));
        }
        for rule in &entity.rules {
            written.push(self.rule(entity, rule, returned(rule.value.clone())));
        }
        written
    }

    /// One rule that returns this value.
    pub(super) fn rule<T>(&mut self, entity: &Entity<T>, rule: &Rule, value: Value) -> Value {
        let conditions = rule.conditions.iter();
        let conditions: Vec<_> = conditions
            .map(|condition| self.condition(condition, &entity.id_type))
            .collect();
        let mut written = json!({
            "name": rule.name,
            "id": rule.id(),
            "passPercentage": number(rule.pass_percentage),
            "returnValue": value,
            "conditions": conditions,
            "idType": rule.id_type.as_ref().unwrap_or(&entity.id_type),
        });
        put(&mut written, "salt", json!(rule.salt));
        put(&mut written, "groupName", json!(rule.group_name));
        put(&mut written, "configDelegate", json!(rule.delegate));
        put(&mut written, "samplingRate", json!(rule.sampling_rate));
        written
    }

    /// The ID of a condition: its text, so that equal conditions are one.
    fn condition(&mut self, condition: &Condition, id_type: &str) -> String {
        let id_type = condition.id_type.as_deref().unwrap_or(id_type);
        let (kind, field) = kind_and_field(&condition.subject);
        let operator = condition.operator.map(|operator| operator.name());
        let target = match &condition.subject {
            Subject::PassesGate(gate) | Subject::FailsGate(gate) => json!(gate),
            Subject::InSegment(name) | Subject::NotInSegment(name) => json!(segment(name)),
            _ => condition.target.clone(),
        };
        let salt = match &condition.subject {
            Subject::UserBucket(salt) => Some(salt),
            _ => None,
        };
        let mut written = json!({"type": kind, "idType": id_type});
        let mut id = kind.to_owned();
        let mut add = |key: &str, value: Value| {
            if !value.is_null() {
                id.push_str(&format!(" {value}"));
            }
            put(&mut written, key, value);
        };
        add("field", json!(field));
        add("operator", json!(operator));
        add("targetValue", target);
        add(
            "additionalValues",
            salt.map_or(Value::Null, |salt| json!({"salt": salt})),
        );
        if id_type != "userID" {
            id.push_str(&format!(" of {id_type}"));
        }
        self.conditions.insert(id.clone(), written);
        id
    }
}

fn kind_and_field(subject: &Subject) -> (&'static str, Option<&str>) {
    match subject {
        Subject::Everyone => ("public", None),
        Subject::PassesGate(_) | Subject::InSegment(_) => ("pass_gate", None),
        Subject::FailsGate(_) | Subject::NotInSegment(_) => ("fail_gate", None),
        Subject::UserField(field) => ("user_field", Some(field)),
        Subject::IpBased(field) => ("ip_based", Some(field)),
        Subject::UserAgentBased(field) => ("ua_based", Some(field)),
        Subject::EnvironmentField(field) => ("environment_field", Some(field)),
        Subject::CurrentTime => ("current_time", None),
        Subject::UserBucket(_) => ("user_bucket", None),
        Subject::UnitId => ("unit_id", None),
        Subject::TargetApp => ("target_app", None),
        Subject::ExperimentGroup(experiment) => ("experiment_group", Some(experiment)),
    }
}

/// An entity with these rules.
pub(super) fn spec<T>(
    entity: &Entity<T>,
    kind: &str,
    name_of_kind: &str,
    default: Value,
    rules: Vec<Value>,
) -> Value {
    let mut spec = json!({
        "type": kind,
        "entity": name_of_kind,
        "salt": entity.own_salt(),
        "enabled": entity.is_enabled,
        "idType": entity.id_type,
        "defaultValue": default,
        "rules": rules,
    });
    put(&mut spec, "version", json!(entity.version));
    put(&mut spec, "targetAppIDs", json!(entity.target_apps));
    if entity.forwards_all_exposures {
        put(&mut spec, "forwardAllExposures", true);
    }
    spec
}

/// Sets a key of an object, unless the value is null.
pub(super) fn put(object: &mut Value, key: &str, value: impl Into<Value>) {
    let value = value.into();
    if let (false, Some(object)) = (value.is_null(), object.as_object_mut()) {
        object.insert(key.to_owned(), value);
    }
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
    values.clone().into_iter().collect::<Map<_, _>>().into()
}

/// The defaults, with the parameters of a value in place of theirs.
pub(super) fn laid_over(defaults: &Values, value: Option<Value>) -> Value {
    match value {
        None => object(defaults),
        Some(Value::Object(values)) => {
            let defaults = defaults.clone().into_iter();
            defaults.chain(values).collect::<Map<_, _>>().into()
        }
        Some(other) => other,
    }
}
