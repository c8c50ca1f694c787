//! The check of a struct against everything that the specs may serve.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::decode::WrongValue;
use super::super::misfit::shorten;
use super::super::schema::{ParamKind, Schema, SourceKind};
use super::document::{ParamDocument, SchemaDocument, SourceDocument};
use super::report::{Drift, DriftKind, DriftSeverity, MAX_NAMED_RULES, SchemaReport, ServedBy};
use super::sources::{Candidate, Source, Store, kind_of};
use super::value::{Misfit, equal};
use crate::specs::compiled::{CompiledSpecs, Entity};
use crate::specs::servings::{ServingEntity, Servings};

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
        let Some(source) = Source::find(specs, named.kind, &named.name) else {
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
    fn unknown_source(&mut self, named: &SourceDocument) {
        let (kind, found) = match kind_of(self.specs, &named.name) {
            Some(other) => (DriftKind::OtherKind, format!("a {other} of that name")),
            None => (DriftKind::UnknownSource, "none".to_owned()),
        };
        self.add(kind, named, format!("{named} in the specs"), found);
    }

    /// What concerns a source as a whole.
    fn source(&mut self, named: &SourceDocument, source: &Source<'_>) {
        match source {
            Source::Gate(gate) => {
                self.id_type(named, named, self.specs.text(gate.id_type));
                if !gate.enabled {
                    self.disabled(named);
                }
            }
            Source::Holder(servings) => self.holder(named, servings),
            Source::Store(_) => {}
        }
    }

    fn holder(&mut self, named: &SourceDocument, servings: &Servings<'_>) {
        if let Some(own) = servings.entities.first() {
            let actual = SourceKind::of(own.entity);
            // An autotune is read as either.
            if actual != named.kind && own.entity != Entity::Autotune {
                let found = format!("a {actual} of that name");
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
        self.id_types(named, &servings.entities);
        for (place, experiment) in &servings.unknown_delegates {
            let expected = format!("experiment {experiment:?} in the specs");
            let drift = Drift::new(
                DriftKind::UnknownExperiment,
                named,
                expected,
                "none".to_owned(),
            );
            self.drifts.push(drift.served_by([ServedBy::of(place)]));
        }
    }

    fn disabled(&mut self, named: &SourceDocument) {
        let expected = format!("{named} to be enabled");
        self.add(
            DriftKind::DisabledSource,
            named,
            expected,
            "it disabled".to_owned(),
        );
    }

    fn inactive(&mut self, named: &SourceDocument, entity: &ServingEntity<'_>) {
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

    fn id_types(&mut self, named: &SourceDocument, entities: &[ServingEntity<'_>]) {
        for entity in entities {
            let deciding = SourceDocument {
                kind: SourceKind::of(entity.entity),
                name: entity.name.to_owned(),
            };
            self.id_type(named, &deciding, entity.id_type);
        }
    }

    fn id_type(&mut self, named: &SourceDocument, deciding: &SourceDocument, id_type: &str) {
        let Some(declared) = &self.document.id_type else {
            return;
        };
        if !declared.eq_ignore_ascii_case(id_type) {
            let expected = format!("{deciding} to count by {declared}");
            let found = format!("it counting by {id_type}");
            let is_known =
                |drift: &Drift| drift.kind == DriftKind::WrongUnit && drift.expected == expected;
            if !self.drifts.iter().any(is_known) {
                self.add(DriftKind::WrongUnit, named, expected, found);
            }
        }
    }

    fn param(
        &mut self,
        named: &SourceDocument,
        source: &Source<'_>,
        index: usize,
        param: &ParamDocument,
    ) {
        let served = match source {
            Source::Store(store) => self.served_by_store(named, store, param),
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
                shorten(code, MAX_FOUND_CHARS)
            );
            let found = shorten(console, MAX_FOUND_CHARS);
            let drift = Drift::new(DriftKind::DefaultDiffers, named, expected, found);
            self.drifts.push(drift.of(param));
        }
    }

    /// What a store serves for a parameter; `None` if nothing, which is reported.
    fn served_by_store<'p, 's>(
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
                Some(Source::Holder(servings)) => {
                    self.id_types(named, &servings.entities);
                    if let Some(own) = servings.entities.first() {
                        self.inactive(named, own);
                    }
                }
                Some(Source::Gate(gate)) => {
                    self.id_type(named, &target, self.specs.text(gate.id_type));
                }
                Some(Source::Store(_)) => {}
            }
        }
        let served = served.into_iter();
        Some(served.map(|candidate| (name, candidate)).collect())
    }

    fn misfit(&self, index: usize, param: &ParamDocument, value: &Value) -> Option<Misfit> {
        match (self.decode)(index, value) {
            None => param.misfit(value),
            Some(Ok(())) => None,
            Some(Err(wrong)) => Some(param.misfit_by_decoding(value, wrong)),
        }
    }

    fn wrong(
        &mut self,
        named: &SourceDocument,
        param: &ParamDocument,
        value: &Value,
        candidate: &Candidate<'_>,
        misfit: Misfit,
    ) {
        let field = format!("{}{}", param.field, misfit.path);
        let mut found = shorten(value, MAX_FOUND_CHARS);
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

    /// Places that do not serve the parameter, or under an older name.
    fn absences(
        &mut self,
        named: &SourceDocument,
        param: &ParamDocument,
        served: &[(&str, Candidate<'_>)],
    ) {
        let has_value = |candidate: &Candidate<'_>| candidate.value.is_some();
        if !served.iter().any(|(_, candidate)| has_value(candidate)) {
            self.missing(named, param);
            return;
        }
        let by = |is_meant: &dyn Fn(&str, &Candidate<'_>) -> bool| -> Vec<ServedBy> {
            let meant = served
                .iter()
                .filter(|(name, candidate)| is_meant(name, candidate));
            meant
                .map(|(_, candidate)| candidate.served_by.clone())
                .collect()
        };
        if named.kind != SourceKind::ParameterStore {
            let former = by(&|name, candidate| name != param.name && has_value(candidate));
            let names: BTreeSet<_> = served.iter().map(|(name, _)| *name).collect();
            if let (false, Some(name)) = (
                former.is_empty(),
                names.into_iter().find(|name| *name != param.name),
            ) {
                self.former_name(named, param, name, former);
            }
        }
        let is_optional = param.nullable && !param.has_default;
        let lacking = by(&|_, candidate| !candidate.is_outside && !has_value(candidate));
        if !is_optional && !lacking.is_empty() {
            let inside = served
                .iter()
                .filter(|(_, candidate)| !candidate.is_outside)
                .count();
            let found = format!("none in {} of {inside} rules", lacking.len());
            let expected = format!("{} in every rule", param.expectation());
            let drift = Drift::new(DriftKind::PartlyMissing, named, expected, found);
            self.drifts.push(drift.of(param).served_by(lacking));
        }
    }

    fn missing(&mut self, named: &SourceDocument, param: &ParamDocument) {
        let expected = format!("{} in {named}", param.expectation());
        let drift = Drift::new(
            DriftKind::MissingParameter,
            named,
            expected,
            "none".to_owned(),
        );
        self.drifts.push(drift.of(param));
    }

    fn former_name(
        &mut self,
        named: &SourceDocument,
        param: &ParamDocument,
        name: &str,
        served_by: Vec<ServedBy>,
    ) {
        let (expected, found) = (format!("the name {:?}", param.name), format!("{name:?}"));
        let drift = Drift::new(DriftKind::FormerName, named, expected, found);
        self.drifts.push(drift.of(param).served_by(served_by));
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

    /// Parameters that no field reads. Where several structs share a source, each may leave some to the others.
    fn unread(
        &mut self,
        named: &SourceDocument,
        source: &Source<'_>,
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

impl Drift {
    fn new(kind: DriftKind, source: &SourceDocument, expected: String, found: String) -> Self {
        Self {
            kind,
            severity: kind.severity(),
            source: source.clone(),
            field: None,
            parameter: None,
            expected,
            found,
            served_by: Vec::new(),
            more_rules: 0,
        }
    }

    fn of(mut self, param: &ParamDocument) -> Self {
        self.field = Some(param.field.clone());
        self.parameter = Some(param.name.clone());
        self
    }

    fn served_by(mut self, rules: impl IntoIterator<Item = ServedBy>) -> Self {
        for rule in rules {
            self.add_rule(rule);
        }
        self
    }

    fn add_rule(&mut self, rule: ServedBy) {
        if self.served_by.len() < MAX_NAMED_RULES {
            self.served_by.push(rule);
        } else {
            self.more_rules += 1;
        }
    }
}
