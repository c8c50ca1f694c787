//! What is wrong with a project.

use std::fmt;

/// One thing in a project that the service would not accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Two things have the same name.
    #[error("{place}: expected one {what} \"{name}\", found two; rename or remove one of them")]
    Duplicate {
        /// Where they are.
        place: String,
        /// What they are: a rule, a gate and so on.
        what: &'static str,
        /// Their name.
        name: String,
    },
    /// A name is empty.
    #[error("{place}: expected a name for each {what}, found an empty one; name it")]
    NoName {
        /// Where it is.
        place: String,
        /// What lacks the name.
        what: &'static str,
    },
    /// A percentage is out of range.
    #[error("{place}: expected a {what} from 0 to 100, found {found}; correct it")]
    Percentage {
        /// Where it is.
        place: String,
        /// What it is a percentage of.
        what: &'static str,
        /// The percentage.
        found: String,
    },
    /// Shares are more than the whole.
    #[error("{place}: expected {what} of at most 100 together, found {total}; make them smaller")]
    TooMuch {
        /// The experiment or layer.
        place: String,
        /// What they are shares of.
        what: &'static str,
        /// Their sum.
        total: String,
    },
    /// A name refers to nothing.
    #[error("{place}: expected a known {what}, found \"{name}\"; {known}")]
    Unknown {
        /// Where the name is.
        place: String,
        /// What it should name.
        what: &'static str,
        /// The name.
        name: String,
        /// What to do.
        known: Known,
    },
    /// A value does not suit its entity.
    #[error("{place}: expected {expected}, found {found}; correct the value")]
    Value {
        /// Where it is.
        place: String,
        /// What suits the entity.
        expected: &'static str,
        /// The value.
        found: String,
    },
    /// A regular expression is not valid.
    #[error("{place}: expected a regular expression, found \"{pattern}\": {problem}")]
    Pattern {
        /// Where it is.
        place: String,
        /// The text.
        pattern: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A condition lacks its comparison.
    #[error(
        "{place}: expected a comparison such as `any([…])`, found a condition without one; complete it"
    )]
    NoComparison {
        /// Where it is.
        place: String,
    },
    /// An experiment runs without groups.
    #[error("{place}: expected at least one group, found none; add one with `group(…)`")]
    NoGroups {
        /// The experiment.
        place: String,
    },
}

/// The names that a reference could have meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known(pub Vec<String>);

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => f.write_str("add it"),
            names => write!(f, "add it, or use one of {}", names.join(", ")),
        }
    }
}

/// A project that the service would not accept, with all that is wrong. `Display` is one line for
/// each problem.
///
/// ```
/// use statsig_core::authoring::{Problem, Specs, passes_gate};
///
/// let specs = Specs::new().gate("beta", |g| g.when(passes_gate("members")));
/// let invalid = specs.to_json().unwrap_err();
/// assert!(matches!(invalid.problems[0], Problem::Unknown { what: "gate", .. }));
/// assert!(invalid.to_string().contains(r#"expected a known gate, found "members""#));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(problems))]
pub struct InvalidSpecs {
    /// What is wrong, at least one thing.
    pub problems: Vec<Problem>,
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<_> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}
