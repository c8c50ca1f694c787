//! What a parameter struct asks for, as a constant.

use std::fmt;

use super::decode::FromParam;

/// The kind of entity that a parameter struct reads from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceKind {
    /// A layer: each parameter is exposed on its own.
    Layer,
    /// A parameter store: each parameter exposes what it is mapped to.
    ParameterStore,
    /// An experiment, exposed as a whole.
    Experiment,
    /// A dynamic config, exposed as a whole.
    DynamicConfig,
}

impl SourceKind {
    /// Whether one exposure covers all the parameters.
    pub(crate) const fn is_exposed_as_a_whole(self) -> bool {
        matches!(self, Self::Experiment | Self::DynamicConfig)
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Layer => "layer",
            Self::ParameterStore => "parameter store",
            Self::Experiment => "experiment",
            Self::DynamicConfig => "config",
        })
    }
}

/// When the served parameters of a struct are exposed.
///
/// Whatever the policy: only *served* values are exposed, defaults and values of the wrong type never, and each at most once
/// for a [`Typed`](super::Typed) and all its clones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ExposePolicy {
    /// All of them at the first access through the [`Typed`](super::Typed). The default.
    #[default]
    Access,
    /// Each at its own first read, through the accessors of a generated view.
    Read,
    /// All of them when the struct is loaded.
    Load,
    /// Only those that [`Typed::log_exposure`](super::Typed::log_exposure) or
    /// [`Typed::log_exposures`](super::Typed::log_exposures) asks for.
    Manual,
}

/// The JSON shape that a parameter is decoded from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParamKind {
    /// `true` or `false`.
    Bool,
    /// A number without a fractional part.
    Integer,
    /// Any number.
    Number,
    /// Text.
    String,
    /// A list.
    Array,
    /// An object.
    Object,
    /// Anything that the field's type accepts.
    Any,
}

/// One parameter of a [`Schema`].
///
/// ```
/// use statsig::typed::{ParamKind, ParamSchema};
///
/// const DISCOUNT: ParamSchema = ParamSchema::of::<f64>("discount", "discount")
///     .aliases(&["rebate"])
///     .description("Between 0 and 1.")
///     .with_default();
///
/// assert_eq!(DISCOUNT.kind, ParamKind::Number);
/// assert!(DISCOUNT.has_default);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParamSchema {
    /// The field's name in Rust.
    pub field: &'static str,
    /// The parameter's name in Statsig.
    pub name: &'static str,
    /// Older names, tried in this order when `name` is not served.
    pub aliases: &'static [&'static str],
    /// What the value must look like.
    pub kind: ParamKind,
    /// Whether JSON `null` is a value of the field's type.
    pub nullable: bool,
    /// The field's doc comment; empty without one.
    pub description: &'static str,
    /// Whether the code names a default. Without one, the fallback is `None`.
    pub has_default: bool,
}

impl ParamSchema {
    /// A parameter of the given kind, not nullable, without aliases, description or default.
    #[must_use]
    pub const fn new(field: &'static str, name: &'static str, kind: ParamKind) -> Self {
        Self {
            field,
            name,
            aliases: &[],
            kind,
            nullable: false,
            description: "",
            has_default: false,
        }
    }

    /// A parameter with the kind of the type that it is decoded into.
    #[must_use]
    pub const fn of<T: FromParam>(field: &'static str, name: &'static str) -> Self {
        Self::new(field, name, T::KIND).nullable(T::NULLABLE)
    }

    /// Sets whether JSON `null` is accepted.
    #[must_use]
    pub const fn nullable(mut self, nullable: bool) -> Self {
        self.nullable = nullable;
        self
    }

    /// Sets the older names.
    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Sets the description.
    #[must_use]
    pub const fn description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Says that the code names a default.
    #[must_use]
    pub const fn with_default(mut self) -> Self {
        self.has_default = true;
        self
    }

    /// Whether this parameter goes by that name, now or formerly.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// The source and the parameters of a struct, known at compile time: [`StatsigParams::SCHEMA`](super::StatsigParams::SCHEMA).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schema {
    /// The struct's name in Rust.
    pub struct_name: &'static str,
    /// What kind of entity the values come from.
    pub source: SourceKind,
    /// The entity's name in Statsig.
    pub source_name: &'static str,
    /// When parameters are exposed.
    pub expose: ExposePolicy,
    /// The parameters, in the order of their fields. Skipped fields are not among them.
    pub params: &'static [ParamSchema],
}

impl Schema {
    /// Describes a struct.
    #[must_use]
    pub const fn new(
        struct_name: &'static str,
        source: SourceKind,
        source_name: &'static str,
        expose: ExposePolicy,
        params: &'static [ParamSchema],
    ) -> Self {
        Self {
            struct_name,
            source,
            source_name,
            expose,
            params,
        }
    }
}
