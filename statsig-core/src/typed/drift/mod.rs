//! Drift between parameter structs and the console: the findings of a check of a schema against the
//! specs.
//!
//! [`sources`] lists the values that may be served for each parameter. [`value`] checks whether a
//! value fits. [`check`] combines both, and [`report`] holds the findings.

mod check;
mod document;
mod possible;
mod report;
mod sources;
#[cfg(test)]
mod tests;
mod value;
mod variants;

pub use document::{ParamDocument, SchemaDocument, SourceDocument};
pub use possible::{PossibleParameter, PossibleValue};
pub use report::{Drift, DriftKind, DriftSeverity, SchemaReport, ServedBy};

pub use check::{check, check_all};
pub use possible::{possible_id_types, possible_parameters};
pub use variants::{Variant, VariantValue, variants};
