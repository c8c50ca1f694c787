//! Sets of field indices: plain while loading, atomic afterwards. Up to 64 fields need no
//! allocation.

use std::sync::atomic::{AtomicU64, Ordering};

const WORD_BITS: usize = 64;

/// Fields that were served.
#[derive(Debug, Clone, Default)]
pub(crate) struct BitSet {
    first: u64,
    rest: Box<[u64]>,
}

impl BitSet {
    /// An empty set with room for `len` fields.
    pub(crate) fn with_len(len: usize) -> Self {
        let more_words = len.saturating_sub(1) / WORD_BITS;
        Self {
            first: 0,
            rest: vec![0; more_words].into_boxed_slice(),
        }
    }

    #[inline]
    pub(crate) fn insert(&mut self, index: usize) {
        if index < WORD_BITS {
            self.first |= 1 << index;
        } else if let Some(word) = self.rest.get_mut(index / WORD_BITS - 1) {
            *word |= 1 << (index % WORD_BITS);
        }
    }

    pub(crate) fn remove_all(&mut self, others: &Self) {
        self.first &= !others.first;
        for (word, other) in self.rest.iter_mut().zip(&others.rest) {
            *word &= !other;
        }
    }

    #[inline]
    pub(crate) fn contains(&self, index: usize) -> bool {
        let word = word_of(index, &self.first, &self.rest);
        word.is_some_and(|word| word & (1 << (index % WORD_BITS)) != 0)
    }

    /// The set with only its smallest member.
    fn smallest(&self) -> Self {
        let mut smallest = self.clone();
        smallest.first &= self.first.wrapping_neg();
        let mut found = self.first != 0;
        for word in &mut smallest.rest {
            *word &= if found { 0 } else { word.wrapping_neg() };
            found |= *word != 0;
        }
        smallest
    }
}

/// Exposures that are not logged yet. All clones of a struct share them.
///
/// Relaxed operations are sufficient: the thread that clears a bit logs the exposure, and no other
/// memory depends on the bits.
#[derive(Debug, Default)]
pub(crate) struct AtomicBitSet {
    first: AtomicU64,
    rest: Box<[AtomicU64]>,
}

impl AtomicBitSet {
    /// One exposure for each bit.
    pub(crate) fn each(bits: &BitSet) -> Self {
        Self {
            first: AtomicU64::new(bits.first),
            rest: bits.rest.iter().copied().map(AtomicU64::new).collect(),
        }
    }

    /// One exposure for all bits together, at the smallest bit.
    pub(crate) fn one(bits: &BitSet) -> Self {
        Self::each(&bits.smallest())
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.first.load(Ordering::Relaxed) == 0
            && self
                .rest
                .iter()
                .all(|word| word.load(Ordering::Relaxed) == 0)
    }

    /// Removes a member. Returns whether it was present.
    #[inline]
    pub(crate) fn take(&self, index: usize) -> bool {
        let Some(word) = word_of(index, &self.first, &self.rest) else {
            return false;
        };
        let bit = 1 << (index % WORD_BITS);
        // The load avoids a write to shared memory if the parameter was exposed before.
        word.load(Ordering::Relaxed) & bit != 0
            && word.fetch_and(!bit, Ordering::Relaxed) & bit != 0
    }

    /// Removes all members. Calls `each` with the members that this call removed.
    pub(crate) fn take_all(&self, mut each: impl FnMut(usize)) {
        for (position, word) in std::iter::once(&self.first).chain(&self.rest).enumerate() {
            let mut taken = word.swap(0, Ordering::Relaxed);
            while taken != 0 {
                each(position * WORD_BITS + taken.trailing_zeros() as usize);
                taken &= taken - 1;
            }
        }
    }
}

/// The word with the bit of this index.
#[inline]
fn word_of<'a, T>(index: usize, first: &'a T, rest: &'a [T]) -> Option<&'a T> {
    match index / WORD_BITS {
        0 => Some(first),
        position => rest.get(position - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(pending: &AtomicBitSet) -> Vec<usize> {
        let mut taken = Vec::new();
        pending.take_all(|index| taken.push(index));
        taken
    }

    #[test]
    fn members_are_kept_across_words() {
        for len in [1, 64, 65, 128, 129, 200] {
            let mut bits = BitSet::with_len(len);
            let members = [0, 63.min(len - 1), len - 1];
            for index in members {
                bits.insert(index);
            }
            let mut expected = members.to_vec();
            expected.dedup();
            for index in 0..len {
                assert_eq!(
                    bits.contains(index),
                    members.contains(&index),
                    "{index} of {len}"
                );
            }
            let pending = AtomicBitSet::each(&bits);
            assert_eq!(drain(&pending), expected);
            assert!(pending.is_empty());
        }
    }

    #[test]
    fn only_structs_of_more_than_64_fields_need_more_words() {
        assert_eq!(BitSet::with_len(0).rest.len(), 0);
        assert_eq!(BitSet::with_len(64).rest.len(), 0);
        assert_eq!(BitSet::with_len(65).rest.len(), 1);
    }

    #[test]
    fn indices_out_of_range_are_ignored() {
        let mut bits = BitSet::with_len(2);
        bits.insert(64);
        assert!(!bits.contains(64));
        assert!(!AtomicBitSet::each(&bits).take(64));
    }

    #[test]
    fn a_member_is_taken_once() {
        let mut bits = BitSet::with_len(70);
        bits.insert(3);
        bits.insert(69);
        let pending = AtomicBitSet::each(&bits);
        assert!(pending.take(69));
        assert!(!pending.take(69));
        assert!(!pending.take(4));
        assert_eq!(drain(&pending), [3]);
    }

    #[test]
    fn one_keeps_the_smallest_member() {
        for (members, expected) in [
            (vec![], vec![]),
            (vec![5, 7, 69], vec![5]),
            (vec![69, 68], vec![68]),
        ] {
            let mut bits = BitSet::with_len(70);
            members.iter().for_each(|&index| bits.insert(index));
            assert_eq!(drain(&AtomicBitSet::one(&bits)), expected);
        }
    }
}
