//! Checks a struct against all values that the specs may serve.

mod absence;
mod source;

use serde_json::Value;

use super::document::{ParamDocument, SchemaDocument, SourceDocument};
use super::report::{Drift, DriftKind, DriftSeverity, SchemaReport};
use super::sources::{Candidate, SpecEntity};
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
    let mut check = Check {
        others,
        document,
        specs,
        drifts: Vec::new(),
    };
    check.run();
    SchemaReport {
        struct_name: document.struct_name.clone(),
        sources: document.sources().into_iter().cloned().collect(),
        drifts: check.drifts,
    }
}

/// The check of one struct.
struct Check<'a> {
    others: &'a [SchemaDocument],
    document: &'a SchemaDocument,
    specs: &'a CompiledSpecs,
    drifts: Vec<Drift>,
}

impl Check<'_> {
    fn run(&mut self) {
        let document = self.document;
        for named in document.sources() {
            let Some(entity) = SpecEntity::find(self.specs, named.kind, &named.name) else {
                self.unknown_source(named);
                continue;
            };
            self.source(named, &entity);
            let params = document.params.iter();
            for param in params.filter(|param| document.source_of(param) == Some(named)) {
                if named.kind != EntityKind::Gate {
                    self.param(named, &entity, param);
                }
            }
            if document.source.as_ref() == Some(named) {
                self.unread(named, &entity);
            }
        }
    }

    fn param(&mut self, named: &SourceDocument, source: &SpecEntity<'_>, param: &ParamDocument) {
        let served = match source {
            SpecEntity::Store(store) => self.served_by_store(named, store, param),
            source => Some(source.served(param)),
        };
        let Some(served) = served else {
            return;
        };
        self.absences(named, param, &served);
        for (_, candidate) in &served {
            if let Some(value) = candidate.value
                && let Some(misfit) = param.drift(value)
            {
                self.wrong(named, param, value, candidate, misfit);
            }
        }
        let default = served
            .iter()
            .find(|(_, candidate)| candidate.is_default && candidate.served_by.name == named.name);
        if let Some((_, default)) = default
            && let (Some(console), Some(code)) = (default.value, &param.default)
            && !equal(console, code)
            && param.drift(console).is_none()
        {
            let expected = format!(
                "the default of the code, {}",
                shown_within(code, MAX_FOUND_CHARS)
            );
            let found = shown_within(console, MAX_FOUND_CHARS);
            let drift = Drift::new(DriftKind::DefaultDiffers, named, expected, found);
            self.drifts.push(drift.of(param));
        }
    }

    fn wrong(
        &mut self,
        named: &SourceDocument,
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
        let drift = Drift::new(misfit.kind, named, misfit.expected, found).of(param);
        let drift = Drift {
            field: Some(field),
            ..drift
        };
        self.drifts
            .push(drift.served_by([candidate.served_by.clone()]));
    }

    /// Reports parameters that no field reads. If several structs share a source, each parameter
    /// needs only one reader.
    fn unread(&mut self, named: &SourceDocument, source: &SpecEntity<'_>) {
        let document = self.document;
        for name in source.parameters() {
            if document.reads(named, name) {
                continue;
            }
            let is_read_elsewhere = || self.others.iter().any(|other| other.reads(named, name));
            if !document.deny_unknown && is_read_elsewhere() {
                continue;
            }
            let expected = "a field that reads it".to_owned();
            let mut drift = Drift::new(
                DriftKind::UnreadParameter,
                named,
                expected,
                "none".to_owned(),
            );
            drift.parameter = Some(name.to_owned());
            if document.deny_unknown {
                drift.severity = DriftSeverity::Error;
            }
            self.drifts.push(drift);
        }
    }

    fn add(&mut self, kind: DriftKind, source: &SourceDocument, expected: String, found: String) {
        self.drifts.push(Drift::new(kind, source, expected, found));
    }
}
