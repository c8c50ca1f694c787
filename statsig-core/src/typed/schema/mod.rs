//! The constant description of a parameter struct.

mod check;
mod param;
mod source;

use serde_json::Value;

pub(super) use check::is_empty;
pub use param::{ParamKind, ParamSchema};
pub use source::ParamSource;

/// When the SDK exposes the served parameters of a struct.
///
/// In all policies, only *served* values are exposed. Defaults and values of the wrong type are
/// never exposed. Each exposure happens at most once for a [`Typed`](super::Typed) and all its
/// clones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ExposePolicy {
    /// All parameters, at the first access through the [`Typed`](super::Typed). The default.
    #[default]
    Access,
    /// Each parameter, at its first read through the accessor of a generated view.
    Read,
    /// All parameters, when the struct is loaded.
    Load,
    /// Only parameters for which the application calls
    /// [`Typed::log_exposure`](super::Typed::log_exposure) or
    /// [`Typed::log_exposures`](super::Typed::log_exposures).
    Manual,
}

/// What happens if a served value does not fit its field. The field always takes its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnMismatch {
    /// The SDK only counts it.
    Default,
    /// The SDK logs a warning, once for each distinct problem and generation of specs.
    #[default]
    Warn,
    /// The SDK logs a warning, and panics in a client with `panic_in_tests`. So a test cannot pass
    /// with a default by mistake.
    PanicInTests,
}

/// The source and the parameters of a struct, known at compile time. See
/// [`StatsigParams::SCHEMA`](super::StatsigParams::SCHEMA).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Schema {
    /// The struct's name in Rust.
    pub struct_name: &'static str,
    /// The struct's doc comment. Empty without a doc comment.
    pub description: &'static str,
    /// The entity that supplies the values. `None` if each parameter names its own source, or if
    /// the struct is only a part of other structs.
    pub source: Option<ParamSource>,
    /// When parameters are exposed.
    pub expose: ExposePolicy,
    /// The type of ID that the source must bucket by and that users must have. `None` for any type.
    pub id_type: Option<&'static str>,
    /// Whether it is drift if the source has a parameter that the struct lacks.
    pub deny_unknown: bool,
    /// What happens if a served value does not fit.
    pub on_mismatch: OnMismatch,
    /// The parameters in the order of their fields, then those of flattened structs. Skipped fields
    /// are left out.
    pub params: &'static [ParamSchema],
    has_sources_of_fields: bool,
    has_policies_of_fields: bool,
    /// The default of each parameter as JSON, in the order of `params`. `None` for a default that
    /// has no JSON form. Empty if unknown.
    pub defaults: fn() -> Vec<Option<Value>>,
}

impl Schema {
    /// Describes a struct without a source. Its parameters are exposed at the first access.
    #[must_use]
    pub const fn new(struct_name: &'static str, params: &'static [ParamSchema]) -> Self {
        let (mut has_sources, mut has_policies) = (false, false);
        let mut rest = params;
        while let [param, others @ ..] = rest {
            has_sources |= param.source.is_some();
            has_policies |= param.expose.is_some();
            rest = others;
        }
        Self {
            struct_name,
            description: "",
            source: None,
            expose: ExposePolicy::Access,
            id_type: None,
            deny_unknown: false,
            on_mismatch: OnMismatch::Warn,
            params,
            has_sources_of_fields: has_sources,
            has_policies_of_fields: has_policies,
            defaults: Vec::new,
        }
    }

    /// Sets the entity that supplies the values.
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

    /// Sets the type of ID that the source must bucket by.
    #[must_use]
    pub const fn id_type(mut self, id_type: &'static str) -> Self {
        self.id_type = Some(id_type);
        self
    }

    /// Declares that the source must have no other parameters.
    #[must_use]
    pub const fn deny_unknown(mut self) -> Self {
        self.deny_unknown = true;
        self
    }

    /// Sets what happens if a served value does not fit.
    #[must_use]
    pub const fn on_mismatch(mut self, on_mismatch: OnMismatch) -> Self {
        self.on_mismatch = on_mismatch;
        self
    }

    /// Sets the function that returns the defaults.
    #[must_use]
    pub const fn defaults(mut self, defaults: fn() -> Vec<Option<Value>>) -> Self {
        self.defaults = defaults;
        self
    }

    /// The source of a parameter: its own, else that of the struct.
    #[must_use]
    #[inline]
    pub const fn source_of(&self, param: &ParamSchema) -> Option<ParamSource> {
        match param.source {
            None => self.source,
            own => own,
        }
    }

    /// When the SDK exposes a parameter of this struct.
    #[must_use]
    pub const fn policy_of(&self, param: &ParamSchema) -> ExposePolicy {
        match param.expose {
            Some(own) => own,
            None => self.expose,
        }
    }

    /// Whether each value has a source. A struct without sources can only be a part of other
    /// structs.
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

    /// Whether some parameters have their own source.
    #[doc(hidden)]
    #[must_use]
    pub const fn has_sources_of_fields(&self) -> bool {
        self.has_sources_of_fields
    }

    /// Whether some parameters have their own source or policy.
    #[inline]
    pub(crate) const fn is_mixed(&self) -> bool {
        self.has_sources_of_fields || self.has_policies_of_fields
    }

    pub(crate) fn is_exposed_as_a_whole(&self) -> bool {
        self.source
            .is_some_and(|source| source.is_exposed_as_a_whole())
    }

    /// All source entities, without repeats, in the order of the parameters.
    #[must_use]
    pub fn sources(&self) -> Vec<ParamSource> {
        let of_params = self.params.iter().map(|param| self.source_of(param));
        distinct(std::iter::once(self.source).chain(of_params))
    }
}

/// The values without repeats, in their order.
pub(super) fn distinct<T: PartialEq>(values: impl Iterator<Item = Option<T>>) -> Vec<T> {
    let mut found = Vec::new();
    for value in values.flatten() {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}
