//! Reports about values that do not fit their fields.

use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::lease::find;
use super::reader::Misfit;
use super::schema::{Schema, Source};
use super::source::{ParamSource, ParamsMeta};

/// Characters of a served value that a report shows.
const MAX_FOUND_CHARS: usize = 80;

/// Characters of a decoder's message that a report shows.
const MAX_PROBLEM_CHARS: usize = 200;

/// Distinct mismatches that one client warns about; more are only counted.
const MAX_DISTINCT_MISMATCHES: usize = 1_000;

/// A served value that does not fit its field, which took its default instead.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub struct ParamMismatch {
    /// The struct's name in Rust.
    pub struct_name: &'static str,
    /// The field's name in Rust.
    pub field: &'static str,
    /// The name under which the parameter was served.
    pub parameter: &'static str,
    /// The entity that served it.
    pub entity: Source,
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
}

impl fmt::Display for ParamMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}: ", self.struct_name, self.field)?;
        self.entity.fmt(f)?;
        if self.parameter != self.field {
            write!(f, ", parameter {:?}", self.parameter)?;
        }
        if let Some(rule_id) = &self.rule_id {
            write!(f, ", rule {rule_id:?}")?;
        }
        if let Some(group_name) = &self.group_name {
            write!(f, ", group {group_name:?}")?;
        }
        write!(f, ": expected {}, found {}", self.expected, self.found)?;
        match &self.problem {
            Some(problem) => write!(f, " ({problem})"),
            None => Ok(()),
        }
    }
}

/// One reason why a strict load failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamProblem {
    /// The specs do not have the entity, or there are no specs.
    #[error("{struct_name}: expected {entity} in the specs, found none ({reason})")]
    UnknownSource {
        /// The struct's name in Rust.
        struct_name: &'static str,
        /// The entity that was looked for.
        entity: Source,
        /// Why it was not found, such as `Network:Unrecognized`.
        reason: String,
    },
    /// A served value does not fit its field.
    #[error(transparent)]
    Mismatch(#[from] ParamMismatch),
}

/// Everything that kept a struct from being loaded strictly. Its text has a line for each problem, and nothing about the user.
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

/// The mismatches of a load that goes on with defaults.
pub(crate) fn mismatches(
    schema: &'static Schema,
    source: &dyn ParamSource,
    misfits: Vec<Misfit>,
) -> Vec<ParamMismatch> {
    if misfits.is_empty() {
        return Vec::new();
    }
    let meta = source.meta();
    let described = misfits
        .into_iter()
        .filter_map(|misfit| describe(schema, source, &meta, misfit));
    described.collect()
}

/// All the problems of a load that must not have any.
pub(crate) fn check(
    schema: &'static Schema,
    source: &dyn ParamSource,
    misfits: Vec<Misfit>,
) -> Result<(), ParamsError> {
    let mut problems = Vec::new();
    if let (Some(entity), false) = (schema.source, source.is_recognized()) {
        problems.push(ParamProblem::UnknownSource {
            struct_name: schema.struct_name,
            entity,
            reason: source.meta().reason,
        });
    }
    let mismatches = mismatches(schema, source, misfits);
    problems.extend(mismatches.into_iter().map(ParamProblem::Mismatch));
    if problems.is_empty() {
        Ok(())
    } else {
        Err(ParamsError { problems })
    }
}

fn describe(
    schema: &'static Schema,
    source: &dyn ParamSource,
    meta: &ParamsMeta,
    misfit: Misfit,
) -> Option<ParamMismatch> {
    let param = schema.params.get(misfit.index)?;
    let (parameter, value) = find(source, param)?;
    let (expected, problem) = misfit.wrong.into_parts();
    Some(ParamMismatch {
        struct_name: schema.struct_name,
        field: param.field,
        parameter,
        entity: schema.source_of(param)?,
        rule_id: meta.rule_id.clone(),
        group_name: meta.group_name.clone(),
        expected,
        found: shorten(value, MAX_FOUND_CHARS),
        problem: problem.map(|problem| shorten(problem, MAX_PROBLEM_CHARS)),
    })
}

/// Writes a value without ever writing all of a large one.
pub(super) fn shorten(value: impl fmt::Display, max_chars: usize) -> String {
    struct Shortened {
        text: String,
        chars_left: usize,
    }

    impl fmt::Write for Shortened {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            for char in part.chars() {
                self.chars_left = self.chars_left.checked_sub(1).ok_or(fmt::Error)?;
                self.text.push(char);
            }
            Ok(())
        }
    }

    let mut shortened = Shortened {
        text: String::new(),
        chars_left: max_chars,
    };
    if fmt::write(&mut shortened, format_args!("{value}")).is_err() {
        shortened.text.pop();
        shortened.text.push('…');
    }
    shortened.text
}

/// Warns once about each distinct mismatch that a client meets, and counts them all.
#[derive(Debug, Default)]
pub(crate) struct MismatchLog {
    seen: Mutex<HashSet<u64>>,
    total: AtomicU64,
}

impl MismatchLog {
    /// Mismatches met so far, repeated ones included.
    pub(crate) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    pub(crate) fn report(&self, mismatches: &[ParamMismatch]) {
        for mismatch in mismatches {
            self.total.fetch_add(1, Ordering::Relaxed);
            match self.first_time(mismatch) {
                Seen::First => tracing::warn!("{mismatch}; using the default"),
                Seen::FirstBeyondLimit => tracing::warn!(
                    "more than {MAX_DISTINCT_MISMATCHES} distinct parameter mismatches; further ones are counted, not logged"
                ),
                Seen::Before => {}
            }
        }
    }

    fn first_time(&self, mismatch: &ParamMismatch) -> Seen {
        let mut hasher = DefaultHasher::new();
        mismatch.hash(&mut hasher);
        let hash = hasher.finish();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // One more than the limit is remembered, to tell the first beyond it from the others.
        if seen.len() > MAX_DISTINCT_MISMATCHES || !seen.insert(hash) {
            Seen::Before
        } else if seen.len() > MAX_DISTINCT_MISMATCHES {
            Seen::FirstBeyondLimit
        } else {
            Seen::First
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    First,
    FirstBeyondLimit,
    Before,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    use super::*;

    fn mismatch(found: String) -> ParamMismatch {
        ParamMismatch {
            struct_name: "Promo",
            field: "discount",
            parameter: "discount",
            entity: Source::layer("promos"),
            rule_id: Some("2bXd".to_owned()),
            group_name: Some("Deep cut".to_owned()),
            expected: "a number".to_owned(),
            found,
            problem: None,
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

    #[test]
    fn values_are_shortened_to_the_limit() {
        let exact = "x".repeat(78);
        assert_eq!(shorten(json!(exact), 80), format!("\"{exact}\""));
        let long = shorten(json!("ü".repeat(79)), 80);
        assert_eq!(long.chars().count(), 80);
        assert!(long.ends_with("ü…"));
        let huge: Value = (0..1_000).collect();
        assert_eq!(shorten(huge, 10), "[0,1,2,3,…");
    }

    /// Collects the messages of the warnings.
    #[derive(Debug, Default, Clone)]
    struct Warnings(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Warnings {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() == Level::WARN
        }

        fn event(&self, event: &Event<'_>) {
            struct Message<'a>(&'a mut Vec<String>);

            impl Visit for Message<'_> {
                fn record_debug(&mut self, _field: &Field, value: &dyn fmt::Debug) {
                    self.0.push(format!("{value:?}"));
                }
            }

            event.record(&mut Message(&mut self.0.lock().unwrap()));
        }

        fn new_span(&self, _span: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _span: &Id, _values: &Record<'_>) {}

        fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

        fn enter(&self, _span: &Id) {}

        fn exit(&self, _span: &Id) {}
    }

    #[test]
    fn repeated_mismatches_are_logged_once() {
        let warnings = Warnings::default();
        tracing::subscriber::with_default(warnings.clone(), || {
            let log = MismatchLog::default();
            log.report(&[mismatch("1".to_owned()), mismatch("2".to_owned())]);
            log.report(&[mismatch("1".to_owned())]);
        });
        let logged = warnings.0.lock().unwrap();
        assert_eq!(logged.len(), 2, "{logged:?}");
        assert!(logged[0].ends_with("expected a number, found 1; using the default"));
    }

    #[test]
    fn each_distinct_mismatch_is_new_once() {
        let log = MismatchLog::default();
        assert_eq!(log.first_time(&mismatch("1".to_owned())), Seen::First);
        assert_eq!(log.first_time(&mismatch("1".to_owned())), Seen::Before);
        assert_eq!(log.first_time(&mismatch("2".to_owned())), Seen::First);
        log.report(&[mismatch("1".to_owned()), mismatch("1".to_owned())]);
        assert_eq!(log.total(), 2);
    }

    #[test]
    fn distinct_mismatches_are_bounded() {
        let log = MismatchLog::default();
        for found in 0..MAX_DISTINCT_MISMATCHES {
            assert_eq!(log.first_time(&mismatch(found.to_string())), Seen::First);
        }
        assert_eq!(
            log.first_time(&mismatch("one more".to_owned())),
            Seen::FirstBeyondLimit
        );
        assert_eq!(
            log.first_time(&mismatch("two more".to_owned())),
            Seen::Before
        );
    }
}
