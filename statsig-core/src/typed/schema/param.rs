//! The description of one field.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ExposePolicy, ParamSource, Schema};
use crate::typed::constraint::{ParamLiteral, ParamRange};
use crate::typed::unit::TimeUnit;
use crate::typed::wrong_value::WrongValue;

/// The JSON type of a parameter.
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
    /// Any JSON that the field's type accepts.
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
    /// The parameter's name in Statsig. For a gate, the name of the gate.
    pub name: &'static str,
    /// Older names. If `name` is not served, the SDK tries them in this order.
    pub aliases: &'static [&'static str],
    /// The parameter's own source, if it differs from the struct's.
    pub source: Option<ParamSource>,
    /// The parameter's own policy, if it differs from the struct's.
    pub expose: Option<ExposePolicy>,
    /// The JSON type of the value.
    pub kind: ParamKind,
    /// Whether the field's type accepts JSON `null`.
    pub nullable: bool,
    /// The field's doc comment. Empty without a doc comment.
    pub description: &'static str,
    /// Whether the code names a default. Without a default, the fallback is `None`.
    pub has_default: bool,
    /// The strings of an enum, including older names. Empty for other types.
    pub names: &'static [&'static str],
    /// The allowed numbers. For a duration, in its unit.
    pub range: Option<ParamRange>,
    /// Whether a number out of range becomes the nearest number in range, instead of the default.
    pub clamp: bool,
    /// The allowed values. Empty for all values.
    pub one_of: &'static [ParamLiteral],
    /// Whether an empty string, list or object is refused.
    pub non_empty: bool,
    /// The unit of a number that becomes a duration.
    pub unit: Option<TimeUnit>,
    /// The parameters in an object that is read field by field.
    pub nested: Option<&'static Schema>,
    pub(super) decodes: fn(&Value) -> Result<(), WrongValue>,
}

impl ParamSchema {
    /// A placeholder for array elements.
    pub(crate) const NOTHING: Self = Self::new("", "", ParamKind::Any);

    /// Describes a parameter of the given kind that accepts any value except `null`. All other
    /// properties are empty.
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

    /// For generated code: the same parameter with these names.
    #[doc(hidden)]
    #[must_use]
    pub const fn called(mut self, field: &'static str, name: &'static str) -> Self {
        self.field = field;
        self.name = name;
        self
    }

    /// Describes a number that becomes a duration.
    #[must_use]
    pub const fn duration(field: &'static str, name: &'static str, unit: TimeUnit) -> Self {
        Self::new(field, name, ParamKind::Number).unit(unit)
    }

    /// Describes an object that is read field by field.
    #[must_use]
    pub const fn nested(field: &'static str, name: &'static str, inside: &'static Schema) -> Self {
        let mut schema = Self::new(field, name, ParamKind::Object);
        schema.nested = Some(inside);
        schema
    }

    /// Sets the function that checks whether a value fits the field's type.
    #[must_use]
    pub const fn checked_by(mut self, decodes: fn(&Value) -> Result<(), WrongValue>) -> Self {
        self.decodes = decodes;
        self
    }

    /// Sets the parameter's own source.
    #[must_use]
    pub const fn source(mut self, source: ParamSource) -> Self {
        self.source = Some(source);
        self
    }

    /// Sets the parameter's own policy.
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

    /// Declares that the code names a default.
    #[must_use]
    pub const fn with_default(mut self) -> Self {
        self.has_default = true;
        self
    }

    /// Sets the allowed numbers.
    #[must_use]
    pub const fn range(mut self, range: ParamRange) -> Self {
        self.range = Some(range);
        self
    }

    /// Makes numbers out of range become the nearest number in range.
    #[must_use]
    pub const fn clamp(mut self) -> Self {
        self.clamp = true;
        self
    }

    /// Sets the allowed values.
    #[must_use]
    pub const fn one_of(mut self, allowed: &'static [ParamLiteral]) -> Self {
        self.one_of = allowed;
        self
    }

    /// Refuses an empty string, list or object.
    #[must_use]
    pub const fn non_empty(mut self) -> Self {
        self.non_empty = true;
        self
    }

    /// Sets the unit of a number that becomes a duration.
    #[must_use]
    pub const fn unit(mut self, unit: TimeUnit) -> Self {
        self.unit = Some(unit);
        self
    }

    /// The parameter's name, then its older names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// Whether this parameter has the name, now or formerly.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }
}
