//! The check of a struct against everything that the specs may serve.

mod absence;
mod source;

use serde_json::Value;

use super::super::decode::WrongValue;
use super::super::schema::{Schema, SourceKind};
use super::document::{ParamDocument, SchemaDocument, SourceDocument};
use super::report::{Drift, DriftKind, DriftSeverity, SchemaReport};
use super::sources::{Candidate, SpecEntity};
use super::value::{ValueDrift, equal};
use crate::mask::shown_within;
use crate::specs::compiled::CompiledSpecs;

/// Characters of a value that a report shows.
const MAX_FOUND_CHARS: usize = 80;

/// Distinct wrong values of one parameter that are told apart; more are counted with the last.
const MAX_DISTINCT_VALUES: usize = 5;

/// Whether a parameter of somebody else's struct reads what no field of this struct reads.
pub(crate) type ReadElsewhere<'a> = &'a dyn Fn(&SourceDocument, &str) -> bool;

/// Checks a struct. Values are decoded as its fields would, so the check and a load agree.
pub(crate) fn check(
    schema: &Schema,
    specs: &CompiledSpecs,
    is_read_elsewhere: ReadElsewhere<'_>,
) -> SchemaReport {
    let document = SchemaDocument::from(schema);
    let decode =
        |index: usize, value: &Value| schema.params.get(index).map(|param| param.check(value));
    run(&document, &decode, specs, is_read_elsewhere)
}

/// Checks the document of a struct, as far as it tells: decoding of the struct's own is not in it.
pub(crate) fn check_document(
    document: &SchemaDocument,
    specs: &CompiledSpecs,
    is_read_elsewhere: ReadElsewhere<'_>,
) -> SchemaReport {
    run(document, &|_, _| None, specs, is_read_elsewhere)
}

/// What the field of an index says to a value; `None` if nobody can be asked.
type Decode<'a> = &'a dyn Fn(usize, &Value) -> Option<Result<(), WrongValue>>;

fn run(
    document: &SchemaDocument,
    decode: Decode<'_>,
    specs: &CompiledSpecs,
    is_read_elsewhere: ReadElsewhere<'_>,
) -> SchemaReport {
    let sources = document.sources();
    let mut check = Check {
        document,
        decode,
        specs,
        drifts: Vec::new(),
    };
    for named in &sources {
        let Some(source) = SpecEntity::find(specs, named.kind, &named.name) else {
            check.unknown_source(named);
            continue;
        };
        check.source(named, &source);
        for (index, param) in document.params.iter().enumerate() {
            if document.source_of(param) == Some(named) && named.kind != SourceKind::FeatureGate {
                check.param(named, &source, index, param);
            }
        }
        if document.source.as_ref() == Some(named) {
            check.unread(named, &source, is_read_elsewhere);
        }
    }
    SchemaReport {
        struct_name: document.struct_name.clone(),
        sources: sources.into_iter().cloned().collect(),
        drifts: check.drifts,
    }
}

struct Check<'a> {
    document: &'a SchemaDocument,
    decode: Decode<'a>,
    specs: &'a CompiledSpecs,
    drifts: Vec<Drift>,
}

impl Check<'_> {
    fn param(
        &mut self,
        named: &SourceDocument,
        source: &SpecEntity<'_>,
        index: usize,
        param: &ParamDocument,
    ) {
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
                && let Some(misfit) = self.misfit(index, param, value)
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
            && self.misfit(index, param, console).is_none()
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

    fn misfit(&self, index: usize, param: &ParamDocument, value: &Value) -> Option<ValueDrift> {
        match (self.decode)(index, value) {
            None => param.drift(value),
            Some(Ok(())) => None,
            Some(Err(wrong)) => Some(param.drift_by_decoding(value, wrong)),
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

    /// Parameters that no field reads. Where several structs share a source, each may leave some to the others.
    fn unread(
        &mut self,
        named: &SourceDocument,
        source: &SpecEntity<'_>,
        is_read_elsewhere: ReadElsewhere<'_>,
    ) {
        let document = self.document;
        for name in source.parameters() {
            if document.reads(named, name) {
                continue;
            }
            if !document.deny_unknown && is_read_elsewhere(named, name) {
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
