//! Errors of questions.

use std::io;

use statsig::overrides::signed::{OverrideKeyError, SignOverridesError};
use statsig_local::LocalError;

use crate::cli::KEY_VARIABLE;

/// Each text names the place of the problem, the expected input, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    #[error("cannot read {origin}: {source}")]
    Read { origin: String, source: io::Error },
    #[error(transparent)]
    TooLarge(LocalError),
    #[error("{problem}\n{hint}")]
    Syntax {
        problem: LocalError,
        hint: &'static str,
    },
    #[error("{origin}: {problem}")]
    Specs { origin: String, problem: String },
    #[error("--environment: {0}")]
    Options(#[from] statsig::OptionsError),
    #[error("{0}")]
    UnknownName(String),
    #[error("`{argument}`: {problem}")]
    Argument { argument: String, problem: String },
    #[error(
        "expected the key in --key-file or in the variable {}, found neither",
        KEY_VARIABLE
    )]
    NoKey,
    #[error("{origin}: {source}")]
    Key {
        origin: String,
        source: OverrideKeyError,
    },
    #[error("{0}")]
    Sign(#[from] SignOverridesError),
    #[error("{failed} of {checked} structs differ from the specs")]
    Drift { failed: usize, checked: usize },
    #[error("cannot write the answer: {0}")]
    Write(#[from] io::Error),
    #[error("cannot write the answer as JSON: {0}")]
    Json(serde_json::Error),
}

impl AskError {
    pub(crate) fn syntax(origin: &str, error: &serde_json::Error, hint: &'static str) -> Self {
        let text = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        let problem = LocalError::Syntax {
            origin: origin.to_owned(),
            line: error.line(),
            column: error.column(),
            problem: text.strip_suffix(&position).unwrap_or(&text).to_owned(),
        };
        Self::Syntax { problem, hint }
    }
}

impl From<serde_json::Error> for AskError {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(kind) => Self::Write(kind.into()),
            None => Self::Json(error),
        }
    }
}
