//! Drift between parameter structs and the console: what a check of a schema against the specs finds.
//!
//! [`sources`] says what may be served for each parameter, [`value`] whether a value fits, [`check`] puts both together, and
//! [`report`] is what comes out.

mod check;
mod document;
mod log;
mod possible;
mod report;
mod schema_set;
mod sources;
#[cfg(test)]
mod tests;
mod value;
#[cfg(any(test, feature = "testing"))]
mod variants;

pub use document::{ParamDocument, RangeDocument, SchemaDocument, SourceDocument};
pub use possible::{PossibleParameter, PossibleValue};
pub use report::{Drift, DriftKind, DriftSeverity, SchemaReport, ServedBy};

pub(crate) use check::check;
pub(crate) use log::DriftLog;
pub(crate) use possible::{possible_id_types, possible_parameters};
pub(crate) use schema_set::{check_all, check_documents};
#[cfg(any(test, feature = "testing"))]
pub(crate) use variants::{Variant, VariantValue, variants};
