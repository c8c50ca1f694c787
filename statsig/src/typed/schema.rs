//! What a parameter struct asks for, as a constant.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::constraint::{ParamLiteral, ParamRange};
use super::custom::from_json;
use super::decode::{FromParam, WrongValue};
use super::unit::TimeUnit;

/// The kind of entity that a parameter struct reads from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// A gate: its only value is whether it passes.
    FeatureGate,
}

impl SourceKind {
    /// Whether one exposure covers all the parameters.
    pub(crate) const fn is_exposed_as_a_whole(self) -> bool {
        !matches!(self, Self::Layer | Self::ParameterStore)
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Layer => "layer",
            Self::ParameterStore => "parameter store",
            Self::Experiment => "experiment",
            Self::DynamicConfig => "config",
            Self::FeatureGate => "gate",
        })
    }
}

/// An entity that values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Source {
    /// What kind of entity it is.
    pub kind: SourceKind,
    /// Its name in Statsig.
    pub name: &'static str,
}

impl Source {
    /// The entity of this kind and name.
    #[must_use]
    pub const fn new(kind: SourceKind, name: &'static str) -> Self {
        Self { kind, name }
    }

    /// A layer.
    #[must_use]
    pub const fn layer(name: &'static str) -> Self {
        Self::new(SourceKind::Layer, name)
    }

    /// A parameter store.
    #[must_use]
    pub const fn parameter_store(name: &'static str) -> Self {
        Self::new(SourceKind::ParameterStore, name)
    }

    /// An experiment.
    #[must_use]
    pub const fn experiment(name: &'static str) -> Self {
        Self::new(SourceKind::Experiment, name)
    }

    /// A dynamic config.
    #[must_use]
    pub const fn dynamic_config(name: &'static str) -> Self {
        Self::new(SourceKind::DynamicConfig, name)
    }

    /// A gate.
    #[must_use]
    pub const fn gate(name: &'static str) -> Self {
        Self::new(SourceKind::FeatureGate, name)
    }
}

/// As in messages: `layer "promos"`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.kind, self.name)
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

/// What happens, besides taking the default, when a served value does not fit its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnMismatch {
    /// Nothing: it is only counted.
    Default,
    /// A warning, once for each distinct problem and generation of specs.
    #[default]
    Warn,
    /// A warning, and a panic where the feature `testing` is enabled: for tests that must not go on with a default unawares.
    PanicInTests,
}

/// The JSON shape that a parameter is decoded from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
/// use statsig::typed::{ParamKind, ParamRange, ParamSchema};
///
/// const DISCOUNT: ParamSchema = ParamSchema::of::<f64>("discount", "discount")
///     .aliases(&["rebate"])
///     .description("Between 0 and 0.9.")
///     .range(ParamRange::floats(Some(0.0), Some(0.9)))
///     .with_default();
///
/// assert_eq!(DISCOUNT.kind, ParamKind::Number);
/// assert!(DISCOUNT.has_default);
/// assert!(DISCOUNT.check(&0.5.into()).is_ok());
/// assert!(DISCOUNT.check(&1.2.into()).is_err());
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ParamSchema {
    /// The field's name in Rust.
    pub field: &'static str,
    /// The parameter's name in Statsig; of a gate, the gate's.
    pub name: &'static str,
    /// Older names, tried in this order when `name` is not served.
    pub aliases: &'static [&'static str],
    /// The entity that the value comes from, where it is not the struct's.
    pub source: Option<Source>,
    /// When the parameter is exposed, where it is not as the struct says.
    pub expose: Option<ExposePolicy>,
    /// What the value must look like.
    pub kind: ParamKind,
    /// Whether JSON `null` is a value of the field's type.
    pub nullable: bool,
    /// The field's doc comment; empty without one.
    pub description: &'static str,
    /// Whether the code names a default. Without one, the fallback is `None`.
    pub has_default: bool,
    /// The strings that an enum knows, older names included; empty for other types.
    pub names: &'static [&'static str],
    /// The numbers that are allowed. Of a duration, in its unit.
    pub range: Option<ParamRange>,
    /// Whether a number out of range becomes the nearest one in range, instead of the default.
    pub clamp: bool,
    /// The values that are allowed; empty for all.
    pub one_of: &'static [ParamLiteral],
    /// Whether the empty string, list or object is refused.
    pub non_empty: bool,
    /// What the number counts that becomes a duration.
    pub unit: Option<TimeUnit>,
    /// The parameters inside of an object that is read field by field.
    pub nested: Option<&'static Schema>,
    decodes: fn(&Value) -> Result<(), WrongValue>,
}

impl ParamSchema {
    /// Fills arrays until the real ones are put there.
    pub(super) const NOTHING: Self = Self::new("", "", ParamKind::Any);

    /// A parameter of the given kind and any value: not nullable, and without everything else.
    #[must_use]
    pub const fn new(field: &'static str, name: &'static str, kind: ParamKind) -> Self {
        Self {
            field,
            name,
            aliases: &[],
            source: None,
            expose: None,
            kind,
            nullable: false,
            description: "",
            has_default: false,
            names: &[],
            range: None,
            clamp: false,
            one_of: &[],
            non_empty: false,
            unit: None,
            nested: None,
            decodes: |_| Ok(()),
        }
    }

    /// A parameter with the kind of the type that it is decoded into.
    #[must_use]
    pub const fn of<T: FromParam>(field: &'static str, name: &'static str) -> Self {
        let mut schema = Self::new(field, name, T::KIND)
            .nullable(T::NULLABLE)
            .checked_by(|value| T::from_param(value).map(drop));
        schema.names = T::NAMES;
        schema
    }

    /// A parameter that is decoded with the type's own `serde::Deserialize`.
    #[must_use]
    pub const fn json<T: DeserializeOwned>(field: &'static str, name: &'static str) -> Self {
        Self::new(field, name, ParamKind::Any)
            .nullable(true)
            .checked_by(|value| from_json::<T>(value).map(drop))
    }

    /// A number that becomes a duration.
    #[must_use]
    pub const fn duration(field: &'static str, name: &'static str, unit: TimeUnit) -> Self {
        Self::new(field, name, ParamKind::Number).unit(unit)
    }

    /// An object that is read field by field.
    #[must_use]
    pub const fn nested(field: &'static str, name: &'static str, inside: &'static Schema) -> Self {
        let mut schema = Self::new(field, name, ParamKind::Object);
        schema.nested = Some(inside);
        schema
    }

    /// Sets the function that tells whether a value fits the field's type.
    #[must_use]
    pub const fn checked_by(mut self, decodes: fn(&Value) -> Result<(), WrongValue>) -> Self {
        self.decodes = decodes;
        self
    }

    /// Sets the entity that the value comes from.
    #[must_use]
    pub const fn source(mut self, source: Source) -> Self {
        self.source = Some(source);
        self
    }

    /// Sets when the parameter is exposed.
    #[must_use]
    pub const fn expose(mut self, policy: ExposePolicy) -> Self {
        self.expose = Some(policy);
        self
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

    /// Sets the numbers that are allowed.
    #[must_use]
    pub const fn range(mut self, range: ParamRange) -> Self {
        self.range = Some(range);
        self
    }

    /// Has numbers out of range become the nearest one in range.
    #[must_use]
    pub const fn clamp(mut self) -> Self {
        self.clamp = true;
        self
    }

    /// Sets the values that are allowed.
    #[must_use]
    pub const fn one_of(mut self, allowed: &'static [ParamLiteral]) -> Self {
        self.one_of = allowed;
        self
    }

    /// Refuses the empty string, list or object.
    #[must_use]
    pub const fn non_empty(mut self) -> Self {
        self.non_empty = true;
        self
    }

    /// Sets what the number counts that becomes a duration.
    #[must_use]
    pub const fn unit(mut self, unit: TimeUnit) -> Self {
        self.unit = Some(unit);
        self
    }

    /// Whether a value fits: type, constraints, and everything inside of a nested object.
    ///
    /// # Errors
    ///
    /// [`WrongValue`], which says what was expected instead.
    pub fn check(&self, value: &Value) -> Result<(), WrongValue> {
        if self.nullable && value.is_null() {
            return Ok(());
        }
        if let Some(unit) = self.unit {
            let decoded = unit.decode(value).map(drop);
            decoded.map_err(|wrong| self.explain(wrong))?;
        }
        (self.decodes)(value).map_err(|wrong| self.explain(wrong))?;
        self.check_constraint(value)?;
        let Some(inside) = self.nested else {
            return Ok(());
        };
        let object = value.as_object();
        let object = object.ok_or_else(|| WrongValue::expected("an object"))?;
        for param in inside.params {
            if let Some(value) = param.names().find_map(|name| object.get(name)) {
                let checked = param.check(value);
                checked.map_err(|wrong| wrong.inside(&format!(".{}", param.name)))?;
            }
        }
        Ok(())
    }

    /// The parameter's name, then its older ones.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// Whether this parameter goes by that name, now or formerly.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }
}

/// The source and the parameters of a struct, known at compile time: [`StatsigParams::SCHEMA`](super::StatsigParams::SCHEMA).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Schema {
    /// The struct's name in Rust.
    pub struct_name: &'static str,
    /// The struct's doc comment; empty without one.
    pub description: &'static str,
    /// The entity that the values come from. `None` where each parameter names its own, and for structs that are only part of
    /// others.
    pub source: Option<Source>,
    /// When parameters are exposed.
    pub expose: ExposePolicy,
    /// The type of ID that the source must count with, and that users must have; `None` for any.
    pub id_type: Option<&'static str>,
    /// Whether a parameter that the source has, and the struct has not, is drift.
    pub deny_unknown: bool,
    /// What happens when a served value does not fit.
    pub on_mismatch: OnMismatch,
    /// The parameters, in the order of their fields, then those of flattened structs. Skipped fields are not among them.
    pub params: &'static [ParamSchema],
    has_sources_of_fields: bool,
    has_policies_of_fields: bool,
    /// The default of each parameter as JSON, in the order of `params`; `None` where it cannot be told. Empty if unknown.
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
    pub const fn source(mut self, source: Source) -> Self {
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
    pub const fn source_of(&self, param: &ParamSchema) -> Option<Source> {
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
    pub(crate) const fn has_sources_of_fields(&self) -> bool {
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
    pub fn sources(&self) -> Vec<Source> {
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
