//! A number that is derived once, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

/// Threads that derive the number at the same time each compute it, and none waits. All must
/// compute the same number. Zero is computed at every call.
#[derive(Default)]
pub(super) struct OnceNumber(AtomicU64);

impl OnceNumber {
    #[inline]
    pub(super) fn get_or_init(&self, derive: impl FnOnce() -> u64) -> u64 {
        // Relaxed is sufficient: readers need only the number, and no other memory with it.
        match self.0.load(Ordering::Relaxed) {
            0 => self.init(derive),
            number => number,
        }
    }

    #[cold]
    fn init(&self, derive: impl FnOnce() -> u64) -> u64 {
        let number = derive();
        self.0.store(number, Ordering::Relaxed);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_derived_once_even_while_it_is_being_derived() {
        let once = OnceNumber::default();
        let outer = once.get_or_init(|| once.get_or_init(|| 7));
        assert_eq!(outer, 7);
        assert_eq!(once.get_or_init(|| 8), 7);
    }
}
