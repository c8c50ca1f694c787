//! A table of numbers: which kept evaluation belongs to which user.

use std::sync::atomic::{AtomicU64, Ordering};

/// The maximum number of remembered evaluations of users. Each takes 24 bytes.
pub(super) const SLOTS: usize = 8 * 1024;
const INDEX_BITS: u32 = 24;

/// One slot. Concurrent writes may interleave. `check` matches only `place` and the user of the
/// same write. So a mixture of two writes looks like a slot of another user, and the reader treats
/// it as empty.
#[derive(Debug, Default)]
pub(super) struct Slot {
    mark: AtomicU64,
    /// The generation, which is never 0 in a used slot, and an index below 2^24.
    place: AtomicU64,
    check: AtomicU64,
}

/// A client allocates one table. Entries of earlier generations do not count.
pub(super) fn table() -> Box<[Slot]> {
    (0..SLOTS).map(|_| Slot::default()).collect()
}

impl Slot {
    /// The index of this user in this generation.
    #[inline]
    pub(super) fn index(&self, generation: u64, fingerprint: u64) -> Option<u32> {
        let place = self.place.load(Ordering::Relaxed);
        let check = self.check.load(Ordering::Relaxed);
        let is_theirs = place >> INDEX_BITS == generation && check ^ spread(place) == fingerprint;
        // The cast keeps the index and some bits of the generation.
        is_theirs.then_some(place as u32 & ((1 << INDEX_BITS) - 1))
    }

    pub(super) fn remember(&self, generation: u64, fingerprint: u64, index: u32) {
        let place = (generation << INDEX_BITS) | u64::from(index);
        self.place.store(place, Ordering::Relaxed);
        self.check
            .store(fingerprint ^ spread(place), Ordering::Relaxed);
    }

    /// Whether this key is already marked. Marks it.
    #[inline]
    pub(super) fn is_marked(&self, hash: u64) -> bool {
        let is_marked = self.mark.load(Ordering::Relaxed) == hash;
        if !is_marked {
            self.mark.store(hash, Ordering::Relaxed);
        }
        is_marked
    }
}

/// Spreads a place over all bits, without collisions.
#[inline]
fn spread(place: u64) -> u64 {
    place.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_slot_holds_is_found_by_its_user_in_its_generation_only() {
        let slot = Slot::default();
        assert_eq!(slot.index(1, 0), None);
        slot.remember(7, 42, 0xFF_FFFF);
        assert_eq!(slot.index(7, 42), Some(0xFF_FFFF));
        assert_eq!(slot.index(8, 42), None);
        assert_eq!(slot.index(7, 43), None);
    }

    #[test]
    fn halves_of_two_writes_are_nobodys() {
        let (first, second) = (Slot::default(), Slot::default());
        first.remember(7, 42, 1);
        second.remember(7, 43, 2);
        let mixed = Slot {
            place: AtomicU64::new(first.place.load(Ordering::Relaxed)),
            check: AtomicU64::new(second.check.load(Ordering::Relaxed)),
            ..Slot::default()
        };
        assert_eq!(mixed.index(7, 42), None);
        assert_eq!(mixed.index(7, 43), None);
    }
}
