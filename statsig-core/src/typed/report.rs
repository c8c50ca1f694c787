//! Reports about values that do not fit their fields.

use std::borrow::Cow;
use std::fmt;

use super::misfit::Misfit;
use super::schema::{ParamSchema, ParamSource, Schema};
use super::served::{ServedParams, find};
use crate::mask::shown;

/// A served value that does not fit its field, which took its default instead.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub struct ParamMismatch {
    /// The struct's name in Rust.
    pub struct_name: &'static str,
    /// The field's name in Rust, with a path where it is inside of a nested struct, such as
    /// `banner.color`.
    pub field: Cow<'static, str>,
    /// The name under which the parameter was served.
    pub parameter: &'static str,
    /// The entity that served it.
    pub entity: ParamSource,
    /// The rule that decided, where a single one did.
    pub rule_id: Option<String>,
    /// The user's group, where there is one.
    pub group_name: Option<String>,
    /// What the field takes.
    pub expected: String,
    /// The served value as JSON, shortened to 80 characters.
    pub found: String,
    /// What exactly is wrong, where `expected` and `found` do not say it all.
    pub problem: Option<String>,
    /// Whether the field has the nearest number in range, instead of its default.
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

/// One reason why a strict load failed, or a lenient one warned.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ParamProblem {
    /// The specs do not have the entity, or there are no specs.
    #[error("{struct_name}: expected {entity} in the specs, found none ({reason})")]
    UnknownSource {
        /// The struct's name in Rust.
        struct_name: &'static str,
        /// The entity that was looked for.
        entity: ParamSource,
        /// Why it was not found, such as `Network:Unrecognized`.
        reason: String,
    },
    /// The user has no ID of the type that the struct asks for, so no rule can share users out by
    /// it.
    #[error("{struct_name}: expected a user with the ID {id_type:?}, found none")]
    MissingId {
        /// The struct's name in Rust.
        struct_name: &'static str,
        /// The type of ID.
        id_type: &'static str,
    },
    /// The entity counts with another type of ID than the struct asks for.
    #[error(
        "{struct_name}: expected {entity} to count with the ID {id_type:?}, found {:?}",
        shown(found)
    )]
    WrongIdType {
        /// The struct's name in Rust.
        struct_name: &'static str,
        /// The entity.
        entity: ParamSource,
        /// The type of ID that the struct asks for.
        id_type: &'static str,
        /// The type of ID that the entity counts with.
        found: String,
    },
    /// A served value does not fit its field.
    #[error(transparent)]
    Mismatch(#[from] ParamMismatch),
}

impl ParamProblem {
    /// What a load that goes on does instead.
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

/// Everything that kept a struct from being loaded strictly. Its text has a line for each problem,
/// and nothing about the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamsError {
    problems: Vec<ParamProblem>,
}

impl ParamsError {
    /// All the problems, in the order of the fields; at least one.
    #[must_use]
    pub fn problems(&self) -> &[ParamProblem] {
        &self.problems
    }
}

impl fmt::Display for ParamsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.problems.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ParamsError {}

/// What does not fit, and users without the ID that the struct asks for: what a load that goes on
/// with defaults tells.
#[cold]
pub(crate) fn problems(
    schema: &'static Schema,
    source: &dyn ServedParams,
    misfits: Vec<Misfit>,
) -> Vec<ParamProblem> {
    let mut problems = unit_problems(schema, source);
    let described = misfits
        .into_iter()
        .filter_map(|misfit| describe(schema, source, misfit));
    problems.extend(described.map(ParamProblem::Mismatch));
    problems
}

/// All the problems of a load that must not have any.
pub(crate) fn check(
    schema: &'static Schema,
    source: &dyn ServedParams,
    misfits: Vec<Misfit>,
) -> Result<(), ParamsError> {
    let mut found = Vec::new();
    for entity in schema.sources() {
        if !source.is_recognized(entity) {
            let of_entity = |param: &&ParamSchema| schema.source_of(param) == Some(entity);
            let param = schema.params.iter().find(of_entity);
            found.push(ParamProblem::UnknownSource {
                struct_name: schema.struct_name,
                entity,
                reason: source.decided_by(param).reason,
            });
        }
    }
    found.extend(problems(schema, source, misfits));
    if found.is_empty() {
        Ok(())
    } else {
        Err(ParamsError { problems: found })
    }
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
        let found = source
            .id_type(entity)
            .filter(|found| !found.is_empty() && !found.eq_ignore_ascii_case(id_type));
        problems.extend(found.map(|found| ParamProblem::WrongIdType {
            struct_name,
            entity,
            id_type,
            found,
        }));
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
