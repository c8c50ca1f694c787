//! The nested gates that an evaluation has met already.

use super::result::Evaluation;
use crate::specs::compiled::{CompiledSpecs, EntryId};

/// Remembers nested gates: within one evaluation those that lead to others themselves, so that specs whose gates share
/// others do not multiply the work; within a series of evaluations all of them.
#[derive(Debug, Default)]
pub(super) struct KnownGates {
    /// Those that hold within the current evaluation.
    current: Vec<(EntryId, Evaluation)>,
    series: Option<SeriesGates>,
}

/// Gates that hold for all evaluations of a series.
#[derive(Debug)]
struct SeriesGates {
    gates: Vec<Evaluation>,
    /// Where each entry's gate stands in `gates`, counted from 1.
    places: Box<[u32]>,
}

impl KnownGates {
    /// For a series of evaluations with these specs.
    pub(super) fn of_series(specs: &CompiledSpecs) -> Self {
        Self {
            current: Vec::new(),
            series: Some(SeriesGates {
                gates: Vec::new(),
                places: vec![0; specs.entries.len()].into(),
            }),
        }
    }

    #[inline]
    pub(super) fn get(&self, gate: EntryId) -> Option<&Evaluation> {
        if let Some(series) = &self.series
            && let Some(place) = series.places.get(gate.0 as usize)
            && let Some(known) = series.gates.get((*place as usize).wrapping_sub(1))
        {
            return Some(known);
        }
        let known = self.current.iter().find(|(known, _)| *known == gate);
        known.map(|(_, evaluation)| evaluation)
    }

    /// `is_contextual`: it may come out otherwise where another entity refers to it.
    pub(super) fn add(
        &mut self,
        gate: EntryId,
        evaluation: &Evaluation,
        is_contextual: bool,
        leads_to_others: bool,
    ) {
        match &mut self.series {
            Some(series) if !is_contextual => {
                series.gates.push(evaluation.clone());
                if let Some(place) = series.places.get_mut(gate.0 as usize) {
                    // There are at most as many gates as entries.
                    *place = u32::try_from(series.gates.len()).unwrap_or(0);
                }
            }
            _ if leads_to_others => self.current.push((gate, evaluation.clone())),
            _ => {}
        }
    }

    /// Makes ready for the next evaluation of a series.
    pub(super) fn next(&mut self) {
        self.current.clear();
    }
}
