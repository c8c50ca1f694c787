//! Counts checks with suppressed exposures. Each flush reports them in one event.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::event::{EventMetadata, OtherEvent};
use crate::text::SharedStr;
use statsig_core::striped::Striped;

/// Names that one group of threads counts without a lock: 16 bytes each, allocated at the first
/// check.
const SLOTS: usize = 1024;
/// How far from its place a name may be.
const PROBES: usize = 8;
/// The most further names counted between two flushes; the rest count under [`OVERFLOW_NAME`].
const MAX_OTHERS: usize = 10_000;
const OVERFLOW_NAME: &str = "statsig::other";

/// Checks by name since the last flush.
///
/// A name gets a permanent slot in the table of each group of threads that checks it. Counting it
/// again is one atomic addition that no other group touches. Names without a slot are counted in a
/// map behind a lock.
#[derive(Debug, Default)]
pub(crate) struct NonExposedChecks {
    tables: Striped<OnceLock<Table>>,
    others: Mutex<HashMap<SharedStr, u64>>,
}

#[derive(Debug)]
struct Table {
    slots: Box<[Slot]>,
    /// The names in the slots. Locked to add a name and to take the counts.
    names: Mutex<Vec<(SharedStr, usize)>>,
}

#[derive(Debug, Default)]
struct Slot {
    /// The hash of the name; 0 in a free slot. Never changes once it is set.
    hash: AtomicU64,
    count: AtomicU64,
}

impl Table {
    fn new() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| Slot::default()).collect(),
            names: Mutex::default(),
        }
    }

    /// The slots that a name may be in.
    fn probes(&self, hash: u64) -> impl Iterator<Item = (usize, &Slot)> {
        let start = (hash ^ (hash >> 32)) as usize;
        (0..PROBES).filter_map(move |step| {
            let place = (start + step) % SLOTS;
            Some((place, self.slots.get(place)?))
        })
    }

    fn find(&self, hash: u64) -> Option<&Slot> {
        let mut probes = self.probes(hash);
        let found = probes.find(|(_, slot)| slot.hash.load(Ordering::Relaxed) == hash);
        found.map(|(_, slot)| slot)
    }

    /// Gives the name a slot, unless all of its possible slots are taken.
    #[cold]
    fn add(&self, hash: u64, name: &SharedStr) -> Option<&Slot> {
        let mut names = self.names();
        if let Some(slot) = self.find(hash) {
            return Some(slot);
        }
        let mut probes = self.probes(hash);
        let (place, slot) = probes.find(|(_, slot)| slot.hash.load(Ordering::Relaxed) == 0)?;
        names.push((name.clone(), place));
        slot.hash.store(hash, Ordering::Relaxed);
        Some(slot)
    }

    fn names(&self) -> MutexGuard<'_, Vec<(SharedStr, usize)>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NonExposedChecks {
    /// Counts a check of this name. `hash` is a hash of the name, always by the same function.
    #[inline]
    pub(crate) fn add(&self, hash: u64, name: impl FnOnce() -> SharedStr) {
        let hash = hash.max(1);
        let table = self.tables.mine().get_or_init(Table::new);
        match table.find(hash) {
            Some(slot) => {
                slot.count.fetch_add(1, Ordering::Relaxed);
            }
            None => self.add_first(table, hash, name()),
        }
    }

    #[cold]
    fn add_first(&self, table: &Table, hash: u64, name: SharedStr) {
        if let Some(slot) = table.add(hash, &name) {
            slot.count.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut others = self.others();
        if let Some(count) = others.get_mut(&name) {
            *count += 1;
        } else if others.len() < MAX_OTHERS {
            others.insert(name, 1);
        } else {
            *others.entry(OVERFLOW_NAME.into()).or_default() += 1;
        }
    }

    /// Takes the counts as a `statsig::non_exposed_checks` event, if there are any.
    pub(crate) fn take(&self, now_ms: u64) -> Option<OtherEvent> {
        let mut counts = std::mem::take(&mut *self.others());
        for table in self.tables.iter().filter_map(OnceLock::get) {
            for (name, place) in table.names().iter() {
                let slot = table.slots.get(*place);
                let count = slot.map_or(0, |slot| slot.count.swap(0, Ordering::Relaxed));
                if count > 0 {
                    *counts.entry(name.clone()).or_default() += count;
                }
            }
        }
        if counts.is_empty() {
            return None;
        }
        let checks = serde_json::to_string(&counts).unwrap_or_default();
        Some(OtherEvent {
            name: "statsig::non_exposed_checks".into(),
            user: None,
            value: None,
            metadata: Some(EventMetadata::from([("checks".to_owned(), checks.into())])),
            time_ms: now_ms,
        })
    }

    fn others(&self) -> MutexGuard<'_, HashMap<SharedStr, u64>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::text_hash;

    impl NonExposedChecks {
        fn count(&self, name: &str) {
            self.add(text_hash(name), || name.into());
        }
    }

    fn checks(taken: Option<OtherEvent>) -> HashMap<String, u64> {
        let metadata = taken.and_then(|event| event.metadata).unwrap();
        serde_json::from_str(metadata["checks"].as_str().unwrap()).unwrap()
    }

    #[test]
    fn counts_by_name_and_begins_anew_when_taken() {
        let counted = NonExposedChecks::default();
        assert!(counted.take(0).is_none());
        for round in 1..3 {
            for name in ["a", "b", "a"] {
                counted.count(name);
            }
            let expected = HashMap::from([("a".to_owned(), 2), ("b".to_owned(), 1)]);
            assert_eq!(checks(counted.take(0)), expected, "round {round}");
            assert!(counted.take(0).is_none());
        }
    }

    #[test]
    fn names_beyond_the_limits_are_counted_together_and_none_is_lost() {
        let counted = NonExposedChecks::default();
        let names = SLOTS + MAX_OTHERS + 100;
        for number in 0..names {
            counted.count(&number.to_string());
        }
        counted.count("0");
        let counts = checks(counted.take(0));
        assert_eq!(counts["0"], 2);
        assert!(counts[OVERFLOW_NAME] >= 100);
        assert!(counts.len() <= SLOTS + MAX_OTHERS + 1, "{}", counts.len());
        assert_eq!(counts.values().sum::<u64>(), names as u64 + 1);
    }

    #[test]
    fn many_threads_count_while_the_counts_are_taken() {
        let counted = NonExposedChecks::default();
        let mut sum = 0;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for number in 0..10_000 {
                        counted.count(if number % 3 == 0 { "a" } else { "b" });
                    }
                });
            }
            for _ in 0..50 {
                if let Some(taken) = counted.take(0) {
                    sum += checks(Some(taken)).values().sum::<u64>();
                }
            }
        });
        if let Some(taken) = counted.take(0) {
            sum += checks(Some(taken)).values().sum::<u64>();
        }
        assert_eq!(sum, 40_000);
    }
}
