//! Errors of starting, reloading or scripting the server.

use std::io;
use std::path::PathBuf;

/// An error of the local Statsig. Each text names the file, the place in it and the expected input.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// The address is not available.
    #[error("cannot listen on `{address}`; expected a free `host:port` (port 0 picks a free one)")]
    Bind {
        /// The address as configured.
        address: String,
        /// The error of the system.
        source: io::Error,
    },
    /// A file is unreadable.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A file or text exceeds its limit.
    #[error("{origin}: {found} bytes, but at most {limit} are accepted")]
    TooLarge {
        /// The file name, or a description of the source.
        origin: String,
        /// Its size in bytes.
        found: usize,
        /// The limit in bytes, see [`limits`](crate::limits).
        limit: usize,
    },
    /// A text is not the expected JSON.
    #[error("{origin}:{line}:{column}: {problem}")]
    Syntax {
        /// The file name, or a description of the source.
        origin: String,
        /// Line of the problem, from 1.
        line: usize,
        /// Column of the problem, from 1.
        column: usize,
        /// What was found there, and what was expected.
        problem: String,
    },
    /// Specs lack required top-level fields.
    #[error(
        "{origin}: the top-level object lacks `{}`; expected the JSON of /v2/download_config_specs",
        missing.join("`, `")
    )]
    MissingFields {
        /// The file name, or a description of the source.
        origin: String,
        /// The names of all missing fields.
        missing: Vec<&'static str>,
    },
    /// An ID list is not an array of strings or whole numbers.
    #[error(
        "{origin}: ID list `{list}`: {problem}; expected an array of unit IDs (strings or whole numbers)"
    )]
    IdList {
        /// The file name, or a description of the source.
        origin: String,
        /// The name of the list.
        list: String,
        /// What was found instead.
        problem: String,
    },
    /// A fault is invalid.
    #[error("invalid fault: {0}")]
    InvalidFault(String),
    /// Too many faults already wait for one endpoint.
    #[error(
        "{} faults wait for one endpoint already; clear some first",
        crate::limits::MAX_QUEUED_FAULTS
    )]
    TooManyFaults,
    /// The upstream has no specs, or is unreachable.
    #[error(
        "the upstream brought no specs: {problem}; expected `http://host:port` of a Statsig that serves this SDK key"
    )]
    Upstream {
        /// What was found instead.
        problem: String,
    },
    /// The runtime stopped while a file was loading.
    #[error("the runtime is shutting down")]
    Stopped,
}

impl LocalError {
    /// The text with all its sources, on one line.
    #[must_use]
    pub fn report(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            text.push_str(": ");
            text.push_str(&error.to_string());
            source = error.source();
        }
        text
    }

    /// Refuses a text of more bytes than the limit.
    pub(crate) fn check_size(text: &str, limit: usize, origin: &str) -> Result<(), Self> {
        if text.len() <= limit {
            return Ok(());
        }
        Err(Self::TooLarge {
            origin: origin.to_owned(),
            found: text.len(),
            limit,
        })
    }

    pub(crate) fn syntax(origin: &str, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        Self::Syntax {
            origin: origin.to_owned(),
            line: error.line(),
            column: error.column(),
            problem: text.strip_suffix(&position).unwrap_or(&text).to_owned(),
        }
    }
}
