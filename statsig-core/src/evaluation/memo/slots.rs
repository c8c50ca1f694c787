//! Which user got which of the kept evaluations: a table of numbers.

use std::sync::atomic::{AtomicU64, Ordering};

/// The most evaluations of users remembered at once: 24 bytes each.
pub(super) const SLOTS: usize = 8 * 1024;
const INDEX_BITS: u32 = 24;

/// Where an evaluation is kept: in which generation, at which index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Never 0, which marks an empty slot.
    pub(super) generation: u64,
    /// Less than 2^24.
    pub(super) index: u32,
}

impl Place {
    fn packed(self) -> u64 {
        (self.generation << INDEX_BITS) | u64::from(self.index)
    }
}

/// One slot. Writers may interleave: `check` fits `place` and the user of one write only, so a reader takes a mixture of two for
/// somebody else's, as if the slot were empty.
#[derive(Debug, Default)]
pub(super) struct Slot {
    mark: AtomicU64,
    place: AtomicU64,
    check: AtomicU64,
}

/// A table that a client allocates once: what it holds of former generations does not count.
pub(super) fn table() -> Box<[Slot]> {
    (0..SLOTS).map(|_| Slot::default()).collect()
}

impl Slot {
    /// The index that this user has in this generation.
    #[inline]
    pub(super) fn index(&self, generation: u64, fingerprint: u64) -> Option<u32> {
        let place = self.place.load(Ordering::Relaxed);
        let check = self.check.load(Ordering::Relaxed);
        let is_theirs = place >> INDEX_BITS == generation && check ^ spread(place) == fingerprint;
        // The cast keeps the index and some of the generation above it.
        is_theirs.then_some(place as u32 & ((1 << INDEX_BITS) - 1))
    }

    pub(super) fn remember(&self, fingerprint: u64, place: Place) {
        let place = place.packed();
        self.place.store(place, Ordering::Relaxed);
        self.check
            .store(fingerprint ^ spread(place), Ordering::Relaxed);
    }

    /// Whether this key left its mark here before; it does now.
    #[inline]
    pub(super) fn is_marked(&self, hash: u64) -> bool {
        let is_marked = self.mark.load(Ordering::Relaxed) == hash;
        if !is_marked {
            self.mark.store(hash, Ordering::Relaxed);
        }
        is_marked
    }
}

/// Spreads a place over all bits; two places never give the same.
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
        let place = Place {
            generation: 7,
            index: 0xFF_FFFF,
        };
        slot.remember(42, place);
        assert_eq!(slot.index(7, 42), Some(0xFF_FFFF));
        assert_eq!(slot.index(8, 42), None);
        assert_eq!(slot.index(7, 43), None);
    }

    #[test]
    fn halves_of_two_writes_are_nobodys() {
        let (first, second) = (Slot::default(), Slot::default());
        let place = |index| Place {
            generation: 7,
            index,
        };
        first.remember(42, place(1));
        second.remember(43, place(2));
        let mixed = Slot {
            place: AtomicU64::new(first.place.load(Ordering::Relaxed)),
            check: AtomicU64::new(second.check.load(Ordering::Relaxed)),
            ..Slot::default()
        };
        assert_eq!(mixed.index(7, 42), None);
        assert_eq!(mixed.index(7, 43), None);
    }
}
