//! Why an evaluation has its result: the complete decision path as data.

mod render;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::details::EvaluationDetails;
use crate::entity_kind::EntityKind;
use crate::text::SharedStr;

/// Why a gate, config, experiment, layer or parameter store has its value for a user.
///
/// `Statsig::explain` makes explanations. [`Display`](std::fmt::Display) writes several lines for
/// people; [`Serialize`] writes data for programs. Private attributes appear as `<private>`. Other
/// user fields and the targets of the specs appear as they are, with long values shortened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The kind of the explained entity.
    pub kind: EntityKind,
    /// The name of the explained entity.
    pub name: SharedStr,
    /// The result of a check or getter.
    pub result: ExplainedResult,
    /// How the evaluation reached the result. `None` for a parameter store.
    pub path: Option<Visit>,
    /// The parameters of a parameter store. Empty for all other kinds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<SharedStr, ExplainedParameter>,
    /// Whether parts of the path are missing because the path is very long or deep.
    pub is_abridged: bool,
}

/// The result of a check or getter.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExplainedResult {
    /// For a gate, whether it passes. Otherwise the parameters as an object, or `null` without
    /// parameters.
    pub value: Value,
    /// The rule that decided.
    pub rule_id: SharedStr,
    /// The user's group.
    pub group_name: Option<SharedStr>,
    /// The experiment that the layer allocated the user to.
    pub allocated_experiment: Option<SharedStr>,
    /// The type of ID that the entity buckets by.
    pub id_type: SharedStr,
    /// The reason, in short.
    pub details: EvaluationDetails,
}

/// One parameter of a parameter store.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExplainedParameter {
    /// The value that a getter of the right type returns. It is `None` if the referenced entity
    /// lacks the value; getters then return their fallback.
    pub value: Option<Value>,
    /// The parameter's name in the referenced config, experiment or layer.
    pub parameter: Option<SharedStr>,
    /// The referenced entity. `None` for a constant.
    pub refers_to: Option<Box<Explanation>>,
}

/// The evaluation of one name: the explained entity, or an entity that it refers to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Visit {
    /// The kind as which the entity was evaluated. A layer's delegate is evaluated as an
    /// experiment.
    pub kind: EntityKind,
    /// The entity's name.
    pub name: SharedStr,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// How it ended.
    pub end: VisitEnd,
    /// For a gate, whether it passes. For a config, whether a rule passed.
    pub value: bool,
    /// The rule that decided.
    pub rule_id: SharedStr,
    /// The user's group.
    pub group_name: Option<SharedStr>,
}

/// How the evaluation of a name ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum VisitEnd {
    /// The evaluation has a value.
    Decided,
    /// The specs have no entity of this kind with this name.
    Unknown,
    /// The specs use something that this SDK does not know.
    Unsupported,
    /// The evaluation stopped because entities refer to each other too deeply or in a circle.
    GivenUp,
}

/// One step of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// An override decided, before the specs.
    Overridden {
        /// The kind of override.
        by: &'static str,
    },
    /// A rule of a config mapping. If it holds, another entity decides.
    Mapping(MappingTried),
    /// A rule.
    Rule(RuleTried),
    /// The gate that decides which users take part in a contextual bandit ("autotune AI").
    TargetingGate(Visit),
    /// A contextual bandit serves its default.
    BanditKeptOut {
        /// True if the bandit runs and the user is not targeted. False if the bandit has not
        /// started.
        is_started: bool,
    },
    /// A contextual bandit chose a group.
    BanditChose(BanditChoice),
    /// No rule decided, so the default value applies. In a layer that takes each parameter from the
    /// first rule that has it, the default value supplies the remaining parameters.
    Default {
        /// Whether the entity is enabled. A disabled entity still tries its rules.
        is_enabled: bool,
        /// Whether the default supplies only the parameters that no rule supplied.
        fills_in: bool,
    },
    /// This evaluation has evaluated the gate before, with the same result.
    SeenBefore,
    /// The specs have no entity of this kind with this name.
    Unknown,
}

/// A rule that was tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RuleTried {
    /// The rule's ID, as in results and events.
    pub id: SharedStr,
    /// The rule's name, if it differs from its id.
    pub name: Option<SharedStr>,
    /// The experiment group of the rule.
    pub group_name: Option<SharedStr>,
    /// All of its conditions, in order. The SDK evaluates all of them.
    pub conditions: Vec<ConditionTried>,
    /// Whether the user is in the rule's share. `None` if the evaluation did not need it.
    pub share: Option<ShareTried>,
    /// The experiment that decides if the conditions hold.
    pub delegate: Option<SharedStr>,
    /// The evaluation of that experiment.
    pub delegated: Option<Box<Visit>>,
    /// The outcome.
    pub end: RuleTriedEnd,
}

/// The outcome of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RuleTriedEnd {
    /// A condition does not hold. The evaluation tries the next rule.
    NotMet,
    /// This SDK does not know a condition. The evaluation ends.
    Unsupported,
    /// The rule decided and serves its value.
    Served,
    /// The rule decided, but the user is outside its share. The default is served, and later rules
    /// are not tried.
    OutOfShare,
    /// The rule let an experiment decide.
    Delegated,
    /// Only in a layer that takes each parameter from the first rule that has it: the user is
    /// outside the rule's share, so the evaluation tries the next rule.
    PassedOver,
    /// Only in such a layer: the rule added its parameters.
    Contributed,
    /// Only in such a layer: the experiment of the rule came too late, or it returned nothing.
    Ignored,
    /// The evaluation stopped inside the rule, because of a limit.
    GivenUp,
}

/// Whether a user is in a share.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ShareTried {
    /// The share, in percent.
    pub pass_percentage: f64,
    /// The user's bucket, from 0 to 9 999. `None` for a share of 0 or 100 percent, which needs no
    /// bucket.
    pub bucket: Option<u64>,
    /// Buckets below this number are in the share.
    pub threshold: f64,
    /// The type of ID that the share buckets by.
    pub id_type: SharedStr,
    /// The user's ID of that type. `None` if the user has no such ID; the hash then uses the empty
    /// text.
    pub id: Option<String>,
    /// Whether the user is in the share.
    pub is_in: bool,
}

/// A condition that was tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ConditionTried {
    /// What the condition reads, such as `field "plan"`.
    pub subject: String,
    /// The operator as in the specs, such as `any`.
    pub operator: Option<String>,
    /// The expected value, as text. Long lists and texts are shortened.
    pub target: Option<String>,
    /// The value that the condition found.
    pub found: Option<Found>,
    /// Whether the condition holds. `None` if it is unsupported or the evaluation stopped.
    pub holds: Option<bool>,
    /// The gate or experiment that the condition evaluated.
    pub visit: Option<Box<Visit>>,
}

/// A value that a condition found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Found {
    /// The condition found no value.
    Nothing,
    /// The value comes from the private attributes. It is not shown.
    Private,
    /// A value. Long texts are shortened.
    Value(Value),
    /// A value derived from another field of the user.
    Derived {
        /// The value.
        value: String,
        /// The field.
        from: SharedStr,
    },
    /// A bucket.
    Bucket {
        /// The user's bucket, from 0.
        bucket: u64,
        /// The number of buckets.
        of: u64,
        /// The user's ID for the bucket. `None` if the user has no such ID; the hash then uses the
        /// empty text.
        id: Option<String>,
    },
    /// A time, in RFC 3339.
    Time(String),
}

/// A rule of a config mapping that was tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MappingTried {
    /// The rule's name.
    pub rule: SharedStr,
    /// The name of the entity that decides if the rule holds.
    pub to: SharedStr,
    /// The time from which the rule holds, in epoch milliseconds.
    pub start_time: i64,
    /// Its conditions, in order. Empty before the start time.
    pub conditions: Vec<ConditionTried>,
    /// Whether the user is in the rule's share. `None` if the evaluation did not need it.
    pub share: Option<ShareTried>,
    /// The evaluation of the other entity.
    pub mapped: Option<Box<Visit>>,
    /// The outcome.
    pub end: MappingTriedEnd,
}

/// The outcome of a rule of a config mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MappingTriedEnd {
    /// The start time is in the future.
    NotYet,
    /// A condition does not hold, or the user is outside the rule's share.
    NotMet,
    /// The other entity is unknown, or its evaluation failed.
    LedNowhere,
    /// The other entity decided.
    Answered,
}

/// The choice of a contextual bandit.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BanditChoice {
    /// The user's bucket, from 0 to 9 999.
    pub bucket: u64,
    /// Buckets below this number explore: the bandit draws the group at random, so another call may
    /// draw another group. `None` for a bandit without training, which spreads users evenly.
    pub explores_below: Option<f64>,
    /// Whether the bandit drew the group to explore, not for its score.
    pub is_explored: bool,
    /// The group.
    pub group_name: Option<SharedStr>,
}
