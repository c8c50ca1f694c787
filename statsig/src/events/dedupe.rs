//! Whether an exposure was logged already in the current window.

use std::sync::atomic::{AtomicU64, Ordering};

/// The ways of a set: how many exposures with the same set index are remembered at once.
const WAYS: usize = 4;
const EPOCH_BITS: u32 = 16;
const EPOCH_MASK: u64 = (1 << EPOCH_BITS) - 1;

/// Remembers the exposures of the current window in a table of fixed size, without locks.
///
/// A slot holds the upper 48 bits of an exposure's key and the window's number, so that starting a new window forgets
/// everything at once by counting up. When a set is full of the current window's keys one of them is forgotten: its
/// exposure may be logged twice in one window, which the service tolerates; one that was not logged is never suppressed
/// but for a collision of 48 bits within one set.
#[derive(Debug)]
pub(crate) struct Dedupe {
    slots: Box<[[AtomicU64; WAYS]]>,
    /// The current window: never 0, which marks an empty slot.
    epoch: AtomicU64,
}

impl Dedupe {
    /// Room for `keys` exposures, rounded up to a power of two.
    pub(crate) fn new(keys: usize) -> Self {
        let sets = keys.div_ceil(WAYS).next_power_of_two();
        Self {
            slots: (0..sets).map(|_| Default::default()).collect(),
            epoch: AtomicU64::new(1),
        }
    }

    /// True when this key is new in the current window; it is remembered from now on.
    pub(crate) fn is_new(&self, key: u64) -> bool {
        let epoch = self.epoch.load(Ordering::Relaxed);
        let stored = (key & !EPOCH_MASK) | epoch;
        let Some(set) = self.set_of(key) else {
            return true;
        };
        let mut free = None;
        for slot in set {
            let found = slot.load(Ordering::Relaxed);
            if found == stored {
                return false;
            }
            if free.is_none() && found & EPOCH_MASK != epoch {
                free = Some((slot, found));
            }
        }
        match free {
            // Two threads with the same new key: the one that loses the exchange sees a repeat.
            Some((slot, found)) => {
                match slot.compare_exchange(found, stored, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => true,
                    Err(winner) => winner != stored,
                }
            }
            None => {
                let way = (key >> EPOCH_BITS) as usize % WAYS;
                if let Some(slot) = set.get(way) {
                    slot.store(stored, Ordering::Relaxed);
                }
                true
            }
        }
    }

    /// Forgets everything: the next window begins.
    pub(crate) fn start_window(&self) {
        let next = self.epoch.load(Ordering::Relaxed) % EPOCH_MASK + 1;
        self.epoch.store(next, Ordering::Relaxed);
    }

    fn set_of(&self, key: u64) -> Option<&[AtomicU64; WAYS]> {
        // The stored part of the key is its upper 48 bits; the lower ones choose the set.
        let mixed = key ^ (key >> 32);
        self.slots.get(mixed as usize & (self.slots.len() - 1))
    }
}
