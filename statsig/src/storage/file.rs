//! Sticky assignments in a file.

use std::fmt;
use std::mem;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::memory::{ByKey, insert, remove};
use super::shared_file::{Changes, SharedFile, apply};
use super::{PersistentStorage, PersistentStorageError, StickyValues, UserPersistedValues};
use crate::process::Process;

/// Sticky assignments in one JSON file: an object of key, then name, then [`StickyValues`].
///
/// All values are in memory, so loading does not read the disk. Saving and deleting change the
/// memory and wake a thread that writes the file. A caller waits at most while that thread copies
/// the index of keys. The thread writes a new file and renames it, so a reader finds the complete
/// old or new file. Changes during a write go into the next write. This suits thousands of users;
/// for more, implement [`PersistentStorage`] over a database.
///
/// Several storages may share one file, in one process or in many. Each write merges the changes of
/// this storage into the file, under a lock in a second file (`<file>.lock`, which stays). A
/// storage sees the changes of others after its next write. Only the owner of the files can read
/// them.
///
/// A failed write logs a warning and keeps everything in memory. The storage retries with the next
/// change. Call [`flush`](Self::flush) to check. Dropping the storage writes the remaining changes
/// and waits for that. A forked process has no writing thread, so changes stay in its memory; open
/// another storage there.
///
/// ```
/// use std::sync::Arc;
/// use statsig::storage::FilePersistentStorage;
/// use statsig::StatsigOptions;
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
    shared: Arc<WriterShared>,
    writer: Option<JoinHandle<()>>,
    /// The process of the writer.
    process: Process,
    path: PathBuf,
}

/// Shows the path, not the users.
impl fmt::Debug for FilePersistentStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilePersistentStorage")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// What the storage and the thread that writes its file share.
#[derive(Debug)]
struct WriterShared {
    state: Mutex<StorageState>,
    /// Signals something to write, or the end.
    changed: Condvar,
    /// Signals the end of a write.
    written: Condvar,
}

#[derive(Debug, Default)]
struct StorageState {
    by_key: ByKey,
    /// Changes that are not in the file yet.
    changes: Changes,
    /// Counts the changes.
    latest: u64,
    /// The last change that a write included, successful or not.
    attempted: u64,
    failure: Option<PersistentStorageError>,
    is_closing: bool,
}

impl FilePersistentStorage {
    /// Reads the file, if it exists, and starts the thread that writes it. Its directory must
    /// exist.
    ///
    /// # Errors
    /// When the file cannot be read or contains something else, the directory does not exist, or no
    /// thread can be started.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, PersistentStorageError> {
        let path = path.into();
        let (file, by_key) = SharedFile::open(path.clone())?;
        let shared = Arc::new(WriterShared {
            state: Mutex::new(StorageState {
                by_key,
                ..StorageState::default()
            }),
            changed: Condvar::new(),
            written: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        let writer = thread::Builder::new()
            .name("statsig-sticky".to_owned())
            .spawn(move || theirs.write_changes(file))
            .map_err(|error| PersistentStorageError::not_written(&path, error))?;
        Ok(Self {
            shared,
            writer: Some(writer),
            process: Process::here(),
            path,
        })
    }

    /// Waits until all changes so far are in the file. Blocks; do not call it from async code.
    ///
    /// # Errors
    /// When the file cannot be written, or another program damaged it.
    pub fn flush(&self) -> Result<(), PersistentStorageError> {
        if !self.is_of_this_process() {
            let problem = "a process that was forked after the storage was opened";
            return Err(PersistentStorageError::not_written(&self.path, problem));
        }
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

    fn change(&self, key: &str, name: &str, change: impl FnOnce(&mut ByKey) -> bool) {
        let Some(mut state) = self.state() else {
            return;
        };
        if change(&mut state.by_key) {
            state.changes.insert((key.into(), name.to_owned()));
            state.latest += 1;
            self.shared.changed.notify_one();
        }
    }

    fn is_of_this_process(&self) -> bool {
        self.process.is_surely_here()
    }

    /// `None` in a forked process if a thread of the parent held the lock.
    fn state(&self) -> Option<MutexGuard<'_, StorageState>> {
        self.process.lock(&self.shared.state)
    }
}

impl Drop for FilePersistentStorage {
    fn drop(&mut self) {
        if !self.is_of_this_process() {
            // A fork has no writer to wait for.
            return;
        }
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
        let state = self.state();
        let values = state.as_ref().and_then(|state| state.by_key.get(key));
        values.cloned().unwrap_or_default()
    }

    fn save(&self, key: &str, config_name: &str, values: StickyValues) {
        self.change(key, config_name, |by_key| {
            insert(by_key, key, config_name, values)
        });
    }

    fn delete(&self, key: &str, config_name: &str) {
        self.change(key, config_name, |by_key| remove(by_key, key, config_name));
    }
}

impl WriterShared {
    fn state(&self) -> MutexGuard<'_, StorageState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The loop of the writer.
    fn write_changes(&self, mut file: SharedFile) {
        let mut state = self.state();
        loop {
            if state.attempted < state.latest {
                let (copy, including) = (state.by_key.clone(), state.latest);
                let changes = mem::take(&mut state.changes);
                drop(state);
                let written = file.write(&copy, &changes);
                drop(copy);
                if let Err(failure) = &written {
                    tracing::warn!(target: crate::targets::CLIENT, "{failure}");
                }
                state = self.state();
                state.attempted = including;
                let replaced = state.written(written, changes);
                self.written.notify_all();
                if replaced.is_some() {
                    // It may be large, so it is dropped without the lock.
                    drop(state);
                    drop(replaced);
                    state = self.state();
                }
            } else if state.is_closing {
                return;
            } else {
                state = (self.changed.wait(state)).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

impl StorageState {
    /// Records the result of a write and the changes of others. Returns what that replaces.
    fn written(
        &mut self,
        written: Result<Option<ByKey>, PersistentStorageError>,
        changes: Changes,
    ) -> Option<ByKey> {
        match written {
            Ok(merged) => {
                self.failure = None;
                let mut merged = merged?;
                apply(&self.changes, &self.by_key, &mut merged);
                Some(mem::replace(&mut self.by_key, merged))
            }
            Err(failure) => {
                self.failure = Some(failure);
                self.changes.extend(changes);
                None
            }
        }
    }
}
