//! Typed parameters: a struct of your own, filled from a layer, parameter store, experiment or
//! dynamic config.
//!
//! Derive `StatsigParams` for the struct; a client then returns it as
//! [`Typed`]. [`Schema`] describes what the struct asks for; [`ParamMismatch`] and [`ParamsError`]
//! say which values do not fit.

mod drift_log;
mod mismatch_log;

#[doc(inline)]
pub use statsig_core::typed::{
    AllParams, Count, Drift, DriftKind, DriftSeverity, ExposePolicy, ExposureState, FieldMeta,
    FromParam, IntoWrongValue, OnMismatch, ParamDocument, ParamKind, ParamLiteral, ParamMismatch,
    ParamOrigin, ParamProblem, ParamRange, ParamReader, ParamSchema, ParamSource, ParamWriter,
    ParamsError, ParamsMeta, ParamsNotWritable, PossibleParameter, PossibleValue, Schema,
    SchemaDocument, SchemaReport, ServedBy, SourceDocument, StatsigParams, TimeUnit, Typed, Valid,
    WrongValue, decode_with, default_values, from_json, validated, values_of,
};

#[cfg(feature = "registry")]
#[doc(inline)]
pub use statsig_core::typed::registered_schemas;
/// For generated code.
#[doc(hidden)]
pub use statsig_core::typed::{DeserializeOwned, Value, from_object};
#[cfg(feature = "registry")]
#[doc(hidden)]
pub use statsig_core::typed::{RegisteredSchema, inventory};

#[cfg(feature = "macros")]
#[doc = include_str!("derive_params.md")]
pub use statsig_macros::StatsigParams;

#[cfg(feature = "macros")]
#[doc = include_str!("derive_enum.md")]
pub use statsig_macros::ParamEnum;

pub(crate) use drift_log::DriftLog;
pub(crate) use mismatch_log::MismatchLog;
pub(crate) use statsig_core::typed::{
    DecidedBy, ServedParams, check, check_all, load, possible_id_types, possible_parameters,
    try_load, written,
};
#[cfg(any(test, feature = "testing"))]
pub(crate) use statsig_core::typed::{Variant, VariantValue, variants};
