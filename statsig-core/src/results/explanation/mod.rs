//! Why an evaluation answered what it did: the whole decision path as data.

mod render;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::details::EvaluationDetails;
use crate::entity_kind::EntityKind;
use crate::text::SharedStr;

/// Why a gate, config, experiment, layer or parameter store is what it is for a user.
///
/// Made by [`Statsig::explain`](crate::Statsig::explain). [`Display`](fmt::Display) shows it to people, several lines long;
/// [`Serialize`] to programs. Private attributes are shown as `<private>`; other fields of the user that a condition looked
/// at, and targets of the specs, are shown as they are, long ones shortened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// What was asked for.
    pub kind: EntityKind,
    /// The name that was asked for.
    pub name: SharedStr,
    /// What a check or getter answers.
    pub result: ExplainedResult,
    /// How it came about; `None` for a parameter store.
    pub path: Option<Visit>,
    /// The parameters of a parameter store; empty for everything else.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<SharedStr, ExplainedParameter>,
    /// Whether parts of the path were left out, because it is very long or deep.
    pub is_abridged: bool,
}

/// What a check or getter answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExplainedResult {
    /// Of a gate, whether it passes; else the parameters as an object, or `null` when there are none.
    pub value: Value,
    /// The rule that decided.
    pub rule_id: SharedStr,
    /// The group that the user is in.
    pub group_name: Option<SharedStr>,
    /// The experiment that a layer allocated the user to.
    pub allocated_experiment: Option<SharedStr>,
    /// The type of ID that the entity counts with.
    pub id_type: SharedStr,
    /// Why, in short.
    pub details: EvaluationDetails,
}

/// One parameter of a parameter store.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExplainedParameter {
    /// What a getter of the right type returns; `None` if what the parameter refers to lacks it, so that fallbacks are returned.
    pub value: Option<Value>,
    /// The parameter of the config, experiment or layer that it is.
    pub parameter: Option<SharedStr>,
    /// What it refers to; `None` for a constant.
    pub refers_to: Option<Box<Explanation>>,
}

/// The evaluation of one name: of what was asked for, or of something that it refers to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Visit {
    /// As what it was evaluated. A layer's delegate is evaluated as an experiment.
    pub kind: EntityKind,
    /// Its name.
    pub name: SharedStr,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// How it ended.
    pub end: VisitEnd,
    /// Whether the gate passes; of a config, whether a rule passed.
    pub value: bool,
    /// The rule that decided.
    pub rule_id: SharedStr,
    /// The group that the user is in.
    pub group_name: Option<SharedStr>,
}

/// How the evaluation of a name ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum VisitEnd {
    /// With a value.
    Decided,
    /// The specs have no such name of this kind.
    Unknown,
    /// The specs use something that this SDK does not know.
    Unsupported,
    /// It was given up, because entities refer to each other too deeply or in a circle.
    GivenUp,
}

/// One step of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// An override decided, before the specs were asked.
    Overridden {
        /// Which kind of override.
        by: &'static str,
    },
    /// A rule of a config mapping, under which another name answers.
    Mapping(MappingTried),
    /// A rule.
    Rule(RuleTried),
    /// The gate that decides who takes part in a contextual bandit ("autotune AI").
    TargetingGate(Visit),
    /// A contextual bandit serves its default.
    BanditKeptOut {
        /// True if it runs and the user is not targeted; false if it has not started.
        is_started: bool,
    },
    /// A contextual bandit chose a group.
    BanditChose(BanditChoice),
    /// No rule decided, or, in a layer that takes each parameter from the first rule that has it, the rest is filled in: with
    /// the default value.
    Default {
        /// Whether the entity is enabled. A disabled one still tries its rules.
        is_enabled: bool,
        /// Whether only parameters that no rule supplied come from the default.
        fills_in: bool,
    },
    /// The gate was evaluated before in this evaluation, with the same result.
    SeenBefore,
    /// The specs have no such name of this kind.
    Unknown,
}

/// A rule that was tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RuleTried {
    /// The rule's id, as results and events carry it.
    pub id: SharedStr,
    /// The rule's name, if it differs from its id.
    pub name: Option<SharedStr>,
    /// The group of an experiment that it stands for.
    pub group_name: Option<SharedStr>,
    /// All of its conditions, in order. All are evaluated.
    pub conditions: Vec<ConditionTried>,
    /// Whether the user is in its share; `None` if nobody asked.
    pub share: Option<ShareTried>,
    /// The experiment that decides instead, if the conditions hold.
    pub delegate: Option<SharedStr>,
    /// The evaluation of that experiment.
    pub delegated: Option<Box<Visit>>,
    /// What came of it.
    pub end: RuleTriedEnd,
}

/// What came of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RuleTriedEnd {
    /// A condition does not hold: the next rule is tried.
    NotMet,
    /// A condition is unknown to this SDK: the evaluation ends.
    Unsupported,
    /// It decided: its value is served.
    Served,
    /// It decided, but the user is outside of its share: the default is served. Later rules are not tried.
    OutOfShare,
    /// It decided by letting an experiment decide.
    Delegated,
    /// In a layer that takes each parameter from the first rule that has it: the user is outside of its share, and the next rule
    /// is tried.
    PassedOver,
    /// In such a layer: its parameters were added.
    Contributed,
    /// In such a layer: its experiment came too late, or returned nothing.
    Ignored,
    /// The evaluation was given up inside of it.
    GivenUp,
}

/// Whether a user is in a share.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ShareTried {
    /// In percent.
    pub pass_percentage: f64,
    /// The user's bucket, out of 10 000; `None` for a share of 0 or 100 percent, which needs none.
    pub bucket: Option<u64>,
    /// Buckets below are in.
    pub threshold: f64,
    /// Which ID counts.
    pub id_type: SharedStr,
    /// That ID of the user; `None` if it has none, which counts like the empty text.
    pub id: Option<String>,
    /// The answer.
    pub is_in: bool,
}

/// A condition that was tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ConditionTried {
    /// What it looks at, such as `field "plan"`.
    pub subject: String,
    /// The operator as the specs have it, such as `any`.
    pub operator: Option<String>,
    /// What is compared with, as text; long lists and texts are shortened.
    pub target: Option<String>,
    /// The value that was found.
    pub found: Option<Found>,
    /// Whether it holds; `None` if it is unsupported or was given up.
    pub holds: Option<bool>,
    /// The gate or experiment that was evaluated for it.
    pub visit: Option<Box<Visit>>,
}

/// A value that a condition found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Found {
    /// There is none.
    Nothing,
    /// It comes from the private attributes, and is not shown.
    Private,
    /// A value; long texts are shortened.
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
        /// From 0.
        bucket: u64,
        /// How many there are.
        of: u64,
        /// The ID that was counted; `None` if the user has none, which counts like the empty text.
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
    /// The name that answers instead if it holds.
    pub to: SharedStr,
    /// When it begins to hold, in epoch milliseconds.
    pub start_time: i64,
    /// Its conditions, in order; empty if it does not hold yet.
    pub conditions: Vec<ConditionTried>,
    /// Whether the user is in its share; `None` if nobody asked.
    pub share: Option<ShareTried>,
    /// The evaluation of the other name.
    pub mapped: Option<Box<Visit>>,
    /// What came of it.
    pub end: MappingTriedEnd,
}

/// What came of a rule of a config mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MappingTriedEnd {
    /// It begins to hold later.
    NotYet,
    /// A condition does not hold, or the user is outside of its share.
    NotMet,
    /// The other name is unknown or could not be evaluated.
    LedNowhere,
    /// The other name answered.
    Answered,
}

/// What a contextual bandit chose.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BanditChoice {
    /// The user's bucket, out of 10 000.
    pub bucket: u64,
    /// Buckets below explore: the group is drawn by chance, so that another call may draw another. `None` for a bandit that
    /// has learnt nothing yet, and spreads users evenly.
    pub explores_below: Option<f64>,
    /// Whether the group was chosen to explore, and not for its score.
    pub is_explored: bool,
    /// The group.
    pub group_name: Option<SharedStr>,
}
