//! The check of many structs at once.

use super::super::schema::Schema;
use super::check::{check, check_document};
use super::document::{SchemaDocument, SourceDocument};
use super::report::SchemaReport;
use crate::specs::compiled::CompiledSpecs;

/// Checks structs that belong together: what one of them reads of a source, no other needs to.
pub(crate) fn check_all(schemas: &[&Schema], specs: &CompiledSpecs) -> Vec<SchemaReport> {
    let documents: Vec<_> = schemas.iter().copied().map(SchemaDocument::from).collect();
    let is_read = |source: &SourceDocument, name: &str| reads(&documents, source, name);
    let reports = schemas.iter().map(|schema| check(schema, specs, &is_read));
    reports.collect()
}

/// The same for structs that are known by their documents only.
pub(crate) fn check_documents(
    documents: &[SchemaDocument],
    specs: &CompiledSpecs,
) -> Vec<SchemaReport> {
    let is_read = |source: &SourceDocument, name: &str| reads(documents, source, name);
    let reports = documents
        .iter()
        .map(|document| check_document(document, specs, &is_read));
    reports.collect()
}

fn reads(documents: &[SchemaDocument], source: &SourceDocument, name: &str) -> bool {
    documents
        .iter()
        .any(|document| document.reads(source, name))
}
