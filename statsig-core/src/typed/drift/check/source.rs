//! Findings about a whole source, or about the reference of a store's parameter.

use super::super::document::{ParamDocument, SourceDocument};
use super::super::report::{Drift, DriftKind, ServedBy};
use super::super::sources::{Candidate, SpecEntity, Store, kind_of};
use super::Check;
use crate::specs::compiled::Entity;
use crate::specs::possible_values::{DecidingEntity, PossibleValues};
use crate::typed::schema::ParamKind;

impl Check<'_> {
    pub(super) fn unknown_source(&mut self, named: &SourceDocument) {
        let (kind, found) = match kind_of(self.specs, &named.name) {
            Some(other) => (DriftKind::OtherKind, format!("{other} {:?}", named.name)),
            None => (DriftKind::UnknownSource, "none".to_owned()),
        };
        self.add(kind, named, format!("{named} in the specs"), found);
    }

    /// Checks a source as a whole.
    pub(super) fn source(&mut self, named: &SourceDocument, source: &SpecEntity<'_>) {
        match source {
            SpecEntity::Gate(gate) => {
                self.id_type(named, named, self.specs.text(gate.id_type));
                if !gate.enabled {
                    self.disabled(named);
                }
            }
            SpecEntity::Rules(possible) => self.config_or_layer(named, possible),
            SpecEntity::Store(_) => {}
        }
    }

    pub(super) fn config_or_layer(
        &mut self,
        named: &SourceDocument,
        possible: &PossibleValues<'_>,
    ) {
        if let Some(own) = possible.entities.first() {
            let actual = own.entity.kind();
            // An autotune can be read as an experiment or as a config.
            if actual != named.kind && own.entity != Entity::Autotune {
                let found = format!("{actual} {:?}", named.name);
                self.add(
                    DriftKind::OtherKind,
                    named,
                    format!("{named} in the specs"),
                    found,
                );
            }
            if !own.is_enabled {
                self.disabled(named);
            }
            self.inactive(named, own);
        }
        self.id_types(named, &possible.entities);
        for (origin, experiment) in &possible.unknown_delegates {
            let expected = format!("experiment {experiment:?} in the specs");
            let drift = Drift::new(
                DriftKind::UnknownExperiment,
                named,
                expected,
                "none".to_owned(),
            );
            self.drifts.push(drift.served_by([ServedBy::of(origin)]));
        }
    }

    pub(super) fn disabled(&mut self, named: &SourceDocument) {
        let expected = format!("{named} to be enabled");
        self.add(
            DriftKind::DisabledSource,
            named,
            expected,
            "it disabled".to_owned(),
        );
    }

    pub(super) fn inactive(&mut self, named: &SourceDocument, entity: &DecidingEntity<'_>) {
        if entity.entity == Entity::Experiment && entity.is_active == Some(false) {
            let expected = format!("experiment {:?} to be running", entity.name);
            self.add(
                DriftKind::InactiveExperiment,
                named,
                expected,
                "it not running".to_owned(),
            );
        }
    }

    pub(super) fn id_types(&mut self, named: &SourceDocument, entities: &[DecidingEntity<'_>]) {
        for entity in entities {
            let deciding = SourceDocument {
                kind: entity.entity.kind(),
                name: entity.name.to_owned(),
            };
            self.id_type(named, &deciding, entity.id_type);
        }
    }

    pub(super) fn id_type(
        &mut self,
        named: &SourceDocument,
        deciding: &SourceDocument,
        id_type: &str,
    ) {
        let Some(declared) = &self.document.id_type else {
            return;
        };
        if !declared.eq_ignore_ascii_case(id_type) {
            let expected = format!("{deciding} to bucket by {declared}");
            let found = format!("bucketing by {id_type}");
            let is_known =
                |drift: &Drift| drift.kind == DriftKind::WrongUnit && drift.expected == expected;
            if !self.drifts.iter().any(is_known) {
                self.add(DriftKind::WrongUnit, named, expected, found);
            }
        }
    }

    /// The values that a store serves for a parameter. Returns `None` and reports it if there are
    /// none.
    pub(super) fn served_by_store<'p, 's>(
        &mut self,
        named: &SourceDocument,
        store: &Store<'s>,
        param: &'p ParamDocument,
    ) -> Option<Vec<(&'p str, Candidate<'s>)>> {
        let Some(name) = param.names().find(|name| store.has(name)) else {
            self.missing(named, param);
            return None;
        };
        if name != param.name {
            self.former_name(named, param, name, Vec::new());
        }
        self.declared_type(named, param, store.declared_type(name));
        let served = store.served(name);
        if let Some((target, source)) = store.target(name) {
            let is_served = served.iter().any(|candidate| candidate.value.is_some());
            match source {
                Some(_) if !is_served => {
                    let expected =
                        format!("{target} to serve what the store's parameter refers to");
                    let found = "no rule that does".to_owned();
                    let drift = Drift::new(DriftKind::UnknownTarget, named, expected, found);
                    self.drifts.push(drift.of(param));
                    return None;
                }
                None => {
                    let expected =
                        format!("{target}, which the store's parameter refers to, in the specs");
                    let drift =
                        Drift::new(DriftKind::UnknownTarget, named, expected, "none".to_owned());
                    self.drifts.push(drift.of(param));
                    return None;
                }
                Some(SpecEntity::Rules(possible)) => {
                    self.id_types(named, &possible.entities);
                    if let Some(own) = possible.entities.first() {
                        self.inactive(named, own);
                    }
                }
                Some(SpecEntity::Gate(gate)) => {
                    self.id_type(named, &target, self.specs.text(gate.id_type));
                }
                Some(SpecEntity::Store(_)) => {}
            }
        }
        let served = served.into_iter();
        Some(served.map(|candidate| (name, candidate)).collect())
    }

    fn declared_type(
        &mut self,
        named: &SourceDocument,
        param: &ParamDocument,
        declared: Option<&str>,
    ) {
        let expected = match param.kind {
            ParamKind::Bool => "boolean",
            ParamKind::Integer | ParamKind::Number => "number",
            ParamKind::String => "string",
            ParamKind::Array => "array",
            ParamKind::Object => "object",
            ParamKind::Any => return,
        };
        if let Some(declared) = declared
            && expected != declared
        {
            let (expected, found) = (format!("the type {expected}"), declared.to_owned());
            let drift = Drift::new(DriftKind::WrongDeclaredType, named, expected, found);
            self.drifts.push(drift.of(param));
        }
    }
}
