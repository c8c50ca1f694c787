//! Errors of sticky assignments in a file.

use std::path::PathBuf;

/// A problem with the file of a [`FilePersistentStorage`](crate::storage::FilePersistentStorage).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PersistentStorageError {
    /// The file exists and cannot be read.
    #[error("expected to read sticky values from {}, found {problem}; check path and permissions", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The message of the operating system.
        problem: String,
    },
    /// The file does not contain sticky values. The storage does not change it.
    #[error(
        "expected sticky values as JSON in {}, found something else ({problem}); repair the file, or move it away to start anew",
        path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The parser's message with line and column.
        problem: String,
    },
    /// The file cannot be written. The values stay in memory.
    #[error("expected to write sticky values to {}, found {problem}; check path, permissions and space", path.display())]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// The message of the operating system.
        problem: String,
    },
}
