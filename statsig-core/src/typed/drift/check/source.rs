//! Findings about a whole source, or about the reference of a store's parameter.

use super::super::document::ParamDocument;
use super::super::report::{DriftKind, ServedBy};
use super::super::sources::{Candidate, SpecEntity, Store, kind_of};
use super::Check;
use crate::specs::compiled::Entity;
use crate::specs::possible_values::DecidingEntity;
use crate::typed::schema::ParamKind;

impl Check<'_> {
    pub(super) fn unknown_source(&mut self) {
        let name = &self.named.name;
        let (kind, found) = match kind_of(self.specs, name) {
            Some(other) => (DriftKind::OtherKind, format!("{other} {name:?}")),
            None => (DriftKind::UnknownSource, "none".to_owned()),
        };
        self.add(kind, format!("{} in the specs", self.named), found);
    }

    /// Checks a source as a whole.
    pub(super) fn source(&mut self, entity: &SpecEntity<'_>) {
        let SpecEntity::Rules(possible) = entity else {
            return;
        };
        let named = self.named;
        if let Some(own) = possible.entities.first() {
            let actual = own.entity.kind();
            // An autotune can be read as an experiment or as a config.
            if actual != named.kind && own.entity != Entity::Autotune {
                let expected = format!("{named} in the specs");
                let found = format!("{actual} {:?}", named.name);
                self.add(DriftKind::OtherKind, expected, found);
            }
            if !own.is_enabled {
                let expected = format!("{named} to be enabled");
                self.add(DriftKind::DisabledSource, expected, "it disabled");
            }
        }
        self.deciding(&possible.entities);
        for (origin, experiment) in &possible.unknown_delegates {
            let expected = format!("experiment {experiment:?} in the specs");
            let drift = self.drift(DriftKind::UnknownExperiment, expected, "none");
            self.drifts.push(drift.served_by([ServedBy::of(origin)]));
        }
    }

    /// Checks the entities that may decide. The first is the source itself, or what a store's
    /// parameter refers to.
    fn deciding(&mut self, entities: &[DecidingEntity<'_>]) {
        if let Some(own) = entities.first()
            && own.entity == Entity::Experiment
            && own.is_active == Some(false)
        {
            let expected = format!("experiment {:?} to be running", own.name);
            self.add(DriftKind::InactiveExperiment, expected, "it not running");
        }
        let Some(declared) = &self.document.id_type else {
            return;
        };
        for entity in entities {
            if declared.eq_ignore_ascii_case(entity.id_type) {
                continue;
            }
            let (kind, name) = (entity.entity.kind(), entity.name);
            let expected = format!("{kind} {name:?} to bucket by {declared}");
            let mut known = self.drifts.iter();
            if !known.any(|it| it.kind == DriftKind::WrongUnit && it.expected == expected) {
                let found = format!("bucketing by {}", entity.id_type);
                self.add(DriftKind::WrongUnit, expected, found);
            }
        }
    }

    /// The values that a store serves for a parameter. Returns `None` and reports it if there are
    /// none.
    pub(super) fn served_by_store<'a>(
        &mut self,
        store: &Store<'a>,
        param: &ParamDocument,
    ) -> Option<Vec<Candidate<'a>>> {
        let found = |name| Some((name, store.parameter(name)?));
        let Some((name, parameter)) = param.names().find_map(found) else {
            self.missing(param);
            return None;
        };
        if name != param.name {
            self.former_name(param, name, []);
        }
        self.declared_type(param, &parameter.param_type);
        let served = store.served(parameter);
        let Some((target, entity)) = store.target(parameter) else {
            return Some(served);
        };
        let (expected, found) = match entity {
            None => (
                format!("{target}, which the store's parameter refers to, in the specs"),
                "none",
            ),
            Some(_) if served.iter().all(|candidate| candidate.value.is_none()) => (
                format!("{target} to serve what the store's parameter refers to"),
                "no rule that does",
            ),
            Some(SpecEntity::Rules(possible)) => {
                self.deciding(&possible.entities);
                return Some(served);
            }
            Some(SpecEntity::Store(_)) => return Some(served),
        };
        let drift = self.drift(DriftKind::UnknownTarget, expected, found);
        self.drifts.push(drift.of(param));
        None
    }

    fn declared_type(&mut self, param: &ParamDocument, declared: &str) {
        let expected = match param.kind {
            ParamKind::Bool => "boolean",
            ParamKind::Integer | ParamKind::Number => "number",
            ParamKind::String => "string",
            ParamKind::Array => "array",
            ParamKind::Object => "object",
            ParamKind::Any => return,
        };
        if expected != declared {
            let expected = format!("the type {expected}");
            let drift = self.drift(DriftKind::WrongDeclaredType, expected, declared);
            self.drifts.push(drift.of(param));
        }
    }

    fn add(&mut self, kind: DriftKind, expected: String, found: impl Into<String>) {
        let drift = self.drift(kind, expected, found);
        self.drifts.push(drift);
    }
}
