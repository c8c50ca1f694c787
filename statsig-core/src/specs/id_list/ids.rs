//! A compact set of 48-bit values. Readers keep their version while a writer changes the set.

use std::sync::Arc;

use crate::hash::IdLookup;

/// The minimum average number of members in a bucket after a split. The maximum is twice as large.
const ROOMY: usize = 128;
/// A larger average number of members in a bucket causes a split.
const CROWDED: usize = 2 * ROOMY;
/// The number of changes that are sorted and applied together.
const BATCH: usize = 1 << 20;

/// A set of lookups. Each takes six bytes, and about a quarter of a byte of overhead.
///
/// The values are hashes, so their leading bits spread them evenly over buckets. Each bucket is a
/// sorted array. A change copies the affected buckets; clones share the others.
#[derive(Debug, Clone)]
pub struct Ids {
    /// `1 << bits` buckets, in ascending order.
    buckets: Arc<Vec<Arc<[IdLookup]>>>,
    bits: u32,
    len: usize,
}

/// A lookup, and whether it is added or removed.
pub(super) type Change = (IdLookup, bool);

impl Default for Ids {
    fn default() -> Self {
        Self {
            buckets: Arc::new(vec![Arc::default()]),
            bits: 0,
            len: 0,
        }
    }
}

impl Ids {
    pub(crate) fn contains(&self, lookup: IdLookup) -> bool {
        self.buckets
            .get(bucket_of(lookup, self.bits))
            .is_some_and(|bucket| bucket.binary_search(&lookup).is_ok())
    }

    /// The number of members.
    #[must_use]
    pub fn count(&self) -> usize {
        self.len
    }

    /// The members in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = IdLookup> + '_ {
        self.buckets
            .iter()
            .flat_map(|bucket| bucket.iter().copied())
    }

    /// Applies changes in order. The last change of a lookup wins.
    pub fn apply(&mut self, changes: impl IntoIterator<Item = Change>) {
        let mut changes = changes.into_iter().peekable();
        let mut batch = Vec::new();
        while changes.peek().is_some() {
            batch.clear();
            batch.extend(changes.by_ref().take(BATCH));
            self.apply_batch(&mut batch);
        }
    }

    fn apply_batch(&mut self, batch: &mut [Change]) {
        // The sort is stable, so the last of several changes to one lookup stays last.
        batch.sort_by_key(|(lookup, _)| *lookup);
        let bits = self.bits;
        let buckets = Arc::make_mut(&mut self.buckets);
        for changes in batch.chunk_by(|(a, _), (b, _)| bucket_of(*a, bits) == bucket_of(*b, bits)) {
            let place = changes
                .first()
                .map_or(0, |(lookup, _)| bucket_of(*lookup, bits));
            if let Some(bucket) = buckets.get_mut(place) {
                let merged = merge(bucket, changes);
                self.len = self.len + merged.len() - bucket.len();
                *bucket = merged.into();
            }
        }
        self.split_crowded();
    }

    /// Splits the buckets if they have many members.
    fn split_crowded(&mut self) {
        if self.len <= CROWDED << self.bits {
            return;
        }
        let bits = (self.len / ROOMY).ilog2();
        let parts = 1_usize << (bits - self.bits);
        let mut split = Vec::with_capacity(1 << bits);
        // Takes the buckets, so that each is freed after its split, unless a reader holds it.
        for (number, bucket) in Arc::unwrap_or_clone(std::mem::take(&mut self.buckets))
            .into_iter()
            .enumerate()
        {
            let mut rest = &*bucket;
            for part in number * parts..(number + 1) * parts {
                let end = rest.partition_point(|lookup| bucket_of(*lookup, bits) <= part);
                let (these, others) = rest.split_at(end);
                split.push(these.into());
                rest = others;
            }
        }
        self.buckets = Arc::new(split);
        self.bits = bits;
    }
}

/// The bucket of a lookup: its leading bits.
fn bucket_of(lookup: IdLookup, bits: u32) -> usize {
    // The number of bits grows with the number of members, so it never exceeds that of an index.
    usize::try_from(lookup.number() >> (IdLookup::BITS - bits)).unwrap_or(usize::MAX)
}

/// Merges a sorted bucket with sorted changes.
fn merge(bucket: &[IdLookup], changes: &[Change]) -> Vec<IdLookup> {
    let mut merged = Vec::with_capacity(bucket.len() + changes.len());
    let mut rest = bucket;
    for of_one in changes.chunk_by(|(a, _), (b, _)| a == b) {
        let Some((lookup, is_member)) = of_one.last() else {
            continue;
        };
        let (before, others) = rest.split_at(rest.partition_point(|known| known < lookup));
        merged.extend_from_slice(before);
        rest = others.strip_prefix(&[*lookup]).unwrap_or(others);
        if *is_member {
            merged.push(*lookup);
        }
    }
    merged.extend_from_slice(rest);
    merged
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn lookup(number: u64) -> IdLookup {
        IdLookup::of(&number.to_string())
    }

    #[test]
    fn the_last_change_of_a_lookup_counts() {
        let mut ids = Ids::default();
        let [a, b] = [lookup(1), lookup(2)];
        ids.apply([(a, true), (b, true), (a, false), (b, false), (b, true)]);
        assert_eq!(
            (ids.contains(a), ids.contains(b), ids.count()),
            (false, true, 1)
        );
        ids.apply([(a, false), (b, true)]);
        assert_eq!(ids.count(), 1);
    }

    #[test]
    fn a_clone_keeps_its_members_and_shares_what_does_not_change() {
        let mut ids = Ids::default();
        ids.apply((0..100_000).map(|number| (lookup(number), true)));
        let before = ids.clone();
        ids.apply([(lookup(7), false), (lookup(100_000), true)]);
        assert!(before.contains(lookup(7)) && !ids.contains(lookup(7)));
        assert!(!before.contains(lookup(100_000)) && ids.contains(lookup(100_000)));
        let kept = before
            .buckets
            .iter()
            .zip(&*ids.buckets)
            .filter(|(before, now)| Arc::ptr_eq(before, now))
            .count();
        assert_eq!(kept, before.buckets.len() - 2);
    }

    #[test]
    fn buckets_are_split_as_members_come() {
        let mut ids = Ids::default();
        for hundred in 0..1_000 {
            ids.apply((hundred * 100..hundred * 100 + 100).map(|number| (lookup(number), true)));
            assert!(
                ids.count() <= CROWDED << ids.bits,
                "{} members",
                ids.count()
            );
        }
        assert_eq!(ids.count(), 100_000);
        assert!(ids.count() / ids.buckets.len() >= ROOMY / 2);
        assert!((0..100_000).all(|number| ids.contains(lookup(number))));
        assert!(!(100_000..110_000).any(|number| ids.contains(lookup(number))));
    }

    proptest! {
        #[test]
        fn it_is_a_set(batches in prop::collection::vec(prop::collection::vec((0..900_usize, any::<bool>()), 0..700), 0..6)) {
            let lookups: Vec<_> = (0..900).map(lookup).collect();
            let mut ids = Ids::default();
            let mut expected = BTreeSet::new();
            for batch in batches {
                for (number, is_member) in &batch {
                    if *is_member {
                        expected.insert(lookups[*number]);
                    } else {
                        expected.remove(&lookups[*number]);
                    }
                }
                ids.apply(batch.iter().map(|(number, is_member)| (lookups[*number], *is_member)));
                prop_assert_eq!(ids.count(), expected.len());
                prop_assert_eq!(ids.iter().collect::<Vec<_>>(), expected.iter().copied().collect::<Vec<_>>());
            }
            prop_assert!(lookups.iter().all(|lookup| ids.contains(*lookup) == expected.contains(lookup)));
        }
    }
}
