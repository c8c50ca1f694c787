//! The decoding error.

use std::borrow::Cow;

/// The expectation that a value did not meet. The error does not contain the value; reports add it,
/// shortened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongValue {
    expected: Cow<'static, str>,
    problem: Option<String>,
    path: String,
}

impl WrongValue {
    /// The value is not as expected. `expected` completes "expected …", such as "an integer in
    /// 0..=100".
    #[must_use]
    pub fn expected(expected: impl Into<Cow<'static, str>>) -> Self {
        Self {
            expected: expected.into(),
            problem: None,
            path: String::new(),
        }
    }

    /// Adds the exact problem, if the expectation does not express it.
    #[must_use]
    pub fn because(mut self, problem: impl Into<String>) -> Self {
        self.problem = Some(problem.into());
        self
    }

    /// Adds the place of the value in a list or an object. The outermost step is added last.
    #[must_use]
    pub fn inside(mut self, step: &str) -> Self {
        self.path.insert_str(0, step);
        self
    }

    /// The expectation, and the place and cause if any.
    pub(crate) fn into_parts(self) -> (String, Option<String>) {
        let problem = match (self.path.is_empty(), self.problem) {
            (true, problem) => problem,
            (false, None) => Some(format!("at {}", self.path)),
            (false, Some(problem)) => Some(format!("at {}: {problem}", self.path)),
        };
        (self.expected.into_owned(), problem)
    }
}
