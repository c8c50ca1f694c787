//! Checks a struct against all values that the specs may serve.

mod absence;
mod source;

use serde_json::Value;

use super::document::{ParamDocument, SchemaDocument, SourceDocument};
use super::report::{Drift, DriftKind, DriftSeverity, SchemaReport};
use super::sources::{Candidate, SpecEntity, in_rules};
use super::value::{ValueDrift, equal};
use crate::entity_kind::EntityKind;
use crate::mask::shown_within;
use crate::specs::compiled::CompiledSpecs;

/// The maximum number of characters of a value in a report.
const MAX_FOUND_CHARS: usize = 80;

/// The maximum number of distinct wrong values of a parameter. Further values count with the last.
const MAX_DISTINCT_VALUES: usize = 5;

/// Checks structs that belong together. A parameter is not reported as unread if any of them reads
/// it.
pub fn check_all(documents: &[SchemaDocument], specs: &CompiledSpecs) -> Vec<SchemaReport> {
    let reports = documents
        .iter()
        .map(|document| check(document, documents, specs));
    reports.collect()
}

/// Checks one struct. A parameter is not reported as unread if any of the others reads it.
pub fn check(
    document: &SchemaDocument,
    others: &[SchemaDocument],
    specs: &CompiledSpecs,
) -> SchemaReport {
    let sources = document.sources();
    let mut drifts = Vec::new();
    for &named in &sources {
        let mut check = Check {
            document,
            named,
            others,
            specs,
            drifts: &mut drifts,
        };
        check.run();
    }
    SchemaReport {
        struct_name: document.struct_name.clone(),
        sources: sources.into_iter().cloned().collect(),
        drifts,
    }
}

/// The check of one struct against one of its sources.
struct Check<'a> {
    document: &'a SchemaDocument,
    /// The source, as the struct names it.
    named: &'a SourceDocument,
    others: &'a [SchemaDocument],
    specs: &'a CompiledSpecs,
    /// The findings, also those of sources checked before.
    drifts: &'a mut Vec<Drift>,
}

impl Check<'_> {
    fn run(&mut self) {
        let (document, named) = (self.document, self.named);
        let Some(entity) = SpecEntity::find(self.specs, named.kind, &named.name) else {
            self.unknown_source();
            return;
        };
        self.source(&entity);
        for param in &document.params {
            if named.kind != EntityKind::Gate && document.source_of(param) == Some(named) {
                self.param(&entity, param);
            }
        }
        if document.source.as_ref() == Some(named) {
            self.unread(&entity);
        }
    }

    fn param(&mut self, entity: &SpecEntity<'_>, param: &ParamDocument) {
        let served = match entity {
            SpecEntity::Store(store) => self.served_by_store(store, param),
            SpecEntity::Rules(possible) => {
                let names: Vec<_> = param.names().collect();
                Some(in_rules(possible, &names))
            }
        };
        let Some(served) = served else {
            return;
        };
        self.absences(param, &served);
        for candidate in &served {
            if let Some(value) = candidate.value
                && let Some(misfit) = param.drift(value)
            {
                self.wrong(param, value, candidate, misfit);
            }
        }
        let default = served
            .iter()
            .find(|candidate| candidate.is_default && candidate.served_by.name == self.named.name);
        if let Some(console) = default.and_then(|default| default.value)
            && let Some(code) = &param.default
            && !equal(console, code)
            && param.drift(console).is_none()
        {
            let code = shown_within(code, MAX_FOUND_CHARS);
            let expected = format!("the default of the code, {code}");
            let found = shown_within(console, MAX_FOUND_CHARS);
            let drift = self.drift(DriftKind::DefaultDiffers, expected, found);
            self.drifts.push(drift.of(param));
        }
    }

    fn wrong(
        &mut self,
        param: &ParamDocument,
        value: &Value,
        candidate: &Candidate<'_>,
        misfit: ValueDrift,
    ) {
        let field = format!("{}{}", param.field, misfit.path);
        let mut found = shown_within(value, MAX_FOUND_CHARS);
        if let Some(problem) = misfit.problem {
            found.push_str(&format!(" ({problem})"));
        }
        let is_same =
            |drift: &&mut Drift| drift.kind == misfit.kind && drift.field.as_ref() == Some(&field);
        let mut distinct = 0;
        for drift in self.drifts.iter_mut().filter(is_same) {
            distinct += 1;
            if drift.found == found || distinct == MAX_DISTINCT_VALUES {
                drift.add_rule(candidate.served_by.clone());
                return;
            }
        }
        let drift = self.drift(misfit.kind, misfit.expected, found);
        let mut drift = drift.of(param).served_by([candidate.served_by.clone()]);
        drift.field = Some(field);
        self.drifts.push(drift);
    }

    /// Reports parameters that no field reads. If several structs share a source, each parameter
    /// needs only one reader.
    fn unread(&mut self, entity: &SpecEntity<'_>) {
        let (document, named) = (self.document, self.named);
        for name in entity.parameters() {
            let is_read_elsewhere = || self.others.iter().any(|other| other.reads(named, name));
            if document.reads(named, name) || !document.deny_unknown && is_read_elsewhere() {
                continue;
            }
            let mut drift = self.drift(DriftKind::UnreadParameter, "a field that reads it", "none");
            drift.parameter = Some(name.to_owned());
            if document.deny_unknown {
                drift.severity = DriftSeverity::Error;
            }
            self.drifts.push(drift);
        }
    }

    fn drift(
        &self,
        kind: DriftKind,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Drift {
        Drift::new(kind, self.named, expected.into(), found.into())
    }
}
