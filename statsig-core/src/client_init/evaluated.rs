//! The evaluations of a response.

use super::selection::Selection;
use crate::entity_kind::EntityKind;
use crate::evaluation::{Evaluation, Outcome, Series};
use crate::specs::compiled::{CmabId, CompiledSpecs, Entity, EntryId, SpecId};
use crate::specs::symbols::Symbol;

/// All entities of a response, sorted by name.
#[derive(Debug, Default)]
pub(super) struct Evaluated {
    pub(super) gates: Vec<Item>,
    /// Dynamic configs, experiments, autotunes and contextual bandits.
    pub(super) configs: Vec<Item>,
    pub(super) layers: Vec<Item>,
}

/// One entity with its evaluation.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) name: Symbol,
    pub(super) entity: Entity,
    pub(super) is_cmab: bool,
    pub(super) evaluation: Evaluation,
}

impl Evaluated {
    /// `None` if a limit stops an evaluation.
    pub(super) fn new(
        specs: &CompiledSpecs,
        selection: &Selection<'_>,
        series: &mut Series<'_>,
    ) -> Option<Self> {
        let mut evaluating = Evaluating {
            specs,
            selection,
            series,
        };
        let listing = specs.listing();
        let mut evaluated = Self {
            gates: Vec::with_capacity(listing.gates.len()),
            configs: Vec::with_capacity(listing.configs.len()),
            layers: Vec::with_capacity(listing.layers.len()),
        };
        for (id, spec) in &listing.gates {
            let item = evaluating.spec(EntityKind::Gate, *id, *spec)?;
            evaluated.gates.extend(item);
        }
        for (id, source) in &listing.configs {
            // A contextual bandit wins over the spec of the same name.
            let mut item = evaluating.cmab(*id, source.cmab)?;
            if let (None, Some(spec)) = (&item, source.spec) {
                item = evaluating.spec(EntityKind::Experiment, *id, spec)?;
            }
            evaluated.configs.extend(item);
        }
        for (id, spec) in &listing.layers {
            let item = evaluating.spec(EntityKind::Layer, *id, *spec)?;
            evaluated.layers.extend(item);
        }
        Some(evaluated)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Item> {
        self.gates.iter().chain(&self.configs).chain(&self.layers)
    }
}

struct Evaluating<'e, 'a> {
    specs: &'e CompiledSpecs,
    selection: &'e Selection<'e>,
    series: &'e mut Series<'a>,
}

/// The outer `None` means that a limit stopped an evaluation. The inner `None` means that an entity
/// is left out.
impl Evaluating<'_, '_> {
    fn spec(&mut self, kind: EntityKind, id: EntryId, spec: SpecId) -> Option<Option<Item>> {
        let (Some(entry), Some(spec)) = (self.specs.entry(id), self.specs.spec(spec)) else {
            return Some(None);
        };
        if !self.selection.includes(self.specs.text(entry.name), spec) {
            return Some(None);
        }
        let kind = match kind {
            EntityKind::Experiment if spec.entity == Entity::DynamicConfig => {
                EntityKind::DynamicConfig
            }
            kind => kind,
        };
        let evaluation = self.evaluate(kind, id)?;
        if !self.selection.keeps(spec.entity, &evaluation) {
            return Some(None);
        }
        Some(Some(Item {
            name: entry.name,
            entity: spec.entity,
            is_cmab: false,
            evaluation,
        }))
    }

    fn cmab(&mut self, id: EntryId, cmab: Option<CmabId>) -> Option<Option<Item>> {
        let cmab = cmab.and_then(|cmab| self.specs.cmab(cmab));
        let (Some(entry), Some(cmab)) = (self.specs.entry(id), cmab) else {
            return Some(None);
        };
        let name = self.specs.text(entry.name);
        let target_app_ids = cmab.target_app_ids.as_deref();
        if !self.selection.includes_cmab(name, target_app_ids) {
            return Some(None);
        }
        let evaluation = self.evaluate(EntityKind::Experiment, id)?;
        Some(Some(Item {
            name: entry.name,
            entity: Entity::Autotune,
            is_cmab: true,
            evaluation,
        }))
    }

    fn evaluate(&mut self, kind: EntityKind, id: EntryId) -> Option<Evaluation> {
        let evaluation = self.series.evaluate(kind, id);
        (evaluation.outcome != Outcome::TooDeep).then_some(evaluation)
    }
}
