//! Reports about values that do not fit their fields.

use std::borrow::Cow;
use std::fmt;

use super::misfit::Misfit;
use super::schema::{ParamSchema, ParamSource, Schema};
use super::served::{ServedParams, find};
use crate::mask::shown;

/// A served value that does not fit its field. The field has its default instead.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub struct ParamMismatch {
    /// The struct's name in Rust.
    pub struct_name: &'static str,
    /// The field's name in Rust. For a field in a nested struct, it includes the path, such as
    /// `banner.color`.
    pub field: Cow<'static, str>,
    /// The name under which the parameter was served.
    pub parameter: &'static str,
    /// The entity that served the parameter.
    pub entity: ParamSource,
    /// The rule that decided, if a single rule decided.
    pub rule_id: Option<String>,
    /// The user's group, if any.
    pub group_name: Option<String>,
    /// The values that the field accepts.
    pub expected: String,
    /// The served value as JSON, shortened to 80 characters.
    pub found: String,
    /// The exact problem, if `expected` and `found` do not express it.
    pub problem: Option<String>,
    /// Whether the field has the nearest number in range instead of its default.
    pub is_clamped: bool,
}

impl fmt::Display for ParamMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}: ", self.struct_name, self.field)?;
        self.entity.fmt(f)?;
        if self.parameter != self.field {
            write!(f, ", parameter {:?}", self.parameter)?;
        }
        if let Some(rule_id) = &self.rule_id {
            write!(f, ", rule {:?}", shown(rule_id))?;
        }
        if let Some(group_name) = &self.group_name {
            write!(f, ", group {:?}", shown(group_name))?;
        }
        write!(f, ": expected {}, found {}", self.expected, self.found)?;
        match &self.problem {
            Some(problem) => write!(f, " ({problem})"),
            None => Ok(()),
        }
    }
}

/// One reason for the failure of a strict load, or for a warning of a lenient load.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ParamProblem {
    /// The specs do not contain the entity, or the client has no specs.
    #[error("{struct_name}: expected {entity} in the specs, found none ({reason})")]
    UnknownSource {
        /// The struct's name in Rust.
        struct_name: &'static str,
        /// The requested entity.
        entity: ParamSource,
        /// The reason, such as `Network:Unrecognized`.
        reason: String,
    },
    /// The user has no ID of the type that the struct requires, so rules cannot bucket the user by
    /// it.
    #[error("{struct_name}: expected a user with the ID {id_type:?}, found none")]
    MissingId {
        /// The struct's name in Rust.
        struct_name: &'static str,
        /// The type of ID.
        id_type: &'static str,
    },
    /// The entity buckets by another type of ID than the struct requires.
    #[error(
        "{struct_name}: expected {entity} to bucket by the ID {id_type:?}, found {:?}",
        shown(found)
    )]
    WrongIdType {
        /// The struct's name in Rust.
        struct_name: &'static str,
        /// The entity.
        entity: ParamSource,
        /// The type of ID that the struct requires.
        id_type: &'static str,
        /// The type of ID that the entity buckets by.
        found: String,
    },
    /// A served value does not fit its field.
    #[error(transparent)]
    Mismatch(#[from] ParamMismatch),
}

impl ParamProblem {
    /// What a lenient load does instead.
    #[doc(hidden)]
    #[must_use]
    pub fn consequence(&self) -> &'static str {
        match self {
            Self::Mismatch(mismatch) if mismatch.is_clamped => "; using the nearest one in range",
            Self::Mismatch(_) => "; using the default",
            _ => "",
        }
    }
}

/// All problems that made a strict load fail. Its text has one line for each problem, and contains
/// no user data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ParamsError {
    problems: Vec<ParamProblem>,
}

impl ParamsError {
    pub(super) fn unless_none(problems: Vec<ParamProblem>) -> Result<(), Self> {
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Self { problems })
        }
    }

    /// All problems, in the order of the fields. At least one.
    #[must_use]
    pub fn problems(&self) -> &[ParamProblem] {
        &self.problems
    }
}

/// The problems that every load reports: values that do not fit, and users without the required
/// ID.
#[cold]
pub(super) fn problems(
    schema: &'static Schema,
    source: &dyn ServedParams,
    misfits: Vec<Misfit>,
) -> Vec<ParamProblem> {
    let mut problems = unit_problems(schema, source);
    let misfits = misfits.into_iter();
    let described = misfits.filter_map(|misfit| describe(schema, source, misfit));
    problems.extend(described.map(ParamProblem::Mismatch));
    problems
}

/// The entities that only a strict load requires.
pub(super) fn unknown_sources(
    schema: &'static Schema,
    source: &dyn ServedParams,
) -> Vec<ParamProblem> {
    let mut entities = schema.sources();
    entities.retain(|&entity| !source.is_recognized(entity));
    let unknown = entities.into_iter().map(|entity| {
        let of_entity = |param: &&ParamSchema| schema.source_of(param) == Some(entity);
        let param = schema.params.iter().find(of_entity);
        ParamProblem::UnknownSource {
            struct_name: schema.struct_name,
            entity,
            reason: source.decided_by(param).reason,
        }
    });
    unknown.collect()
}

fn unit_problems(schema: &'static Schema, source: &dyn ServedParams) -> Vec<ParamProblem> {
    let Some(id_type) = schema.id_type else {
        return Vec::new();
    };
    let struct_name = schema.struct_name;
    let mut problems = Vec::new();
    if source.lacks_unit(id_type) {
        problems.push(ParamProblem::MissingId {
            struct_name,
            id_type,
        });
    }
    for entity in schema.sources() {
        if let Some(found) = source.id_type(entity)
            && !found.is_empty()
            && !found.eq_ignore_ascii_case(id_type)
        {
            problems.push(ParamProblem::WrongIdType {
                struct_name,
                entity,
                id_type,
                found,
            });
        }
    }
    problems
}

fn describe(
    schema: &'static Schema,
    source: &dyn ServedParams,
    misfit: Misfit,
) -> Option<ParamMismatch> {
    let param = schema.params.get(misfit.index)?;
    let (parameter, _) = find(source, param)?;
    let decided_by = source.decided_by(Some(param));
    let (expected, problem) = misfit.wrong.into_parts();
    Some(ParamMismatch {
        struct_name: schema.struct_name,
        field: format!("{}{}", param.field, misfit.inside).into(),
        parameter,
        entity: schema.source_of(param)?,
        rule_id: decided_by.rule_id,
        group_name: decided_by.group_name,
        expected,
        found: misfit.found,
        problem: problem.map(shown),
        is_clamped: misfit.is_clamped,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mismatch(found: String) -> ParamMismatch {
        ParamMismatch {
            struct_name: "Promo",
            field: "discount".into(),
            parameter: "discount",
            entity: ParamSource::layer("promos"),
            rule_id: Some("2bXd".to_owned()),
            group_name: Some("Deep cut".to_owned()),
            expected: "a number".to_owned(),
            found,
            problem: None,
            is_clamped: false,
        }
    }

    #[test]
    fn a_mismatch_reads_as_one_line() {
        assert_eq!(
            mismatch("\"1\"".to_owned()).to_string(),
            r#"Promo.discount: layer "promos", rule "2bXd", group "Deep cut": expected a number, found "1""#
        );
        let renamed = ParamMismatch {
            parameter: "rebate",
            rule_id: None,
            group_name: None,
            problem: Some("at [2]".to_owned()),
            ..mismatch("[]".to_owned())
        };
        assert_eq!(
            renamed.to_string(),
            r#"Promo.discount: layer "promos", parameter "rebate": expected a number, found [] (at [2])"#
        );
    }
}
