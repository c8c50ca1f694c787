//! The evaluation cache: what was evaluated before, within one generation.

mod counts;
mod kept;
mod slots;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use once_cell::race::OnceBox;

pub use counts::MemoCounts;
use kept::KeptEvaluations;
use slots::{Place, SLOTS, Slot};

use super::result::Evaluation;
use crate::entity_kind::EntityKind;
use crate::hash::mix;
use crate::specs::compiled::{CompiledSpecs, EntryId};

/// The kinds that evaluations have: all but parameter stores.
const KINDS: usize = 4;

/// Remembers evaluations of one generation, without locks.
///
/// What is the same for everybody has a place of its own. Of users there is a table of fixed size, which says who got which of
/// the [kept evaluations](KeptEvaluations). There, only a user who asks again is worth remembering: the first miss leaves a mark
/// in its slot, the second an index. A user who never returns costs a load and a store.
///
/// A generation owns nothing but its number: the table is the client's, and the evaluations go with the specs, which generations
/// may share. So publishing and dropping one costs the same, whatever was remembered and however many threads there are.
#[derive(Debug)]
pub struct Memo {
    generation: u64,
    evaluations: Arc<Evaluations>,
    slots: Arc<[Slot]>,
    /// `None` when nobody wants to know.
    counts: Option<Arc<MemoCounts>>,
}

/// What was evaluated with one set of specs.
#[derive(Debug)]
struct Evaluations {
    /// Of two threads that evaluate one at the same time, neither waits for the other.
    constants: Box<[[OnceBox<Evaluation>; KINDS]]>,
    of_users: KeptEvaluations,
}

/// What the memos of one client share.
#[derive(Debug, Default)]
pub struct MemoHome {
    /// Allocated with the first specs.
    slots: OnceLock<Arc<[Slot]>>,
    generations: AtomicU64,
    counts: Option<Arc<MemoCounts>>,
}

impl MemoHome {
    /// Counts hits and misses here.
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
                of_users: KeptEvaluations::default(),
            }),
            slots,
            counts: self.counts.clone(),
        }
    }

    /// A memo for the next generation, with the specs of this one: evaluations stay what they are, but users may get others.
    pub fn next_with_same_specs(&self, memo: &Memo) -> Memo {
        Memo {
            generation: self.next_generation(),
            evaluations: Arc::clone(&memo.evaluations),
            slots: Arc::clone(&memo.slots),
            counts: self.counts.clone(),
        }
    }

    /// Never 0. 40 bits of it are used: enough for a generation each millisecond for thirty years.
    fn next_generation(&self) -> u64 {
        self.generations.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// Who was evaluated for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Of everything about the user that evaluation can see.
    pub fingerprint: u64,
    /// What was evaluated.
    pub entry: EntryId,
    /// As what it was evaluated.
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
    /// The evaluation of an entry that is the same for everybody: remembered, or made now.
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

    /// The evaluation of this key, if it is remembered.
    #[inline]
    #[must_use]
    pub fn get(&self, key: Key) -> Option<&Evaluation> {
        let hash = key.hash();
        let slot = self.slot(hash)?;
        let index = slot.index(self.generation, key.fingerprint);
        let of_users = &self.evaluations.of_users;
        let remembered = index.and_then(|index| of_users.get(index, key.entry, key.kind));
        if let Some(counts) = &self.counts {
            match remembered {
                Some(_) => counts.add_hit(hash),
                None => counts.add_miss(hash),
            }
        }
        remembered
    }

    /// Takes an evaluation that was not remembered. It is remembered if this key was added before.
    pub fn add(&self, key: Key, evaluation: &Evaluation) {
        let hash = key.hash();
        if let Some(slot) = self.slot(hash)
            && slot.is_marked(hash)
        {
            self.remember(slot, key, evaluation);
        }
    }

    /// `None` before there are specs.
    #[inline]
    fn slot(&self, hash: u64) -> Option<&Slot> {
        self.slots.get(hash as usize & (SLOTS - 1))
    }

    #[cold]
    fn remember(&self, slot: &Slot, key: Key, evaluation: &Evaluation) {
        let of_users = &self.evaluations.of_users;
        if let Some(index) = of_users.keep(key.entry, key.kind, evaluation) {
            let place = Place {
                generation: self.generation,
                index,
            };
            slot.remember(key.fingerprint, place);
        }
    }
}

#[cfg(test)]
mod tests;
