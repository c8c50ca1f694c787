//! The evaluation cache: what was evaluated before, within one generation.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;

use super::evaluate::Kind;
use super::result::Evaluation;
use crate::hash::mix;
use crate::specs::compiled::{CompiledSpecs, EntryId};

/// The most evaluations of users remembered at once: a few megabytes.
const SLOTS: usize = 8 * 1024;
const KINDS: usize = 4;

/// Remembers evaluations, without locks.
///
/// What is the same for everybody has a place of its own. Evaluations of users are in a table of fixed size, one for each
/// slot. There, only a user who asks again is worth remembering: the first miss leaves a mark in its slot, the second an
/// evaluation. A user who never returns costs a load and a store.
#[derive(Debug)]
pub(crate) struct Memo {
    constants: Box<[[OnceLock<Box<Evaluation>>; KINDS]]>,
    slots: Box<[Slot]>,
    /// `None` when nobody wants to know.
    counts: Option<Arc<MemoCounts>>,
}

/// How often users were remembered and how often not, over all generations.
///
/// In groups by key, so that threads which evaluate different users do not wait for each other.
#[derive(Debug, Default)]
pub(crate) struct MemoCounts([CountGroup; COUNT_GROUPS]);

/// Alone on its cache line.
#[derive(Debug, Default)]
#[repr(align(64))]
struct CountGroup {
    hits: AtomicU64,
    misses: AtomicU64,
}

const COUNT_GROUPS: usize = 16;

impl MemoCounts {
    fn group(&self, hash: u64) -> &CountGroup {
        let [first, ..] = &self.0;
        // The lower bits choose slots.
        let number = (hash >> 32) as usize % COUNT_GROUPS;
        self.0.get(number).unwrap_or(first)
    }

    /// Hits and misses so far.
    pub(crate) fn so_far(&self) -> (u64, u64) {
        self.0.iter().fold((0, 0), |(hits, misses), group| {
            (
                hits + group.hits.load(Ordering::Relaxed),
                misses + group.misses.load(Ordering::Relaxed),
            )
        })
    }
}

#[derive(Debug, Default)]
struct Slot {
    mark: AtomicU64,
    remembered: ArcSwapOption<Remembered>,
}

#[derive(Debug)]
struct Remembered {
    key: Key,
    evaluation: Evaluation,
}

/// Who was evaluated for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// Of everything about the user that evaluation can see.
    pub(crate) fingerprint: u64,
    pub(crate) entry: EntryId,
    pub(crate) kind: Kind,
}

impl Key {
    fn hash(self) -> u64 {
        mix(
            self.fingerprint,
            (u64::from(self.entry.0) << 2) | self.kind as u64,
        )
    }
}

impl Memo {
    pub(crate) fn new(specs: &CompiledSpecs) -> Self {
        Self {
            constants: specs.entries.iter().map(|_| Default::default()).collect(),
            slots: (0..SLOTS).map(|_| Slot::default()).collect(),
            counts: None,
        }
    }

    /// Counts hits and misses here.
    pub(crate) fn counting(mut self, counts: Option<Arc<MemoCounts>>) -> Self {
        self.counts = counts;
        self
    }

    /// The evaluation of an entry that is the same for everybody: remembered, or made now.
    #[inline]
    pub(crate) fn constant(
        &self,
        kind: Kind,
        entry: EntryId,
        evaluate: impl FnOnce() -> Evaluation,
    ) -> Option<&Evaluation> {
        let place = self.constants.get(entry.0 as usize)?.get(kind as usize)?;
        Some(place.get_or_init(|| Box::new(evaluate())))
    }

    /// Reads the evaluation of this key: remembered, or made now.
    #[inline]
    pub(crate) fn read<R>(
        &self,
        key: Key,
        evaluate: impl FnOnce() -> Evaluation,
        read: impl FnOnce(&Evaluation) -> R,
    ) -> R {
        let hash = key.hash();
        let Some(slot) = self.slots.get(hash as usize & (SLOTS - 1)) else {
            return read(&evaluate());
        };
        if let Some(remembered) = &*slot.remembered.load()
            && remembered.key == key
        {
            if let Some(counts) = &self.counts {
                counts.group(hash).hits.fetch_add(1, Ordering::Relaxed);
            }
            return read(&remembered.evaluation);
        }
        if let Some(counts) = &self.counts {
            counts.group(hash).misses.fetch_add(1, Ordering::Relaxed);
        }
        let evaluation = evaluate();
        if slot.mark.load(Ordering::Relaxed) == hash {
            let remembered = Arc::new(Remembered { key, evaluation });
            let result = read(&remembered.evaluation);
            slot.remembered.store(Some(remembered));
            return result;
        }
        slot.mark.store(hash, Ordering::Relaxed);
        read(&evaluation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(fingerprint: u64) -> Key {
        Key {
            fingerprint,
            entry: EntryId(3),
            kind: Kind::Gate,
        }
    }

    fn evaluated(value: bool) -> Evaluation {
        Evaluation {
            value,
            ..Evaluation::default()
        }
    }

    #[test]
    fn the_third_ask_is_answered_from_memory() {
        let memo = Memo::new(&CompiledSpecs::default());
        for _ in 0..2 {
            assert!(memo.read(key(7), || evaluated(true), |evaluation| evaluation.value));
        }
        assert!(memo.read(key(7), || evaluated(false), |evaluation| evaluation.value));
    }

    #[test]
    fn hits_and_misses_are_counted_for_who_wants_to_know() {
        let counts = Arc::new(MemoCounts::default());
        let memo = Memo::new(&CompiledSpecs::default()).counting(Some(Arc::clone(&counts)));
        for _ in 0..5 {
            memo.read(key(7), || evaluated(true), |_| ());
        }
        memo.read(key(8), || evaluated(true), |_| ());
        assert_eq!(counts.so_far(), (3, 3));
    }

    #[test]
    fn another_user_or_kind_is_never_mistaken() {
        let memo = Memo::new(&CompiledSpecs::default());
        for _ in 0..3 {
            memo.read(key(7), || evaluated(true), |_| ());
        }
        let others = [
            key(8),
            Key {
                kind: Kind::Layer,
                ..key(7)
            },
            Key {
                entry: EntryId(4),
                ..key(7)
            },
        ];
        for other in others {
            assert!(!memo.read(other, || evaluated(false), |evaluation| evaluation.value));
        }
    }
}
