//! The kept evaluations. Users with equal evaluations share one.

use std::hash::{Hash, Hasher};
use std::sync::{Mutex, OnceLock, PoisonError, TryLockError};

use crate::entity_kind::EntityKind;
use crate::evaluation::result::Evaluation;
use crate::hash::{FastMap, process_hasher};
use crate::specs::compiled::EntryId;

const FIRST_CHUNK: usize = 32;
/// Each chunk is twice as long as the previous one. The list holds at most 32 736 different
/// evaluations of one set of specs, a few megabytes.
const CHUNKS: usize = 10;
/// How many different evaluations with the same hash the list can hold.
const MAX_PROBES: u64 = 8;

/// An evaluation of one entity.
#[derive(Debug)]
struct Kept {
    entry: EntryId,
    kind: EntityKind,
    evaluation: Evaluation,
}

/// A list that only grows. Reads take no lock, and entries do not move.
///
/// An entity has few different evaluations (rules, and results of nested gates), even with many
/// users. So the list is short, and the cost of dropping it does not depend on the number of
/// remembered users.
#[derive(Debug, Default)]
pub(super) struct KeptEvaluations {
    chunks: [OnceLock<Box<[OnceLock<Kept>]>>; CHUNKS],
    /// The index of each evaluation, by its hash.
    indices: Mutex<FastMap<u64, u32>>,
}

impl KeptEvaluations {
    #[inline]
    pub(super) fn get(&self, index: u32, entry: EntryId, kind: EntityKind) -> Option<&Evaluation> {
        let kept = self.kept(index)?;
        (kept.entry == entry && kept.kind == kind).then_some(&kept.evaluation)
    }

    #[inline]
    fn kept(&self, index: u32) -> Option<&Kept> {
        let (chunk, offset) = position(index);
        self.chunks.get(chunk)?.get()?.get(offset)?.get()
    }

    /// Keeps this evaluation and returns its index. Returns `None` if the list is full, or if
    /// another thread is adding an evaluation: no thread waits.
    pub(super) fn keep(
        &self,
        entry: EntryId,
        kind: EntityKind,
        evaluation: &Evaluation,
    ) -> Option<u32> {
        let mut indices = match self.indices.try_lock() {
            Ok(indices) => indices,
            Err(TryLockError::Poisoned(poisoned)) => PoisonError::into_inner(poisoned),
            Err(TryLockError::WouldBlock) => return None,
        };
        let hash = hash_of(entry, kind, evaluation);
        let free = (0..MAX_PROBES).map(|probe| hash.wrapping_add(probe));
        let mut known = free.map(|hash| (hash, indices.get(&hash).copied()));
        let free = loop {
            match known.next()? {
                (free, None) => break free,
                (_, Some(index)) if self.get(index, entry, kind) == Some(evaluation) => {
                    return Some(index);
                }
                _ => {}
            }
        };
        drop(known);
        let index = u32::try_from(indices.len()).ok()?;
        let (chunk, offset) = position(index);
        let length = FIRST_CHUNK << chunk;
        let chunk = self.chunks.get(chunk)?;
        let chunk = chunk.get_or_init(|| (0..length).map(|_| OnceLock::new()).collect());
        let kept = Kept {
            entry,
            kind,
            evaluation: evaluation.clone(),
        };
        chunk.get(offset)?.set(kept).ok()?;
        indices.insert(free, index);
        Some(index)
    }
}

/// The chunk of an index, and the position in the chunk.
#[inline]
fn position(index: u32) -> (usize, usize) {
    let index = index as usize;
    let chunk = (index / FIRST_CHUNK + 1).ilog2() as usize;
    (chunk, index - FIRST_CHUNK * ((1 << chunk) - 1))
}

/// Hashes the fields that usually differ. Equal evaluations have equal hashes.
fn hash_of(entry: EntryId, kind: EntityKind, evaluation: &Evaluation) -> u64 {
    let mut hasher = process_hasher();
    (entry, kind, evaluation.value, evaluation.rule_id).hash(&mut hasher);
    (evaluation.delegate, evaluation.mapped_to).hash(&mut hasher);
    evaluation.nested_gates.hash(&mut hasher);
    for (_, rule) in evaluation.parameter_rules.iter().flat_map(|rules| &**rules) {
        rule.hash(&mut hasher);
    }
    for inner in evaluation.looked_up() {
        inner.evaluation.rule_id.hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_KEPT: usize = 32_736;

    fn with_version(version: u32) -> Evaluation {
        Evaluation {
            version: Some(version),
            ..Evaluation::default()
        }
    }

    fn keep_of(kept: &KeptEvaluations, entry: usize) -> Option<u32> {
        kept.keep(
            EntryId(entry as u32),
            EntityKind::Gate,
            &Evaluation::default(),
        )
    }

    #[test]
    fn equal_evaluations_are_kept_once() {
        let kept = KeptEvaluations::default();
        let entry = EntryId(1);
        for _ in 0..3 {
            assert_eq!(
                kept.keep(entry, EntityKind::Gate, &with_version(1)),
                Some(0)
            );
            assert_eq!(
                kept.keep(entry, EntityKind::Gate, &with_version(2)),
                Some(1)
            );
            assert_eq!(
                kept.keep(entry, EntityKind::Layer, &with_version(2)),
                Some(2)
            );
        }
        assert_eq!(kept.get(1, entry, EntityKind::Gate), Some(&with_version(2)));
        assert_eq!(kept.get(1, EntryId(2), EntityKind::Gate), None);
        assert_eq!(kept.get(3, entry, EntityKind::Gate), None);
    }

    #[test]
    fn different_evaluations_with_one_hash_are_told_apart_up_to_a_limit() {
        let kept = KeptEvaluations::default();
        let keep_all = || {
            let versions = 0..MAX_PROBES as u32 + 2;
            let kept = versions.map(|n| kept.keep(EntryId(1), EntityKind::Gate, &with_version(n)));
            kept.collect::<Vec<_>>()
        };
        let expected = (0..MAX_PROBES as u32).map(Some).chain([None, None]);
        let first = keep_all();
        assert_eq!(first, expected.collect::<Vec<_>>());
        assert_eq!(keep_all(), first);
    }

    #[test]
    fn the_list_ends_at_its_limit_and_keeps_what_it_has() {
        let kept = KeptEvaluations::default();
        for number in 0..MAX_KEPT {
            assert_eq!(keep_of(&kept, number), Some(number as u32));
        }
        assert_eq!(keep_of(&kept, MAX_KEPT), None);
        for number in [0, 31, 32, 95, 96, MAX_KEPT - 1] {
            assert_eq!(keep_of(&kept, number), Some(number as u32));
            let found = kept.get(number as u32, EntryId(number as u32), EntityKind::Gate);
            assert!(found.is_some());
        }
    }

    #[test]
    fn nobody_waits_for_another_thread_that_keeps_one() {
        let kept = KeptEvaluations::default();
        let busy = kept.indices.lock().unwrap();
        assert_eq!(keep_of(&kept, 1), None);
        drop(busy);
        assert_eq!(keep_of(&kept, 1), Some(0));
    }
}
