//! The meaning of fields and of the values of attributes, independent of syntax.

use proc_macro2::{Span, TokenStream};
use syn::{Expr, Ident, LitStr, Path, Type, Visibility};

use crate::literal::Literal;

/// The entity that values come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParamSource {
    pub(crate) kind: EntityKind,
    pub(crate) name: String,
}

/// The kinds of `statsig::EntityKind`. A crate of macros cannot depend on the crate with that type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntityKind {
    Layer,
    ParameterStore,
    Experiment,
    DynamicConfig,
    Gate,
}

/// The attributes that name a source. A gate has one value and no parameters, so only a field can
/// have a gate as its source.
pub(crate) const SOURCES: [(&str, EntityKind); 5] = [
    ("layer", EntityKind::Layer),
    ("param_store", EntityKind::ParameterStore),
    ("experiment", EntityKind::Experiment),
    ("config", EntityKind::DynamicConfig),
    ("gate", EntityKind::Gate),
];

/// When parameters are exposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expose {
    Access,
    Read,
    Load,
    Manual,
}

/// The policies by the names that `expose` accepts.
pub(crate) const POLICIES: [(&str, Expose); 4] = [
    ("access", Expose::Access),
    ("read", Expose::Read),
    ("load", Expose::Load),
    ("manual", Expose::Manual),
];

/// What happens when a served value does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnMismatch {
    Default,
    Warn,
    PanicInTests,
}

/// The choices by the names that `on_mismatch` accepts.
pub(crate) const ON_MISMATCH: [(&str, OnMismatch); 3] = [
    ("default", OnMismatch::Default),
    ("warn", OnMismatch::Warn),
    ("panic_in_tests", OnMismatch::PanicInTests),
];

/// The unit of a number that becomes a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeUnit {
    Milliseconds,
    Seconds,
    Minutes,
    Hours,
}

/// The units by the names that `unit` accepts.
pub(crate) const UNITS: [(&str, TimeUnit); 4] = [
    ("ms", TimeUnit::Milliseconds),
    ("s", TimeUnit::Seconds),
    ("m", TimeUnit::Minutes),
    ("h", TimeUnit::Hours),
];

/// The identifier of a variant that has the same name in `statsig::typed`.
pub(crate) fn variant(value: impl std::fmt::Debug) -> Ident {
    Ident::new(&format!("{value:?}"), Span::call_site())
}

pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    pub(crate) docs: Vec<LitStr>,
    /// `#[deprecated]`, repeated on the accessor.
    pub(crate) deprecated: TokenStream,
    pub(crate) default: Fallback,
    pub(crate) role: Role,
}

impl Field {
    pub(crate) fn param(&self) -> Option<&Param> {
        match &self.role {
            Role::Param(param) => Some(param),
            Role::Skipped | Role::Flattened => None,
        }
    }
}

/// The role of a field in the struct.
pub(crate) enum Role {
    /// Not a parameter.
    Skipped,
    /// A struct whose parameters belong to this struct.
    Flattened,
    Param(Box<Param>),
}

/// How to read a field.
pub(crate) struct Param {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    /// `None` means the struct's.
    pub(crate) source: Option<ParamSource>,
    /// `None` means the struct's.
    pub(crate) expose: Option<Expose>,
    pub(crate) decode: Decode,
    pub(crate) validate: Option<Path>,
    pub(crate) constraints: Constraints,
}

/// The restrictions on a value besides its type.
pub(crate) struct Constraints {
    pub(crate) range: Option<Range>,
    pub(crate) clamp: bool,
    pub(crate) one_of: Vec<Literal>,
    pub(crate) non_empty: bool,
}

/// The conversion from JSON to the field's type.
pub(crate) enum Decode {
    /// The type's `FromParam`.
    Type,
    /// The type's `serde::Deserialize`.
    Json,
    /// A module in the form of serde's `with`.
    Module(Path),
    /// A function.
    Function(Path),
    /// A number that becomes a `Duration`.
    Unit(TimeUnit),
    /// An object that is read field by field.
    Nested,
}

/// The allowed numbers.
pub(crate) struct Range {
    pub(crate) min: Option<Expr>,
    pub(crate) max: Option<Expr>,
    pub(crate) excludes_max: bool,
    pub(crate) is_float: bool,
}

/// The value of a field when nothing is served.
pub(crate) enum Fallback {
    /// `None`, for options without a default.
    Absent,
    /// The field of `Self::default()`.
    Container,
    /// `Default::default()`.
    Trait,
    /// The defaults of the fields of a nested struct.
    Inner,
    /// An expression.
    Expr(Box<Expr>),
    /// The result of a function.
    Function(Path),
}
