//! What a check finds, as data and as text.

use std::fmt;

use serde::Serialize;

use super::super::schema::SourceKind;
use super::document::{ParamDocument, SourceDocument};
use crate::mask::shown;

/// Rules of one finding that a report names; more are counted.
const MAX_NAMED_RULES: usize = 8;

/// What a check of one parameter struct against the specs found.
///
/// Made by `Schemas::check`. [`Display`](fmt::Display) shows it to people, [`Serialize`] to
/// programs. It holds nothing of any user.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SchemaReport {
    /// The struct's name in Rust.
    pub struct_name: String,
    /// The entities that the struct reads from.
    pub sources: Vec<SourceDocument>,
    /// What differs: about the source first, then in the order of the fields.
    pub drifts: Vec<Drift>,
}

/// One difference between a struct and the specs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Drift {
    /// What it is.
    pub kind: DriftKind,
    /// Whether users get something else than the console says.
    pub severity: DriftSeverity,
    /// The entity that it is about.
    pub source: SourceDocument,
    /// The field's name in Rust, with the path inside of it for a nested one; `None` when the drift
    /// concerns no field.
    pub field: Option<String>,
    /// The parameter's name in Statsig; `None` when the drift concerns the source as a whole.
    pub parameter: Option<String>,
    /// What the struct asks for.
    pub expected: String,
    /// What the specs have; values as JSON, shortened to 80 characters.
    pub found: String,
    /// The rules that serve it, at most eight; empty when it is no matter of rules.
    pub served_by: Vec<ServedBy>,
    /// How many more rules serve it.
    pub more_rules: usize,
}

/// How much a drift matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftSeverity {
    /// Users get what the code says, as the console does; but somebody may be mistaken about it.
    Warning,
    /// Some users get the code's default where the console says otherwise, or the struct and the
    /// console contradict each other.
    Error,
}

/// What a drift is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DriftKind {
    /// The specs have nothing of the source's name.
    UnknownSource,
    /// What has the source's name is of another kind.
    OtherKind,
    /// The source is disabled: everybody gets its default.
    DisabledSource,
    /// The experiment does not run: nobody is in a group.
    InactiveExperiment,
    /// It counts with another ID than the struct declares.
    WrongUnit,
    /// A rule of the layer sends users to an experiment that the specs lack.
    UnknownExperiment,
    /// No rule serves the parameter.
    MissingParameter,
    /// Some rules serve other parameters of the struct, but not this one.
    PartlyMissing,
    /// The parameter is served under an older name only.
    FormerName,
    /// A parameter of a store refers to something that the specs lack: an entity, or a parameter of
    /// one.
    UnknownTarget,
    /// The store declares another type for the parameter.
    WrongDeclaredType,
    /// The value is of another JSON type.
    WrongType,
    /// The value is `null`, which the field does not take.
    NullValue,
    /// The number is out of the field's range.
    OutOfRange,
    /// The text is none of those that the field takes.
    UnknownName,
    /// The value is empty, which the field does not take.
    EmptyValue,
    /// The field's own decoding or validation refuses the value.
    RejectedValue,
    /// The default in the code is not the default in the console.
    DefaultDiffers,
    /// No field reads the parameter.
    UnreadParameter,
}

impl DriftKind {
    /// How much it matters, unless the struct says otherwise.
    pub(super) fn severity(self) -> DriftSeverity {
        match self {
            Self::DisabledSource
            | Self::InactiveExperiment
            | Self::PartlyMissing
            | Self::FormerName
            | Self::WrongDeclaredType
            | Self::DefaultDiffers
            | Self::UnreadParameter => DriftSeverity::Warning,
            Self::UnknownSource
            | Self::OtherKind
            | Self::WrongUnit
            | Self::UnknownExperiment
            | Self::MissingParameter
            | Self::UnknownTarget
            | Self::WrongType
            | Self::NullValue
            | Self::OutOfRange
            | Self::UnknownName
            | Self::EmptyValue
            | Self::RejectedValue => DriftSeverity::Error,
        }
    }

    /// What to do about it.
    fn advice(self) -> &'static str {
        match self {
            Self::UnknownSource => "create it in the console, or correct its name in the struct",
            Self::OtherKind => "name the source by its kind in the struct's attribute",
            Self::DisabledSource => "enable it in the console, or drop the struct",
            Self::InactiveExperiment => {
                "start it in the console, or replace the struct by what was decided"
            }
            Self::WrongUnit => "correct `id_type` in the struct, or the ID type in the console",
            Self::UnknownExperiment => "remove the allocation in the console",
            Self::MissingParameter => {
                "create the parameter in the console, correct its name in the struct, or remove the field"
            }
            Self::PartlyMissing => {
                "add the parameter to these rules; they serve the code's default"
            }
            Self::FormerName => "rename the parameter in the console, or the field in the struct",
            Self::UnknownTarget => "let the store's parameter refer to something that exists",
            Self::WrongDeclaredType => {
                "correct the parameter's type in the console, or the field's type"
            }
            Self::WrongType
            | Self::NullValue
            | Self::OutOfRange
            | Self::UnknownName
            | Self::EmptyValue
            | Self::RejectedValue => {
                "correct the value in the console, or let the field accept it; until then these users get the code's default"
            }
            Self::DefaultDiffers => "make the two agree, so that an outage changes nothing",
            Self::UnreadParameter => "add a field, or remove the parameter in the console",
        }
    }
}

/// A rule, or the default, of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct ServedBy {
    /// What kind of entity it belongs to; of a layer that delegates, it is the experiment.
    pub kind: SourceKind,
    /// The entity's name.
    pub name: String,
    /// The rule's id; `None` for the entity's default, and for the constant of a store.
    pub rule_id: Option<String>,
    /// The rule's group. Of a gate, `passes` or `fails`; of a store, `constant`.
    pub group_name: Option<String>,
}

impl SchemaReport {
    /// Whether nothing differs at all.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.drifts.is_empty()
    }

    /// Whether there is any [error](DriftSeverity::Error).
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// The drifts that are errors.
    pub fn errors(&self) -> impl Iterator<Item = &Drift> {
        let is_error = |drift: &&Drift| drift.severity == DriftSeverity::Error;
        self.drifts.iter().filter(is_error)
    }
}

impl fmt::Display for DriftSeverity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A heading, then each drift on a few lines.
impl fmt::Display for SchemaReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.struct_name)?;
        for (position, source) in self.sources.iter().enumerate() {
            let separator = if position == 0 { " of " } else { ", " };
            write!(f, "{separator}{source}")?;
        }
        f.write_str(": ")?;
        if self.is_clean() {
            return f.write_str("agrees with the specs");
        }
        let errors = self.errors().count();
        let warnings = self.drifts.len() - errors;
        let counts = [(errors, "error"), (warnings, "warning")];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        for (position, (count, what)) in counts.enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            let plural = if *count == 1 { "" } else { "s" };
            write!(f, "{separator}{count} {what}{plural}")?;
        }
        for drift in &self.drifts {
            write!(f, "\n{drift}")?;
        }
        Ok(())
    }
}

/// What differs on the first line, then the rules and what to do, indented.
impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.severity)?;
        match (&self.field, &self.parameter) {
            (Some(field), Some(parameter)) if field != parameter => {
                write!(f, "{field} (parameter {parameter:?}): ")?;
            }
            (Some(name), _) => write!(f, "{name}: ")?,
            (None, Some(parameter)) => write!(f, "parameter {:?}: ", shown(parameter))?,
            (None, None) => {}
        }
        write!(f, "expected {}, found {}", self.expected, self.found)?;
        for served_by in &self.served_by {
            write!(f, "\n    in {served_by}")?;
        }
        if self.more_rules > 0 {
            write!(f, "\n    and in {} more rules", self.more_rules)?;
        }
        write!(f, "\n    {}", self.kind.advice())
    }
}

impl fmt::Display for ServedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.kind, self.name)?;
        match (
            self.rule_id.as_ref().map(shown),
            self.group_name.as_ref().map(shown),
        ) {
            (Some(rule), Some(group)) => write!(f, ", rule {rule}, group {group:?}"),
            (Some(rule), None) => write!(f, ", rule {rule}"),
            (None, Some(group)) => write!(f, ", {group}"),
            (None, None) => f.write_str(", the default"),
        }
    }
}

impl Drift {
    pub(super) fn new(
        kind: DriftKind,
        source: &SourceDocument,
        expected: String,
        found: String,
    ) -> Self {
        Self {
            kind,
            severity: kind.severity(),
            source: source.clone(),
            field: None,
            parameter: None,
            expected,
            found,
            served_by: Vec::new(),
            more_rules: 0,
        }
    }

    pub(super) fn of(mut self, param: &ParamDocument) -> Self {
        self.field = Some(param.field.clone());
        self.parameter = Some(param.name.clone());
        self
    }

    pub(super) fn served_by(mut self, rules: impl IntoIterator<Item = ServedBy>) -> Self {
        for rule in rules {
            self.add_rule(rule);
        }
        self
    }

    pub(super) fn add_rule(&mut self, rule: ServedBy) {
        if self.served_by.len() < MAX_NAMED_RULES {
            self.served_by.push(rule);
        } else {
            self.more_rules += 1;
        }
    }
}
