//! The error of decoding.

use std::borrow::Cow;

/// What a value should have been. It does not hold the value itself: reports add that, shortened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongValue {
    expected: Cow<'static, str>,
    problem: Option<String>,
    path: String,
}

impl WrongValue {
    /// The value is not what was expected, as in "an integer in 0..=100".
    #[must_use]
    pub fn expected(expected: impl Into<Cow<'static, str>>) -> Self {
        Self {
            expected: expected.into(),
            problem: None,
            path: String::new(),
        }
    }

    /// Adds what exactly is wrong, where the expectation does not say it all.
    #[must_use]
    pub fn because(mut self, problem: impl Into<String>) -> Self {
        self.problem = Some(problem.into());
        self
    }

    /// Says that the value stands inside a list or an object. The outermost step is added last.
    #[must_use]
    pub fn inside(mut self, step: &str) -> Self {
        self.path.insert_str(0, step);
        self
    }

    /// The expectation, and the place and cause if there is more to say.
    pub(crate) fn into_parts(self) -> (String, Option<String>) {
        let problem = match (self.path.is_empty(), self.problem) {
            (true, problem) => problem,
            (false, None) => Some(format!("at {}", self.path)),
            (false, Some(problem)) => Some(format!("at {}: {problem}", self.path)),
        };
        (self.expected.into_owned(), problem)
    }
}
