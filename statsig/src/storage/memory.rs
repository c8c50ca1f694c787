//! Sticky assignments in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use super::{PersistentStorage, StickyValues, UserPersistedValues};
use crate::process::Process;
use crate::text::SharedStr;

/// Stored values by key.
pub(super) type ByKey = HashMap<SharedStr, Arc<UserPersistedValues>>;

/// Sticky assignments in the memory of the process, for tests and experiments.
///
/// Grows with every assigned user; only [`delete`](PersistentStorage::delete) removes values.
///
/// ```
/// use statsig::storage::{InMemoryPersistentStorage, PersistentStorage, StickyValues};
///
/// let storage = InMemoryPersistentStorage::new();
/// storage.save("a-user:userID", "an_experiment", StickyValues::default());
/// assert!(storage.load("a-user:userID").contains_key("an_experiment"));
/// ```
pub struct InMemoryPersistentStorage {
    by_key: Mutex<ByKey>,
    /// The process that created it.
    process: Process,
}

impl Default for InMemoryPersistentStorage {
    fn default() -> Self {
        Self {
            by_key: Mutex::default(),
            process: Process::here(),
        }
    }
}

/// Shows the number of users, not their IDs.
impl fmt::Debug for InMemoryPersistentStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemoryPersistentStorage")
            .field("users", &self.by_key().map(|by_key| by_key.len()))
            .finish()
    }
}

impl InMemoryPersistentStorage {
    /// An empty storage.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `None` in a forked process if a thread of the parent held the lock.
    fn by_key(&self) -> Option<MutexGuard<'_, ByKey>> {
        self.process.lock(&self.by_key)
    }
}

impl PersistentStorage for InMemoryPersistentStorage {
    fn load(&self, key: &str) -> Arc<UserPersistedValues> {
        let by_key = self.by_key();
        let values = by_key.as_ref().and_then(|by_key| by_key.get(key));
        values.cloned().unwrap_or_default()
    }

    fn save(&self, key: &str, config_name: &str, values: StickyValues) {
        if let Some(mut by_key) = self.by_key() {
            insert(&mut by_key, key, config_name, values);
        }
    }

    fn delete(&self, key: &str, config_name: &str) {
        if let Some(mut by_key) = self.by_key() {
            remove(&mut by_key, key, config_name);
        }
    }
}

/// Returns whether this changed anything.
pub(super) fn insert(
    by_key: &mut ByKey,
    key: &str,
    config_name: &str,
    values: StickyValues,
) -> bool {
    if let Some(of_key) = by_key.get_mut(key) {
        if of_key.get(config_name) == Some(&values) {
            return false;
        }
        Arc::make_mut(of_key).insert(config_name.to_owned(), values);
    } else {
        let of_key = UserPersistedValues::from([(config_name.to_owned(), values)]);
        by_key.insert(key.into(), Arc::new(of_key));
    }
    true
}

/// Returns whether this changed anything.
pub(super) fn remove(by_key: &mut ByKey, key: &str, config_name: &str) -> bool {
    let Some(of_key) = by_key.get_mut(key) else {
        return false;
    };
    if !of_key.contains_key(config_name) {
        return false;
    }
    if of_key.len() == 1 {
        by_key.remove(key);
    } else {
        Arc::make_mut(of_key).remove(config_name);
    }
    true
}
