//! What `#[derive(StatsigParams)]` means, free of syntax.

use proc_macro2::{Span, TokenStream};
use syn::{Expr, Generics, Ident, LitStr, Path, Type, Visibility};

/// A struct of parameters.
pub(crate) struct Params {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) generics: Generics,
    /// The path of the `statsig` crate.
    pub(crate) krate: Path,
    pub(crate) source: Source,
    pub(crate) expose: Expose,
    /// Where it says that fields without a default of their own take it from `Self::default()`.
    pub(crate) container_default: Option<Span>,
    pub(crate) fields: Vec<Field>,
}

/// The entity that the values come from.
pub(crate) struct Source {
    pub(crate) kind: SourceKind,
    pub(crate) name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceKind {
    Layer,
    ParameterStore,
    Experiment,
    DynamicConfig,
}

/// The attributes that name a source.
pub(crate) const SOURCES: [(&str, SourceKind); 4] = [
    ("layer", SourceKind::Layer),
    ("param_store", SourceKind::ParameterStore),
    ("experiment", SourceKind::Experiment),
    ("config", SourceKind::DynamicConfig),
];

/// When parameters are exposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expose {
    Access,
    Read,
    Load,
    Manual,
}

/// The policies under the names that `expose` takes.
pub(crate) const POLICIES: [(&str, Expose); 4] = [
    ("access", Expose::Access),
    ("read", Expose::Read),
    ("load", Expose::Load),
    ("manual", Expose::Manual),
];

pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    pub(crate) docs: Vec<LitStr>,
    /// `#[deprecated]`, repeated on the accessor.
    pub(crate) deprecated: TokenStream,
    pub(crate) default: Fallback,
    /// `None` for skipped fields.
    pub(crate) param: Option<Param>,
}

/// How a field is read.
pub(crate) struct Param {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) json: bool,
}

/// What a field is when nothing is served.
pub(crate) enum Fallback {
    /// `None`, for options without a default.
    Absent,
    /// The field of `Self::default()`.
    Container,
    /// `Default::default()`.
    Trait,
    /// An expression.
    Expr(Box<Expr>),
    /// What a function returns.
    Function(Path),
}
