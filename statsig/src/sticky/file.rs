//! Sticky assignments in a file.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::memory::{ByKey, insert, remove};
use super::{PersistentStorage, StickyValues, UserPersistedValues};
use crate::files;
use crate::mask::shown;

/// Sticky assignments in one JSON file, for a single process: an object of key, then name, then [`StickyValues`].
///
/// Everything is held in memory, so that loading never touches the disk; saving and deleting change the memory, and wake a
/// thread that writes the file. A caller waits at most for that thread to take a copy of the index of keys. The file is written
/// as a whole, next to itself and then renamed: whoever reads it finds it complete, the old or the new one. Changes that come in
/// while it is being written go into the next round together. That suits thousands of users; for more, implement
/// [`PersistentStorage`] over a database.
///
/// A failed write is logged as a warning, keeps everything in memory and is tried again with the next change; ask
/// [`flush`](Self::flush) to know. Dropping the storage writes what is left, and waits for that.
///
/// ```
/// use std::sync::Arc;
/// use statsig::{FilePersistentStorage, StatsigOptions};
///
/// # let directory = std::env::temp_dir().join(format!("statsig-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// # let path = directory.join("sticky.json");
/// let storage = Arc::new(FilePersistentStorage::open(path)?);
/// let options = StatsigOptions::builder().persistent_storage(storage.clone()).build()?;
/// // …
/// storage.flush()?;
/// # drop(options);
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FilePersistentStorage {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

/// Shows where the values are, not whose.
impl fmt::Debug for FilePersistentStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilePersistentStorage")
            .field("path", &self.shared.path)
            .finish_non_exhaustive()
    }
}

/// What is wrong with the file of a [`FilePersistentStorage`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PersistentStorageError {
    /// The file exists and cannot be read.
    #[error("expected to read sticky values from {}, found {problem}; check path and permissions", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        problem: String,
    },
    /// The file holds something else. It is left as it is.
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
    /// The file cannot be written. What is stored is still in memory.
    #[error("expected to write sticky values to {}, found {problem}; check path, permissions and space", path.display())]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        problem: String,
    },
}

/// What the storage and its writer share.
#[derive(Debug)]
struct Shared {
    path: PathBuf,
    state: Mutex<State>,
    /// There is something to write, or the end has come.
    changed: Condvar,
    /// A write ended.
    written: Condvar,
}

#[derive(Debug, Default)]
struct State {
    by_key: ByKey,
    /// Counts the changes.
    latest: u64,
    /// The last change that a write included, successful or not.
    attempted: u64,
    failure: Option<PersistentStorageError>,
    is_closing: bool,
}

impl FilePersistentStorage {
    /// Reads the file, if it exists, and starts the thread that writes it. Its directory must exist.
    ///
    /// # Errors
    /// When the file cannot be read or holds something else, there is no such directory, or no thread can be had.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, PersistentStorageError> {
        let path = path.into();
        let by_key = read(&path)?;
        let shared = Arc::new(Shared {
            path,
            state: Mutex::new(State {
                by_key,
                ..State::default()
            }),
            changed: Condvar::new(),
            written: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        let writer = thread::Builder::new()
            .name("statsig-sticky".to_owned())
            .spawn(move || theirs.write_changes())
            .map_err(|problem| shared.not_written(&problem))?;
        Ok(Self {
            shared,
            writer: Some(writer),
        })
    }

    /// Waits until everything that was saved or deleted so far is in the file. Blocks: not for async code.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn flush(&self) -> Result<(), PersistentStorageError> {
        let mut state = self.shared.state();
        if state.failure.is_some() {
            state.latest += 1;
            self.shared.changed.notify_one();
        }
        let until = state.latest;
        while state.attempted < until {
            state = (self.shared.written.wait(state)).unwrap_or_else(PoisonError::into_inner);
        }
        state.failure.clone().map_or(Ok(()), Err)
    }

    fn change(&self, change: impl FnOnce(&mut ByKey) -> bool) {
        let mut state = self.shared.state();
        if change(&mut state.by_key) {
            state.latest += 1;
            self.shared.changed.notify_one();
        }
    }
}

impl Drop for FilePersistentStorage {
    fn drop(&mut self) {
        self.shared.state().is_closing = true;
        self.shared.changed.notify_one();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing more to write.
            let _ = writer.join();
        }
    }
}

impl PersistentStorage for FilePersistentStorage {
    fn load(&self, key: &str) -> Arc<UserPersistedValues> {
        let state = self.shared.state();
        state.by_key.get(key).cloned().unwrap_or_default()
    }

    fn save(&self, key: &str, config_name: &str, values: StickyValues) {
        self.change(|by_key| insert(by_key, key, config_name, values));
    }

    fn delete(&self, key: &str, config_name: &str) {
        self.change(|by_key| remove(by_key, key, config_name));
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn not_written(&self, problem: &io::Error) -> PersistentStorageError {
        PersistentStorageError::NotWritten {
            path: self.path.clone(),
            problem: problem.to_string(),
        }
    }

    /// The writer's life.
    fn write_changes(&self) {
        let mut state = self.state();
        loop {
            if state.attempted < state.latest {
                let (copy, including) = (state.by_key.clone(), state.latest);
                drop(state);
                let failure = write(&self.path, &copy)
                    .err()
                    .map(|problem| self.not_written(&problem));
                if let Some(failure) = &failure {
                    tracing::warn!(target: crate::targets::CLIENT, "{failure}");
                }
                drop(copy);
                state = self.state();
                state.attempted = including;
                state.failure = failure;
                self.written.notify_all();
            } else if state.is_closing {
                return;
            } else {
                state = (self.changed.wait(state)).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

fn read(path: &Path) -> Result<ByKey, PersistentStorageError> {
    let unreadable = |problem: String| PersistentStorageError::Unreadable {
        path: path.to_owned(),
        problem,
    };
    match fs::read(path) {
        Ok(json) => {
            serde_json::from_slice(&json).map_err(|problem| PersistentStorageError::Corrupt {
                path: path.to_owned(),
                problem: shown(problem),
            })
        }
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => {
            let directory = path.parent().filter(|parent| *parent != Path::new(""));
            match directory {
                Some(directory) if !directory.is_dir() => {
                    Err(unreadable("no directory to hold the file".to_owned()))
                }
                _ => Ok(ByKey::default()),
            }
        }
        Err(problem) => Err(unreadable(problem.to_string())),
    }
}

/// Replaces the file, or leaves it as it is.
fn write(path: &Path, by_key: &ByKey) -> io::Result<()> {
    files::replace(path, |file| Ok(serde_json::to_writer(file, by_key)?))
}
