//! Drift between parameter structs and the console: what a check of a schema against the specs finds.
//!
//! [`sources`] says what may be served for each parameter, [`value`] whether a value fits, [`check`] puts both together, and
//! [`report`] is what comes out.

mod check;
mod document;
mod log;
mod possible;
mod report;
mod sources;
#[cfg(test)]
mod tests;
mod value;
#[cfg(any(test, feature = "testing"))]
mod variants;

pub use document::{ParamDocument, SchemaDocument, SourceDocument};
pub use possible::{PossibleParameter, PossibleValue};
pub use report::{Drift, DriftKind, DriftSeverity, SchemaReport, ServedBy};

pub(crate) use check::{check, check_all};
pub(crate) use log::DriftLog;
pub(crate) use possible::{possible_id_types, possible_parameters};
#[cfg(any(test, feature = "testing"))]
pub(crate) use variants::{Variant, VariantValue, variants};
