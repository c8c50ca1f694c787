//! A number that is derived once, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

/// Of threads that derive it at the same time each does so, and none waits. The same must come out each time. A zero is derived
/// every time.
#[derive(Default)]
pub(super) struct OnceNumber(AtomicU64);

impl OnceNumber {
    #[inline]
    pub(super) fn get_or_init(&self, derive: impl FnOnce() -> u64) -> u64 {
        // The number is all there is to see: nothing else has to be visible with it.
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
