//! The findings of a check, as data and as text.

use std::fmt;

use serde::Serialize;

use super::document::{ParamDocument, SourceDocument};
use crate::entity_kind::EntityKind;
use crate::mask::shown;

/// The maximum number of rules in a finding. The others are counted.
const MAX_NAMED_RULES: usize = 8;

/// The findings of a check of one parameter struct against the specs.
///
/// `Schemas::check` makes reports. [`Display`](fmt::Display) writes text for people, and
/// [`Serialize`] writes data for programs. A report contains no user data.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SchemaReport {
    /// The struct's name in Rust.
    pub struct_name: String,
    /// The entities that the struct reads from.
    pub sources: Vec<SourceDocument>,
    /// The differences: first those of the source, then those of the fields in order.
    pub drifts: Vec<Drift>,
}

/// One difference between a struct and the specs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Drift {
    /// The kind of difference.
    pub kind: DriftKind,
    /// Whether users receive values that differ from the console.
    pub severity: DriftSeverity,
    /// The affected entity.
    pub source: SourceDocument,
    /// The field's name in Rust, with the path in it for a nested field. `None` if the drift does
    /// not concern a field.
    pub field: Option<String>,
    /// The parameter's name in Statsig. `None` if the drift concerns the whole source.
    pub parameter: Option<String>,
    /// What the struct expects.
    pub expected: String,
    /// What the specs contain. Values are JSON, shortened to 80 characters.
    pub found: String,
    /// The rules that serve it, at most eight. Empty if rules are not relevant.
    pub served_by: Vec<ServedBy>,
    /// The number of further rules that serve it.
    pub more_rules: usize,
}

/// The severity of a drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftSeverity {
    /// Users receive the values of the console, but the drift may be a mistake.
    Warning,
    /// Some users receive the code's default instead of the console's value, or the struct and the
    /// console contradict each other.
    Error,
}

/// The kind of drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DriftKind {
    /// The specs have no entity with the source's name.
    UnknownSource,
    /// The entity with the source's name has another kind.
    OtherKind,
    /// The source is disabled. All users receive its default.
    DisabledSource,
    /// The experiment is not running. No user is in a group.
    InactiveExperiment,
    /// The source buckets by another type of ID than the struct declares.
    WrongUnit,
    /// A rule of the layer delegates to an experiment that is not in the specs.
    UnknownExperiment,
    /// No rule serves the parameter.
    MissingParameter,
    /// Some rules serve other parameters of the struct, but not this parameter.
    PartlyMissing,
    /// The parameter is served only under an older name.
    FormerName,
    /// A parameter of a store refers to an entity, or a parameter of an entity, that is not in the
    /// specs.
    UnknownTarget,
    /// The store declares another type for the parameter.
    WrongDeclaredType,
    /// The value has another JSON type.
    WrongType,
    /// The value is `null`, and the field does not accept it.
    NullValue,
    /// The number is outside the field's range.
    OutOfRange,
    /// The text is not one of the field's names.
    UnknownName,
    /// The value is empty, and the field does not accept it.
    EmptyValue,
    /// The field's own decoding or validation refused the value.
    RejectedValue,
    /// The default in the code differs from the default in the console.
    DefaultDiffers,
    /// No field reads the parameter.
    UnreadParameter,
}

impl DriftKind {
    /// The severity, unless the struct overrides it.
    pub(super) fn severity(self) -> DriftSeverity {
        match self {
            Self::DisabledSource
            | Self::InactiveExperiment
            | Self::PartlyMissing
            | Self::FormerName
            | Self::WrongDeclaredType
            | Self::DefaultDiffers
            | Self::UnreadParameter => DriftSeverity::Warning,
            _ => DriftSeverity::Error,
        }
    }

    /// The recommended action.
    fn advice(self) -> &'static str {
        match self {
            Self::UnknownSource => "create it in the console, or correct its name in the struct",
            Self::OtherKind => "name the source by its kind in the struct's attribute",
            Self::DisabledSource => "enable it in the console, or drop the struct",
            Self::InactiveExperiment => {
                "start it in the console, or replace the struct with the decided values"
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
            Self::DefaultDiffers => "make both defaults equal, so that an outage changes nothing",
            Self::UnreadParameter => "add a field, or remove the parameter in the console",
        }
    }
}

/// A rule, or the default, of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct ServedBy {
    /// The kind of the rule's entity. For a layer that delegates, this is the experiment.
    pub kind: EntityKind,
    /// The entity's name.
    pub name: String,
    /// The rule's ID. `None` for the entity's default, and for the constant of a store.
    pub rule_id: Option<String>,
    /// The rule's group. For a gate, `passes` or `fails`. For a store, `constant`.
    pub group_name: Option<String>,
}

impl SchemaReport {
    /// Whether there are no differences.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.drifts.is_empty()
    }

    /// Whether the report has an [error](DriftSeverity::Error).
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

/// Writes a heading, then a few lines for each drift.
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

/// Writes the difference on the first line, then the rules and the action, indented.
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
