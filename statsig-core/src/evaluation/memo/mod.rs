//! The evaluation cache: the remembered evaluations of one generation.

mod counts;
mod kept;
mod slots;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use once_cell::race::OnceBox;

pub use counts::MemoCounts;
use kept::KeptEvaluations;
use slots::{SLOTS, Slot};

use super::result::Evaluation;
use crate::entity_kind::EntityKind;
use crate::hash::mix;
use crate::specs::compiled::{CompiledSpecs, EntryId};

/// The kinds of evaluations: all kinds except parameter stores.
const KINDS: usize = 4;

/// Remembers the evaluations of one generation, without locks.
///
/// Evaluations that are equal for all users have their own places. Users share a table of fixed
/// size, which maps a user to one of the kept evaluations. Only users who return are worth
/// remembering: the first miss marks the user's slot, and the second miss stores an index. A user
/// who never returns costs one load and one store.
///
/// A generation owns only its number. The client owns the table, and the specs own the evaluations;
/// several generations may share the specs. So publishing or dropping a generation has a constant
/// cost, independent of the number of evaluations and threads.
#[derive(Debug, Default)]
pub struct Memo {
    generation: u64,
    evaluations: Arc<Evaluations>,
    slots: Arc<[Slot]>,
    /// `None` if the counts have no reader.
    counts: Option<Arc<MemoCounts>>,
}

/// The evaluations with one set of specs.
#[derive(Debug, Default)]
struct Evaluations {
    /// Two threads may compute the same evaluation. Neither waits for the other.
    constants: Box<[[OnceBox<Evaluation>; KINDS]]>,
    of_users: KeptEvaluations,
}

/// The state that all memos of one client share.
#[derive(Debug, Default)]
pub struct MemoHome {
    /// Allocated with the first specs.
    slots: OnceLock<Arc<[Slot]>>,
    generations: AtomicU64,
    counts: Option<Arc<MemoCounts>>,
}

impl MemoHome {
    /// Counts hits and misses in these counters.
    #[must_use]
    pub fn counting(counts: Option<Arc<MemoCounts>>) -> Self {
        Self {
            counts,
            ..Self::default()
        }
    }

    /// A memo for the next generation, with these specs.
    pub fn next(&self, specs: &CompiledSpecs) -> Memo {
        let slots = if specs.entries.is_empty() {
            Arc::default()
        } else {
            Arc::clone(self.slots.get_or_init(|| slots::table().into()))
        };
        Memo {
            generation: self.next_generation(),
            evaluations: Arc::new(Evaluations {
                constants: specs.entries.iter().map(|_| Default::default()).collect(),
                ..Evaluations::default()
            }),
            slots,
            counts: self.counts.clone(),
        }
    }

    /// A memo for the next generation, with the same specs. The kept evaluations stay valid, but a
    /// user may now have another evaluation.
    pub fn next_with_same_specs(&self, memo: &Memo) -> Memo {
        Memo {
            generation: self.next_generation(),
            evaluations: Arc::clone(&memo.evaluations),
            slots: Arc::clone(&memo.slots),
            counts: self.counts.clone(),
        }
    }

    /// Never 0. The memo uses 40 bits of it, which is enough for one generation per millisecond for
    /// thirty years.
    fn next_generation(&self) -> u64 {
        self.generations.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// The user and the entity of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The fingerprint of all user data that evaluation can read.
    pub fingerprint: u64,
    /// The evaluated entity.
    pub entry: EntryId,
    /// The kind as which it was evaluated.
    pub kind: EntityKind,
}

impl Key {
    #[inline]
    fn hash(self) -> u64 {
        mix(
            self.fingerprint,
            (u64::from(self.entry.0) << 3) | self.kind as u64,
        )
    }
}

impl Memo {
    /// A memo that remembers nothing.
    #[must_use]
    pub fn off() -> Self {
        Self::default()
    }

    /// The evaluation of an entity that is equal for all users. It is remembered, or computed now.
    #[inline]
    pub fn constant(
        &self,
        kind: EntityKind,
        entry: EntryId,
        evaluate: impl FnOnce() -> Evaluation,
    ) -> Option<&Evaluation> {
        let constants = &self.evaluations.constants;
        let place = constants.get(entry.0 as usize)?.get(kind as usize)?;
        Some(place.get_or_init(|| Box::new(evaluate())))
    }

    /// The remembered evaluation of this key, if any.
    #[inline]
    #[must_use]
    pub fn get(&self, key: Key) -> Option<&Evaluation> {
        let hash = key.hash();
        let slot = self.slot(hash)?;
        let index = slot.index(self.generation, key.fingerprint);
        let of_users = &self.evaluations.of_users;
        let remembered = index.and_then(|index| of_users.get(index, key.entry, key.kind));
        if let Some(counts) = &self.counts {
            counts.add(remembered.is_some());
        }
        remembered
    }

    /// Adds an evaluation that was not remembered. The memo keeps it if this key was added before.
    pub fn add(&self, key: Key, evaluation: &Evaluation) {
        let hash = key.hash();
        if let Some(slot) = self.slot(hash)
            && slot.is_marked(hash)
        {
            self.remember(slot, key, evaluation);
        }
    }

    /// `None` without specs.
    #[inline]
    fn slot(&self, hash: u64) -> Option<&Slot> {
        self.slots.get(hash as usize & (SLOTS - 1))
    }

    #[cold]
    fn remember(&self, slot: &Slot, key: Key, evaluation: &Evaluation) {
        let of_users = &self.evaluations.of_users;
        if let Some(index) = of_users.keep(key.entry, key.kind, evaluation) {
            slot.remember(self.generation, key.fingerprint, index);
        }
    }
}

#[cfg(test)]
mod tests;
