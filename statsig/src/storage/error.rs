//! Errors of sticky assignments in a file.

use std::error::Error;
use std::path::{Path, PathBuf};

use crate::cause::Cause;

/// A problem with the file of a [`FilePersistentStorage`](crate::storage::FilePersistentStorage).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PersistentStorageError {
    /// The file exists and cannot be read.
    #[error("expected to read sticky values from {}, found {source}; check path and permissions", path.display())]
    #[non_exhaustive]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What went wrong: an [`std::io::Error`] if the operating system refused.
        source: Cause,
    },
    /// The file does not contain sticky values. The storage does not change it.
    #[error(
        "expected sticky values as JSON in {}, found something else ({source}); repair the file, or move it away to start anew",
        path.display()
    )]
    #[non_exhaustive]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The parser's error, with line and column.
        source: Cause,
    },
    /// The file cannot be written. The values stay in memory.
    #[error("expected to write sticky values to {}, found {source}; check path, permissions and space", path.display())]
    #[non_exhaustive]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// What went wrong: an [`std::io::Error`] if the operating system refused.
        source: Cause,
    },
}

impl PersistentStorageError {
    pub(super) fn not_written(path: &Path, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::NotWritten {
            path: path.to_owned(),
            source: Cause::new(cause),
        }
    }
}
