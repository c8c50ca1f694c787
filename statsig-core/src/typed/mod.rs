//! Typed parameters: a struct of the application, filled from a layer, parameter store, experiment,
//! dynamic config or gate.
//!
//! [`Schema`] describes a struct. [`load`] fills it from evaluated entities ([`ServedParams`]) and
//! returns it as [`Typed`]. Values that do not fit become [`ParamMismatch`] reports. [`check_all`]
//! compares structs with all values that the specs may serve.

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
mod params;
mod reader;
mod registry;
mod report;
mod schema;
mod served;
#[cfg(test)]
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
pub use schema::{ExposePolicy, OnMismatch, ParamKind, ParamSchema, ParamSource, Schema};
pub use served::{FieldMeta, ParamOrigin, ParamsMeta};
pub use unit::{Count, TimeUnit};
pub use values::{ParamsNotWritable, default_values, values_of};
pub use writer::ParamWriter;
pub use wrong_value::WrongValue;

pub use drift::{Variant, VariantValue, variants};
pub use drift::{check, check_all, possible_id_types, possible_parameters};
pub use load::{from_object, load, try_load};
pub use served::{DecidedBy, ServedParams};
pub use values::written;

#[cfg(test)]
use statsig_macros::{ParamEnum, StatsigParams};

#[cfg(feature = "registry")]
pub use {inventory, registry::RegisteredSchema};
/// For generated code.
pub use {serde::de::DeserializeOwned, serde_json::Value};
