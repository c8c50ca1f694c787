//! The evaluations of a response.

use super::selection::Selection;
use crate::entity_kind::EntityKind;
use crate::evaluation::{Evaluation, Outcome, Series};
use crate::specs::compiled::{CompiledSpecs, Entity, EntryId};
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
            is_stopped: false,
        };
        let listing = specs.listing();
        let mut evaluated = Self {
            gates: Vec::with_capacity(listing.gates.len()),
            configs: Vec::with_capacity(listing.configs.len()),
            layers: Vec::with_capacity(listing.layers.len()),
        };
        for id in &listing.gates {
            let gate = evaluating.spec(EntityKind::Gate, *id);
            evaluated.gates.extend(gate);
        }
        for id in &listing.configs {
            // A contextual bandit wins over the spec of the same name.
            let config = evaluating.cmab(*id);
            let config = config.or_else(|| evaluating.spec(EntityKind::Experiment, *id));
            evaluated.configs.extend(config);
        }
        for id in &listing.layers {
            let layer = evaluating.spec(EntityKind::Layer, *id);
            evaluated.layers.extend(layer);
        }
        (!evaluating.is_stopped).then_some(evaluated)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Item> {
        self.gates.iter().chain(&self.configs).chain(&self.layers)
    }
}

struct Evaluating<'e, 'a> {
    specs: &'e CompiledSpecs,
    selection: &'e Selection<'e>,
    series: &'e mut Series<'a>,
    /// A limit stopped an evaluation.
    is_stopped: bool,
}

/// `None` means that an entity is left out.
impl Evaluating<'_, '_> {
    fn spec(&mut self, kind: EntityKind, id: EntryId) -> Option<Item> {
        let entry = self.specs.entry(id)?;
        let spec = self.specs.spec(entry.spec(kind)?)?;
        if !self.selection.includes(self.specs.text(entry.name), spec) {
            return None;
        }
        let kind = match kind {
            EntityKind::Experiment if spec.entity == Entity::DynamicConfig => {
                EntityKind::DynamicConfig
            }
            kind => kind,
        };
        let evaluation = self.evaluate(kind, id)?;
        let is_kept = self.selection.keeps(spec.entity, &evaluation);
        is_kept.then_some(Item {
            name: entry.name,
            entity: spec.entity,
            is_cmab: false,
            evaluation,
        })
    }

    fn cmab(&mut self, id: EntryId) -> Option<Item> {
        let entry = self.specs.entry(id)?;
        let cmab = self.specs.cmab(entry.cmab?)?;
        let name = self.specs.text(entry.name);
        let target_app_ids = cmab.target_app_ids.as_deref();
        if !self.selection.includes_cmab(name, target_app_ids) {
            return None;
        }
        Some(Item {
            name: entry.name,
            entity: Entity::Autotune,
            is_cmab: true,
            evaluation: self.evaluate(EntityKind::Experiment, id)?,
        })
    }

    /// After a limit stopped an evaluation, nothing more is evaluated.
    fn evaluate(&mut self, kind: EntityKind, id: EntryId) -> Option<Evaluation> {
        if self.is_stopped {
            return None;
        }
        let evaluation = self.series.evaluate(kind, id);
        self.is_stopped = evaluation.outcome == Outcome::TooDeep;
        (!self.is_stopped).then_some(evaluation)
    }
}
