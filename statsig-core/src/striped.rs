//! One value for each of a few groups of threads, so that counting threads do not share cache
//! lines.

/// More than the running threads of most processes. Threads that share a stripe are slower, but
/// correct.
const STRIPES: usize = 16;

/// Has its cache line for itself, and the next one, which processors prefetch.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded<T>(T);

/// A value for each group of threads.
#[derive(Debug, Default)]
pub struct Striped<T>([Padded<T>; STRIPES]);

impl<T> Striped<T> {
    /// The value of the calling thread's group.
    #[inline]
    #[must_use]
    pub fn mine(&self) -> &T {
        let [first, ..] = &self.0;
        &self.0.get(stripe()).unwrap_or(first).0
    }

    /// All values.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|padded| &padded.0)
    }
}

thread_local! {
    /// Its address identifies the thread, so that no numbers need to be assigned.
    static MARK: u8 = const { 0 };
}

#[inline]
fn stripe() -> usize {
    // The golden ratio spreads addresses that differ in a few bits.
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

    let address = MARK.with(|mark| std::ptr::from_ref(mark).addr()) as u64;
    (address.wrapping_mul(SPREAD) >> (u64::BITS - STRIPES.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn a_thread_keeps_its_stripe_and_nothing_counted_is_lost() {
        let counts = Striped::<AtomicU64>::default();
        assert!(std::ptr::eq(counts.mine(), counts.mine()));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        counts.mine().fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        let counted: Vec<u64> = counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .collect();
        assert_eq!(counted.len(), STRIPES);
        assert_eq!(counted.iter().sum::<u64>(), 8_000);
    }
}
