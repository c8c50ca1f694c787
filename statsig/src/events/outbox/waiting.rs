//! Sealed batches that wait in memory, with their bytes.

use std::collections::BTreeMap;

use crate::events::batch::SealedBatch;

/// The bytes of a batch besides its body.
const BATCH_BYTES: u64 = 256;

/// Fewest attempts first, so that a batch that always fails does not delay the others; then oldest
/// first.
type Key = (u32, u64);

#[derive(Debug, Default)]
pub(super) struct Waiting {
    batches: BTreeMap<Key, SealedBatch>,
    bytes: u64,
}

impl Waiting {
    pub(super) fn insert(&mut self, batch: SealedBatch) {
        self.bytes += bytes_of(&batch);
        self.batches.insert((batch.attempts, batch.first), batch);
    }

    fn remove(&mut self, key: Key) -> Option<SealedBatch> {
        let batch = self.batches.remove(&key)?;
        self.bytes -= bytes_of(&batch);
        Some(batch)
    }

    /// Takes the first matching batch.
    pub(super) fn take_first(
        &mut self,
        is_wanted: impl Fn(&SealedBatch) -> bool,
    ) -> Option<SealedBatch> {
        let mut batches = self.batches.iter();
        let key = batches.find(|(_, batch)| is_wanted(batch))?.0;
        self.remove(*key)
    }

    /// Takes the batch with the oldest events.
    pub(super) fn take_oldest(&mut self) -> Option<SealedBatch> {
        let oldest = self.batches.iter().min_by_key(|(_, batch)| batch.first)?.0;
        self.remove(*oldest)
    }

    /// Takes the first matching batches.
    pub(super) fn take_all(
        &mut self,
        at_most: usize,
        is_wanted: impl Fn(&SealedBatch) -> bool,
    ) -> Vec<SealedBatch> {
        std::iter::from_fn(|| self.take_first(&is_wanted))
            .take(at_most)
            .collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &SealedBatch> {
        self.batches.values()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut SealedBatch> {
        self.batches.values_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.batches.len()
    }

    /// Bytes of all batches.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

fn bytes_of(batch: &SealedBatch) -> u64 {
    batch.body.len() as u64 + BATCH_BYTES
}
