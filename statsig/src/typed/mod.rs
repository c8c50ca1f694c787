//! Typed parameters: a struct of your own, filled from a layer, parameter store, experiment or dynamic config.
//!
//! Derive [`StatsigParams`](macro@StatsigParams) for the struct; a client then hands it out as [`Typed`]. What the struct asks for is in
//! its [`Schema`]; what does not fit is told by [`ParamMismatch`] and [`ParamsError`].

mod bit_set;
mod constraint;
mod custom;
mod decode;
mod drift;
mod exposure_state;
mod flatten;
mod forced;
mod handle;
mod load;
mod misfit;
mod mismatch_log;
mod params;
mod reader;
mod registry;
mod report;
mod schema;
mod source;
#[cfg(test)]
#[cfg(feature = "macros")]
mod tests;
mod unit;
mod writer;

pub use constraint::{ParamLiteral, ParamRange};
pub use custom::{IntoWrongValue, Valid, decode_with, from_json, validated};
pub use decode::{FromParam, WrongValue};
pub use drift::{
    Drift, DriftKind, DriftSeverity, ParamDocument, PossibleParameter, PossibleValue,
    SchemaDocument, SchemaReport, ServedBy, SourceDocument,
};
pub use exposure_state::ExposureState;
pub use flatten::AllParams;
pub use forced::ParamsNotWritable;
pub use handle::{ParamOrigin, Typed};
pub use params::StatsigParams;
pub use reader::ParamReader;
#[cfg(feature = "registry")]
pub use registry::registered_schemas;
pub use report::{ParamMismatch, ParamProblem, ParamsError};
pub use schema::{
    ExposePolicy, OnMismatch, ParamKind, ParamSchema, ParamSource, Schema, SourceKind,
};
pub use source::{FieldMeta, ParamsMeta};
pub use unit::{Count, TimeUnit};
pub use writer::{ParamWriter, default_values, values_of};

pub(crate) use drift::{DriftLog, check, check_all, possible_id_types, possible_parameters};
#[cfg(any(test, feature = "testing"))]
pub(crate) use drift::{Variant, VariantValue, variants};
pub(crate) use forced::written;
pub(crate) use load::{load, try_load};
pub(crate) use mismatch_log::MismatchLog;
pub(crate) use source::ServedParams;

#[cfg(feature = "macros")]
#[doc = include_str!("derive_params.md")]
pub use statsig_macros::StatsigParams;

#[cfg(feature = "macros")]
#[doc = include_str!("derive_enum.md")]
pub use statsig_macros::ParamEnum;

#[cfg(feature = "registry")]
#[doc(hidden)]
pub use {inventory, registry::RegisteredSchema};
/// For generated code.
#[doc(hidden)]
pub use {serde::de::DeserializeOwned, serde_json::Value};
