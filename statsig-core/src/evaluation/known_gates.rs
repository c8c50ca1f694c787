//! The nested gates that an evaluation has already evaluated.

use super::result::Evaluation;
use crate::specs::compiled::{CompiledSpecs, EntryId};

/// Remembers nested gates. Within one evaluation, it remembers gates that refer to other gates;
/// otherwise shared gates would multiply the work. Within a series of evaluations, it remembers all
/// nested gates.
#[derive(Debug, Default)]
pub(super) struct KnownGates {
    /// The gates of the current evaluation.
    current: Vec<(EntryId, Evaluation)>,
    series: Option<SeriesGates>,
}

/// Gates that are valid for all evaluations of a series.
#[derive(Debug)]
struct SeriesGates {
    gates: Vec<Evaluation>,
    /// The position of each entry's gate in `gates`, counted from 1. 0 means none.
    places: Box<[u32]>,
}

impl KnownGates {
    /// Remembers gates for a series of evaluations with these specs.
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

    /// `is_contextual` means that the result may differ if another entity refers to the gate.
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

    /// Prepares for the next evaluation of a series.
    pub(super) fn next(&mut self) {
        self.current.clear();
    }
}
