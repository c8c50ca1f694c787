//! What a parameter struct asks for, as a constant.

mod check;
mod param;
mod source;

use serde_json::Value;

pub use param::{ParamKind, ParamSchema};
pub use source::{ParamSource, SourceKind};

/// When the served parameters of a struct are exposed.
///
/// Whatever the policy: only *served* values are exposed, defaults and values of the wrong type
/// never, and each at most once for a [`Typed`](super::Typed) and all its clones.
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

/// What happens, besides taking the default, when a served value does not fit its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnMismatch {
    /// Nothing: it is only counted.
    Default,
    /// A warning, once for each distinct problem and generation of specs.
    #[default]
    Warn,
    /// A warning, and a panic in a client with
    /// `panic_in_tests`, so that a test does not pass
    /// with a default by mistake.
    PanicInTests,
}

/// The source and the parameters of a struct, known at compile time:
/// [`StatsigParams::SCHEMA`](super::StatsigParams::SCHEMA).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Schema {
    /// The struct's name in Rust.
    pub struct_name: &'static str,
    /// The struct's doc comment; empty without one.
    pub description: &'static str,
    /// The entity that the values come from. `None` where each parameter names its own, and for
    /// structs that are only part of others.
    pub source: Option<ParamSource>,
    /// When parameters are exposed.
    pub expose: ExposePolicy,
    /// The type of ID that the source must count with, and that users must have; `None` for any.
    pub id_type: Option<&'static str>,
    /// Whether a parameter that the source has, and the struct has not, is drift.
    pub deny_unknown: bool,
    /// What happens when a served value does not fit.
    pub on_mismatch: OnMismatch,
    /// The parameters, in the order of their fields, then those of flattened structs. Skipped
    /// fields are not among them.
    pub params: &'static [ParamSchema],
    has_sources_of_fields: bool,
    has_policies_of_fields: bool,
    /// The default of each parameter as JSON, in the order of `params`; `None` where it cannot be
    /// told. Empty if unknown.
    pub defaults: fn() -> Vec<Option<Value>>,
}

impl Schema {
    /// Describes a struct without a source, which exposes on access.
    #[must_use]
    pub const fn new(struct_name: &'static str, params: &'static [ParamSchema]) -> Self {
        Self {
            struct_name,
            description: "",
            source: None,
            expose: ExposePolicy::Access,
            id_type: None,
            deny_unknown: false,
            on_mismatch: OnMismatch::Warn,
            params,
            has_sources_of_fields: have_sources(params),
            has_policies_of_fields: have_policies(params),
            defaults: Vec::new,
        }
    }

    /// Sets the entity that the values come from.
    #[must_use]
    pub const fn source(mut self, source: ParamSource) -> Self {
        self.source = Some(source);
        self
    }

    /// Sets the description.
    #[must_use]
    pub const fn description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Sets when parameters are exposed.
    #[must_use]
    pub const fn expose(mut self, policy: ExposePolicy) -> Self {
        self.expose = policy;
        self
    }

    /// Sets the type of ID that the source must count with.
    #[must_use]
    pub const fn id_type(mut self, id_type: &'static str) -> Self {
        self.id_type = Some(id_type);
        self
    }

    /// Says that the source should have no parameters beyond these.
    #[must_use]
    pub const fn deny_unknown(mut self) -> Self {
        self.deny_unknown = true;
        self
    }

    /// Sets what happens when a served value does not fit.
    #[must_use]
    pub const fn on_mismatch(mut self, on_mismatch: OnMismatch) -> Self {
        self.on_mismatch = on_mismatch;
        self
    }

    /// Sets the function that tells the defaults.
    #[must_use]
    pub const fn defaults(mut self, defaults: fn() -> Vec<Option<Value>>) -> Self {
        self.defaults = defaults;
        self
    }

    /// The entity that a parameter of this struct comes from: its own, else the struct's.
    #[must_use]
    #[inline]
    pub const fn source_of(&self, param: &ParamSchema) -> Option<ParamSource> {
        match param.source {
            None => self.source,
            own => own,
        }
    }

    /// When a parameter of this struct is exposed.
    #[must_use]
    pub const fn policy_of(&self, param: &ParamSchema) -> ExposePolicy {
        match param.expose {
            Some(own) => own,
            None => self.expose,
        }
    }

    /// Whether each value has a source. A struct without can only be part of others.
    pub(crate) const fn has_sources(&self) -> bool {
        if self.source.is_some() {
            return true;
        }
        let mut rest = self.params;
        while let [param, others @ ..] = rest {
            if param.source.is_none() {
                return false;
            }
            rest = others;
        }
        true
    }

    /// Whether some parameters have a source of their own.
    #[doc(hidden)]
    #[must_use]
    pub const fn has_sources_of_fields(&self) -> bool {
        self.has_sources_of_fields
    }

    /// Whether some parameters have a source or policy of their own.
    #[inline]
    pub(crate) const fn is_mixed(&self) -> bool {
        self.has_sources_of_fields || self.has_policies_of_fields
    }

    pub(crate) fn is_exposed_as_a_whole(&self) -> bool {
        self.source
            .is_some_and(|source| source.kind.is_exposed_as_a_whole())
    }

    /// All the entities that values come from, each once, in the order of the parameters.
    #[must_use]
    pub fn sources(&self) -> Vec<ParamSource> {
        let mut sources = Vec::new();
        let of_params = self.params.iter().map(|param| self.source_of(param));
        for source in std::iter::once(self.source).chain(of_params).flatten() {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        sources
    }
}

const fn have_sources(mut params: &[ParamSchema]) -> bool {
    while let [param, rest @ ..] = params {
        if param.source.is_some() {
            return true;
        }
        params = rest;
    }
    false
}

const fn have_policies(mut params: &[ParamSchema]) -> bool {
    while let [param, rest @ ..] = params {
        if param.expose.is_some() {
            return true;
        }
        params = rest;
    }
    false
}
