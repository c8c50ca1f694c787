//! Suppresses exposures that the current window already logged.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use once_cell::race::OnceBox;

/// The ways of a set: the table remembers this many exposures with the same set index.
const WAYS: usize = 4;
const EPOCH_BITS: u32 = 16;
const EPOCH_MASK: u64 = (1 << EPOCH_BITS) - 1;
/// Each slot is checked once within this many windows, far fewer than there are numbers.
const WINDOWS_A_ROUND: usize = 1024;

/// Remembers the exposures of the current window in a table of fixed size, without locks.
///
/// A slot holds the upper 48 bits of an exposure's key and the number of a window. A new window
/// increments the number, which forgets all older exposures. The numbers wrap around; each new
/// window empties some old slots, so none survives until its number returns. If a set is full of
/// the current window's keys, one is forgotten and its exposure may be logged twice, which the
/// service tolerates. A new exposure is suppressed only after a collision of 48 bits within one
/// set. The table allocates its memory at the first key.
#[derive(Debug)]
pub(crate) struct Dedupe {
    table: OnceBox<Table>,
    /// How many sets the table has.
    sets: usize,
    /// The current window: never 0, which marks an empty slot.
    epoch: AtomicU64,
    /// The set whose old slots are next to be emptied.
    next_set: AtomicUsize,
    #[cfg(any(test, feature = "offline"))]
    offline: OnceBox<OfflineDedupe>,
}

type Table = Box<[[AtomicU64; WAYS]]>;

impl Dedupe {
    /// Room for `keys` exposures, rounded up to a power of two.
    pub(crate) fn new(keys: usize) -> Self {
        let sets = keys.div_ceil(WAYS).next_power_of_two();
        Self {
            table: OnceBox::new(),
            sets,
            epoch: AtomicU64::new(1),
            next_set: AtomicUsize::new(0),
            #[cfg(any(test, feature = "offline"))]
            offline: OnceBox::new(),
        }
    }

    /// Whether this key is new in the current window. Remembers it.
    #[inline]
    pub(crate) fn is_new(&self, key: u64) -> bool {
        let stored = (key & !EPOCH_MASK) | self.epoch.load(Ordering::Relaxed);
        if let Some(table) = self.table.get()
            && let Some(set) = table.get(self.place_of(key))
            && set
                .iter()
                .any(|slot| slot.load(Ordering::Relaxed) == stored)
        {
            return false;
        }
        self.take_slot(key, stored)
    }

    /// Whether the key is still new once it has a slot.
    fn take_slot(&self, key: u64, stored: u64) -> bool {
        let table = self.table.get_or_init(|| Box::new(self.empty_table()));
        let Some(set) = table.get(self.place_of(key)) else {
            return self.is_new_offline(key);
        };
        let epoch = stored & EPOCH_MASK;
        for slot in set {
            let found = slot.load(Ordering::Relaxed);
            if found == stored {
                return false;
            }
            if found & EPOCH_MASK != epoch {
                // Of two threads with the same new key, the one that loses the exchange sees a repeat.
                let taken =
                    slot.compare_exchange(found, stored, Ordering::Relaxed, Ordering::Relaxed);
                return taken != Err(stored);
            }
        }
        let way = (key >> EPOCH_BITS) as usize % WAYS;
        if let Some(slot) = set.get(way) {
            slot.store(stored, Ordering::Relaxed);
        }
        true
    }

    /// The set of a key. The slots store its upper 48 bits; the lower ones choose the set.
    #[inline]
    fn place_of(&self, key: u64) -> usize {
        (key ^ (key >> 32)) as usize & (self.sets - 1)
    }

    #[cold]
    fn is_new_offline(&self, key: u64) -> bool {
        #[cfg(any(test, feature = "offline"))]
        if let Some(offline) = self.offline.get() {
            return offline.is_new(key);
        }
        let _ = key;
        true
    }

    /// Starts the next window, which forgets everything.
    pub(crate) fn start_window(&self) {
        let next = self.epoch.load(Ordering::Relaxed) % EPOCH_MASK + 1;
        self.epoch.store(next, Ordering::Relaxed);
        self.empty_old_slots();
    }

    /// Empties the slots of older windows in the next few sets.
    fn empty_old_slots(&self) {
        let Some(table) = self.table.get() else {
            return;
        };
        let epoch = self.epoch.load(Ordering::Relaxed);
        let sets = self.sets.div_ceil(WINDOWS_A_ROUND);
        let first = self.next_set.fetch_add(sets, Ordering::Relaxed);
        let places = (first..first.wrapping_add(sets)).map(|set| set & (self.sets - 1));
        for slot in places.filter_map(|set| table.get(set)).flatten() {
            let found = slot.load(Ordering::Relaxed);
            if found & EPOCH_MASK != epoch {
                // If the exchange fails, a caller just took the slot for this window.
                let _ = slot.compare_exchange(found, 0, Ordering::Relaxed, Ordering::Relaxed);
            }
        }
    }

    #[cold]
    fn empty_table(&self) -> Table {
        (0..self.sets).map(|_| Default::default()).collect()
    }
}

/// The exposures of a client without actors. Nobody starts its windows, so each exposure looks
/// whether the current one is over.
#[cfg(any(test, feature = "offline"))]
struct OfflineDedupe {
    dedupe: Dedupe,
    is_over: Box<dyn Fn() -> bool + Send + Sync>,
}

#[cfg(any(test, feature = "offline"))]
impl OfflineDedupe {
    fn is_new(&self, key: u64) -> bool {
        if (self.is_over)() {
            self.dedupe.start_window();
        }
        self.dedupe.is_new(key)
    }
}

#[cfg(any(test, feature = "offline"))]
impl std::fmt::Debug for OfflineDedupe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.dedupe.fmt(f)
    }
}

#[cfg(any(test, feature = "offline"))]
impl Dedupe {
    /// Starts a new window when an exposure finds that the current one is over. Called before the
    /// first exposure. The table of this value stays empty, so other clients do not pay for it.
    pub(crate) fn end_windows_when(&self, is_over: impl Fn() -> bool + Send + Sync + 'static) {
        let _ = self.table.set(Box::default());
        let _ = self.offline.set(Box::new(OfflineDedupe {
            dedupe: Self::new(self.sets * WAYS),
            is_over: Box::new(is_over),
        }));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::AtomicUsize;

    use proptest::prelude::*;

    use super::*;
    use crate::hash::text_hash;

    fn key(number: usize) -> u64 {
        text_hash(&number.to_string())
    }

    #[test]
    fn a_key_is_new_once_a_window() {
        let dedupe = Dedupe::new(1000);
        for _ in 0..3 {
            assert!(dedupe.is_new(key(1)));
            assert!(!dedupe.is_new(key(1)));
            assert!(dedupe.is_new(key(2)));
            dedupe.start_window();
        }
    }

    #[test]
    fn an_exposure_is_new_again_after_any_number_of_windows_in_which_its_slot_was_not_renewed() {
        for keys in [8, 100_000] {
            let dedupe = Dedupe::new(keys);
            assert!(dedupe.is_new(key(7)));
            for _ in 0..EPOCH_MASK {
                dedupe.start_window();
            }
            assert!(dedupe.is_new(key(7)), "suppressed by a window of long ago");
        }
    }

    #[test]
    fn what_the_current_window_holds_stays_while_older_slots_are_emptied() {
        let dedupe = Dedupe::new(8);
        for _ in 0..10 {
            dedupe.start_window();
            assert!(dedupe.is_new(key(7)));

            assert!(!dedupe.is_new(key(7)));
        }
    }

    #[test]
    fn windows_are_told_apart_when_their_numbers_begin_anew() {
        let dedupe = Dedupe::new(8);
        for _ in 0..=EPOCH_MASK {
            assert!(dedupe.is_new(key(7)));
            assert!(!dedupe.is_new(key(7)));
            dedupe.start_window();
        }
    }

    #[test]
    fn a_table_filled_to_its_size_forgets_few_and_one_beyond_forgets_some_but_loses_none() {
        let dedupe = Dedupe::new(100_000);
        let keys = 100_000;
        assert!((0..keys).all(|number| dedupe.is_new(key(number))));
        let forgotten = (0..keys)
            .filter(|number| dedupe.is_new(key(*number)))
            .count();
        assert!(forgotten < keys / 4, "{forgotten} of {keys} forgotten");
        // Far beyond its size it still takes every new key for new.
        assert!((keys..10 * keys).all(|number| dedupe.is_new(key(number))));
    }

    #[test]
    fn the_size_is_rounded_up_and_never_zero() {
        for (keys, slots) in [(0, 4), (1, 4), (5, 8), (100_000, 131_072)] {
            assert_eq!(
                Dedupe::new(keys).empty_table().len() * WAYS,
                slots,
                "{keys}"
            );
        }
    }

    #[test]
    fn of_many_threads_with_one_key_one_finds_it_new() {
        let dedupe = Dedupe::new(1000);
        for number in 0..200 {
            let new = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        if dedupe.is_new(key(number)) {
                            new.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                }
            });
            assert_eq!(new.into_inner(), 1);
        }
    }

    proptest! {
        #[test]
        fn what_was_not_seen_is_new(keys in proptest::collection::vec(any::<u64>(), 0..300)) {
            let dedupe = Dedupe::new(4096);
            let mut seen = HashSet::new();
            for key in keys {
                let is_first = seen.insert(key);
                prop_assert!(dedupe.is_new(key) || !is_first);
                prop_assert!(!dedupe.is_new(key));
            }
        }
    }
}
