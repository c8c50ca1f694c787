//! The file of sticky assignments. Several storages, also of other processes, may write it. Each
//! merges its changes into the file, under a lock in a second file.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::error::PersistentStorageError;
use super::memory::{ByKey, insert, remove};
use crate::cause::Cause;
use crate::files::{self, version};
use crate::mask::shown;
use crate::text::SharedStr;

/// The longest wait for the lock. A writer holds it during one write.
const LOCK_LIMIT: Duration = Duration::from_secs(5);
/// The pause between two attempts to get the lock.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Keys and names of changes that are not in the file yet.
pub(super) type Changes = BTreeSet<(SharedStr, String)>;

/// The file from the view of one storage.
#[derive(Debug)]
pub(super) struct SharedFile {
    path: PathBuf,
    /// The version last read or written. `None` without a file.
    known: Option<files::Version>,
}

impl SharedFile {
    /// Reads the file, if it exists, and removes temporary files of killed writers.
    pub(super) fn open(path: PathBuf) -> Result<(Self, ByKey), PersistentStorageError> {
        files::sweep_beside(&path);
        let known = version(&path);
        let by_key = read(&path)?;
        Ok((Self { path, known }, by_key))
    }

    /// Writes these changes. Returns the merged content if others wrote since the last read.
    pub(super) fn write(
        &mut self,
        mine: &ByKey,
        changes: &Changes,
    ) -> Result<Option<ByKey>, PersistentStorageError> {
        let not_written = |error| PersistentStorageError::not_written(&self.path, error);
        let _lock = lock(&self.path).map_err(not_written)?;
        let found = version(&self.path);
        // A missing file is written again, with all known values.
        let merged = if found.is_none() || found == self.known {
            None
        } else {
            let mut theirs = read(&self.path)?;
            apply(changes, mine, &mut theirs);
            Some(theirs)
        };
        let to_write = merged.as_ref().unwrap_or(mine);
        files::replace(&self.path, |file| {
            Ok(serde_json::to_writer(file, to_write)?)
        })
        .map_err(not_written)?;
        self.known = version(&self.path);
        Ok(merged)
    }
}

/// Applies the changes to another copy.
pub(super) fn apply(changes: &Changes, from: &ByKey, to: &mut ByKey) {
    for (key, name) in changes {
        match from.get(key).and_then(|values| values.get(name)) {
            Some(values) => insert(to, key, name, values.clone()),
            None => remove(to, key, name),
        };
    }
}

/// Waits for the lock; dropping it releases the lock. `None` where files cannot be locked.
fn lock(path: &Path) -> io::Result<Option<fs::File>> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let options = &mut files::private();
    let options = options.read(true).write(true).create(true);
    let file = files::open_own(Path::new(&name), options)?;
    let mut waited = Duration::ZERO;
    loop {
        match files::try_lock(&file) {
            Ok(true) => return Ok(Some(file)),
            Ok(false) if waited < LOCK_LIMIT => {
                thread::sleep(LOCK_PAUSE);
                waited += LOCK_PAUSE;
            }
            Ok(false) => {
                let problem = "another process holds its lock file for too long";
                return Err(io::Error::new(io::ErrorKind::TimedOut, problem));
            }
            Err(error) => {
                tracing::debug!(target: crate::targets::CLIENT, %error, "the lock file of the sticky values cannot be used");
                return Ok(None);
            }
        }
    }
}

fn read(path: &Path) -> Result<ByKey, PersistentStorageError> {
    let unreadable = |source| PersistentStorageError::Unreadable {
        path: path.to_owned(),
        source,
    };
    match files::read_at_most(path, usize::MAX) {
        Ok(json) => serde_json::from_slice(&json.unwrap_or_default()).map_err(|error| {
            PersistentStorageError::Corrupt {
                path: path.to_owned(),
                source: Cause::saying(&shown(&error), error),
            }
        }),
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => {
            if files::directory_of(path).is_dir() {
                Ok(ByKey::default())
            } else {
                Err(unreadable(Cause::new("no directory to hold the file")))
            }
        }
        Err(problem) => Err(unreadable(Cause::new(problem))),
    }
}
