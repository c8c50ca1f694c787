//! The rules of an entity.

use std::collections::BTreeMap;

use serde_json::Value;

use super::condition::Condition;

/// Parameters and their values, by name.
pub type Values = BTreeMap<String, Value>;

/// One rule: who it applies to, which share of them passes, and what they get.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Rule {
    /// The name. It is also the rule's ID, unless [`id`](Self::id) gives another one.
    pub name: String,
    /// The ID. `None`: the name.
    pub id: Option<String>,
    /// All of them must hold. Without any, the rule applies to every user.
    pub conditions: Vec<Condition>,
    /// The share of these users who pass, from 0 to 100.
    pub pass_percentage: f64,
    /// What they get. `None`: `true` from a gate, no parameters from others.
    pub value: Option<Value>,
    /// The ID type by which the share is drawn. `None`: that of the entity.
    pub id_type: Option<String>,
    /// The salt of the share. `None`: the ID of the rule.
    pub salt: Option<String>,
    /// The name of the group that these users are in. In an experiment, it makes the rule a group.
    pub group_name: Option<String>,
    /// The experiment that decides instead, in a layer.
    pub delegate: Option<String>,
    /// `Some(n)`: only one exposure in `n` is logged, if sampling is on.
    pub sampling_rate: Option<u64>,
}

impl Rule {
    /// A rule that every user passes.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            id: None,
            conditions: Vec::new(),
            pass_percentage: 100.0,
            value: None,
            id_type: None,
            salt: None,
            group_name: None,
            delegate: None,
            sampling_rate: None,
        }
    }

    /// The ID in evaluation details and exposures.
    #[must_use]
    pub fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.name)
    }

    /// A rule for the users for whom this condition holds.
    pub(super) fn when(name: impl Into<String>, condition: Condition) -> Self {
        let mut rule = Self::new(name);
        rule.conditions.push(condition);
        rule
    }
}

/// Adds a parameter to an object. A value that is not an object is replaced.
pub(super) fn set(object: &mut Option<Value>, name: String, value: Value) {
    match object {
        Some(Value::Object(values)) => {
            values.insert(name, value);
        }
        other => *other = Some(Value::Object([(name, value)].into_iter().collect())),
    }
}
