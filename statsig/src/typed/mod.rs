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
mod handle;
mod load;
mod misfit;
mod mismatch_log;
mod params;
mod reader;
mod registry;
mod report;
mod schema;
mod served;
#[cfg(test)]
#[cfg(feature = "macros")]
mod tests;
mod unit;
mod values;
mod writer;
mod wrong_value;

pub use constraint::{ParamLiteral, ParamRange};
pub use custom::{IntoWrongValue, Valid, decode_with, from_json, validated};
pub use decode::FromParam;
pub use drift::{
    Drift, DriftKind, DriftSeverity, ParamDocument, PossibleParameter, PossibleValue,
    SchemaDocument, SchemaReport, ServedBy, SourceDocument,
};
pub use exposure_state::ExposureState;
pub use flatten::AllParams;
pub use handle::Typed;
pub use params::StatsigParams;
pub use reader::ParamReader;
#[cfg(feature = "registry")]
pub use registry::registered_schemas;
pub use report::{ParamMismatch, ParamProblem, ParamsError};
pub use schema::{
    ExposePolicy, OnMismatch, ParamKind, ParamSchema, ParamSource, Schema, SourceKind,
};
pub use served::{FieldMeta, ParamOrigin, ParamsMeta};
pub use unit::{Count, TimeUnit};
pub use values::{ParamsNotWritable, default_values, values_of};
pub use writer::ParamWriter;
pub use wrong_value::WrongValue;

pub(crate) use drift::{DriftLog, check, check_all, possible_id_types, possible_parameters};
#[cfg(any(test, feature = "testing"))]
pub(crate) use drift::{Variant, VariantValue, variants};
pub(crate) use load::{load, try_load};
pub(crate) use mismatch_log::MismatchLog;
pub(crate) use served::ServedParams;
pub(crate) use values::written;

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
