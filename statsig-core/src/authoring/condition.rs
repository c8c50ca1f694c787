//! The conditions of a rule.

use serde::Serialize;
use serde_json::Value;

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Subject {
    /// Nothing: every user passes.
    Everyone,
    /// Whether the user passes this gate.
    PassesGate(String),
    /// Whether the user fails this gate.
    FailsGate(String),
    /// Whether the user is in this segment.
    InSegment(String),
    /// Whether the user is not in this segment.
    NotInSegment(String),
    /// A field of the user: one of its own, such as `email`, or a custom or private one.
    UserField(String),
    /// A field of the user, or else derived from the IP address: `country`.
    IpBased(String),
    /// A field of the user, or else derived from the user agent: `browser_name`,
    /// `browser_version`, `os_name`, `os_version`.
    UserAgentBased(String),
    /// A field of the environment: `tier`.
    EnvironmentField(String),
    /// The time of the evaluation, in epoch milliseconds.
    CurrentTime,
    /// The user's bucket, from 0 to 999, by this salt.
    UserBucket(String),
    /// The user's ID of the condition's ID type.
    UnitId,
    /// The app that the specs are for.
    TargetApp,
    /// The group of this experiment that the user is in.
    ExperimentGroup(String),
}

/// How a condition compares. Serialises as its name in specs, such as `str_contains_any`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "these are Statsig's names")]
pub enum Operator {
    Any,
    None,
    AnyCaseSensitive,
    NoneCaseSensitive,
    StrStartsWithAny,
    StrEndsWithAny,
    StrContainsAny,
    StrContainsNone,
    StrMatches,
    Eq,
    Neq,
    Gt,
    Gte,
    Lt,
    Lte,
    VersionGt,
    VersionGte,
    VersionLt,
    VersionLte,
    VersionEq,
    VersionNeq,
    Before,
    After,
    On,
    InSegmentList,
    NotInSegmentList,
    ArrayContainsAny,
    ArrayContainsNone,
    ArrayContainsAll,
    NotArrayContainsAll,
}

/// One condition of a rule. A rule applies to users for whom all its conditions hold.
///
/// Functions such as [`custom`] and [`email`] begin a condition, and a method completes it:
///
/// ```
/// use statsig_core::authoring::{Specs, app_version, custom, email};
///
/// let specs = Specs::new().gate("beta", |g| {
///     g.rule("testers")
///         .when(email().ends_with_any(["@example.com"]))
///         .when(app_version().version_gte("2.1"))
///         .rule("big_teams")
///         .when(custom("seats").gt(50))
/// });
/// # assert!(specs.problems().is_empty());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a condition does nothing until a rule has it"]
pub struct Condition {
    /// What the condition looks at.
    pub subject: Subject,
    /// How it compares. `None` for conditions that compare nothing.
    pub operator: Option<Operator>,
    /// What it compares with.
    pub target: Value,
    /// The ID type, for buckets and IDs. `None`: that of the entity.
    pub id_type: Option<String>,
}

/// Every user.
pub fn everyone() -> Condition {
    Condition::of(Subject::Everyone)
}

/// The user passes this gate.
pub fn passes_gate(gate: impl Into<String>) -> Condition {
    Condition::of(Subject::PassesGate(gate.into()))
}

/// The user fails this gate.
pub fn fails_gate(gate: impl Into<String>) -> Condition {
    Condition::of(Subject::FailsGate(gate.into()))
}

/// The user is in this segment.
pub fn in_segment(segment: impl Into<String>) -> Condition {
    Condition::of(Subject::InSegment(segment.into()))
}

/// The user is not in this segment.
pub fn not_in_segment(segment: impl Into<String>) -> Condition {
    Condition::of(Subject::NotInSegment(segment.into()))
}

/// The user's ID is in this ID list.
pub fn in_id_list(list: impl Into<String>) -> Condition {
    Condition::of(Subject::UnitId).by(Operator::InSegmentList, Value::String(list.into()))
}

/// The user's ID is not in this ID list.
pub fn not_in_id_list(list: impl Into<String>) -> Condition {
    Condition::of(Subject::UnitId).by(Operator::NotInSegmentList, Value::String(list.into()))
}

/// A field of the user by name: a custom or private one, or one of its own.
pub fn custom(field: impl Into<String>) -> Condition {
    Condition::of(Subject::UserField(field.into()))
}

/// The user ID.
pub fn user_id() -> Condition {
    custom("userID")
}

/// The user's email address.
pub fn email() -> Condition {
    custom("email")
}

/// The user's locale.
pub fn locale() -> Condition {
    custom("locale")
}

/// The version of the user's app.
pub fn app_version() -> Condition {
    custom("appVersion")
}

/// The user's country, which may come from the IP address.
pub fn country() -> Condition {
    Condition::of(Subject::IpBased("country".to_owned()))
}

/// The name of the user's browser, which may come from the user agent.
pub fn browser_name() -> Condition {
    Condition::of(Subject::UserAgentBased("browser_name".to_owned()))
}

/// The name of the user's operating system, which may come from the user agent.
pub fn os_name() -> Condition {
    Condition::of(Subject::UserAgentBased("os_name".to_owned()))
}

/// The tier of the environment, such as `production`.
pub fn environment() -> Condition {
    Condition::of(Subject::EnvironmentField("tier".to_owned()))
}

/// The time of the evaluation.
pub fn current_time() -> Condition {
    Condition::of(Subject::CurrentTime)
}

/// The user's bucket by this salt, from 0 to 999.
pub fn bucket(salt: impl Into<String>) -> Condition {
    Condition::of(Subject::UserBucket(salt.into()))
}

/// The user's ID of this type.
pub fn unit_id(id_type: impl Into<String>) -> Condition {
    Condition::of(Subject::UnitId).id_type(id_type)
}

/// The group of this experiment that the user is in.
pub fn experiment_group(experiment: impl Into<String>) -> Condition {
    Condition::of(Subject::ExperimentGroup(experiment.into()))
}

impl Condition {
    /// A condition that compares nothing yet.
    pub fn of(subject: Subject) -> Self {
        Self {
            subject,
            operator: None,
            target: Value::Null,
            id_type: None,
        }
    }

    /// Compares by this operator: for those that have no method of their own.
    ///
    /// ```
    /// use statsig_core::authoring::{Operator, Specs, custom};
    ///
    /// let last_version = custom("sdk").by(Operator::VersionLte, "4.2");
    /// let specs = Specs::new().gate("legacy", |g| g.when(last_version));
    /// # assert!(specs.problems().is_empty());
    /// ```
    pub fn by(mut self, operator: Operator, target: impl Into<Value>) -> Self {
        self.operator = Some(operator);
        self.target = target.into();
        self
    }

    /// Takes the user's ID of this type, for buckets and IDs.
    pub fn id_type(mut self, id_type: impl Into<String>) -> Self {
        self.id_type = Some(id_type.into());
        self
    }

    fn with<T: Into<Value>>(self, operator: Operator, values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        self.by(operator, values)
    }

    /// The value is one of these. Case does not matter.
    pub fn any<T: Into<Value>>(self, values: impl IntoIterator<Item = T>) -> Self {
        self.with(Operator::Any, values)
    }

    /// The value is none of these. Case does not matter.
    pub fn none<T: Into<Value>>(self, values: impl IntoIterator<Item = T>) -> Self {
        self.with(Operator::None, values)
    }

    /// The value is one of these, in the same case.
    pub fn any_case_sensitive<T: Into<Value>>(self, values: impl IntoIterator<Item = T>) -> Self {
        self.with(Operator::AnyCaseSensitive, values)
    }

    /// The text starts with one of these.
    pub fn starts_with_any<T: Into<Value>>(self, texts: impl IntoIterator<Item = T>) -> Self {
        self.with(Operator::StrStartsWithAny, texts)
    }

    /// The text ends with one of these.
    pub fn ends_with_any<T: Into<Value>>(self, texts: impl IntoIterator<Item = T>) -> Self {
        self.with(Operator::StrEndsWithAny, texts)
    }

    /// The text contains one of these.
    pub fn contains_any<T: Into<Value>>(self, texts: impl IntoIterator<Item = T>) -> Self {
        self.with(Operator::StrContainsAny, texts)
    }

    /// The text contains none of these.
    pub fn contains_none<T: Into<Value>>(self, texts: impl IntoIterator<Item = T>) -> Self {
        self.with(Operator::StrContainsNone, texts)
    }

    /// The text contains a match of this regular expression.
    pub fn matches(self, pattern: impl Into<String>) -> Self {
        self.by(Operator::StrMatches, Value::String(pattern.into()))
    }

    /// The value equals this one.
    pub fn equals(self, value: impl Into<Value>) -> Self {
        self.by(Operator::Eq, value)
    }

    /// The value differs from this one.
    pub fn differs_from(self, value: impl Into<Value>) -> Self {
        self.by(Operator::Neq, value)
    }

    /// The number is greater.
    pub fn gt(self, number: impl Into<Value>) -> Self {
        self.by(Operator::Gt, number)
    }

    /// The number is greater or equal.
    pub fn gte(self, number: impl Into<Value>) -> Self {
        self.by(Operator::Gte, number)
    }

    /// The number is less.
    pub fn lt(self, number: impl Into<Value>) -> Self {
        self.by(Operator::Lt, number)
    }

    /// The number is less or equal.
    pub fn lte(self, number: impl Into<Value>) -> Self {
        self.by(Operator::Lte, number)
    }

    /// The version is this one or newer.
    pub fn version_gte(self, version: impl Into<String>) -> Self {
        self.by(Operator::VersionGte, Value::String(version.into()))
    }

    /// The version is older.
    pub fn version_lt(self, version: impl Into<String>) -> Self {
        self.by(Operator::VersionLt, Value::String(version.into()))
    }

    /// The time is before this one, in epoch milliseconds.
    pub fn before(self, epoch_ms: u64) -> Self {
        self.by(Operator::Before, epoch_ms)
    }

    /// The time is after this one, in epoch milliseconds.
    pub fn after(self, epoch_ms: u64) -> Self {
        self.by(Operator::After, epoch_ms)
    }
}
