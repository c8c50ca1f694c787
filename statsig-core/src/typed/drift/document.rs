//! A schema as a document. A binary writes it, and tools check it without the binary.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::super::constraint::ParamRange;
use super::super::params::StatsigParams;
use super::super::schema::{ParamKind, ParamSchema, ParamSource, Schema, distinct};
use super::super::unit::TimeUnit;
use super::super::wrong_value::WrongValue;
use crate::entity_kind::EntityKind;

/// A [`Schema`] as data: the form for checks against the specs, and for JSON files for tools that
/// do not link the struct.
///
/// ```
/// use statsig::StatsigParams;
/// use statsig::typed::SchemaDocument;
///
/// #[derive(Debug, StatsigParams)]
/// #[statsig(layer = "user_promo_experiments")]
/// struct Promo {
///     #[statsig(default = 0.1)]
///     discount: f64,
/// }
///
/// // What `statsig-local schema --check` reads: an array with one document for each struct.
/// let dump = serde_json::to_string_pretty(&[SchemaDocument::of::<Promo>()])?;
/// assert!(dump.contains(r#""struct_name": "Promo""#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SchemaDocument {
    /// The struct's name in Rust.
    pub struct_name: String,
    /// The struct's doc comment. Empty without a doc comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The entity that supplies the values, unless a parameter names its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceDocument>,
    /// The type of ID that the source must bucket by. `None` for any type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_type: Option<String>,
    /// Whether a parameter that no field reads is an error.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deny_unknown: bool,
    /// The parameters, in the order of the fields.
    pub params: Vec<ParamDocument>,
}

/// A [`ParamSource`] that serializes and deserializes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SourceDocument {
    /// The kind of entity.
    pub kind: EntityKind,
    /// Its name in Statsig.
    pub name: String,
}

/// A [`ParamSchema`] that serializes and deserializes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParamDocument {
    /// The field's name in Rust.
    pub field: String,
    /// The parameter's name in Statsig.
    pub name: String,
    /// Older names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The parameter's own source, if it differs from the struct's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceDocument>,
    /// The JSON type of the value.
    pub kind: ParamKind,
    /// Whether the field's type accepts JSON `null`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nullable: bool,
    /// The field's doc comment. Empty without a doc comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether the code names a default.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_default: bool,
    /// The default, if it has a JSON form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The strings of an enum. Empty for other types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The allowed numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<ParamRange>,
    /// The allowed values. Empty for all values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<Value>,
    /// Whether an empty string, list or object is refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub non_empty: bool,
    /// The unit of a number that becomes a duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<TimeUnit>,
    /// The parameters in an object that is read field by field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nested: Vec<Self>,
    #[serde(skip)]
    field_in_code: LinkedField,
}

/// The field behind a parameter, if this program contains the struct. It is not part of the JSON
/// form, and comparisons ignore it.
#[derive(Clone, Copy, Default)]
struct LinkedField(Option<&'static ParamSchema>);

impl PartialEq for LinkedField {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl fmt::Debug for LinkedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.is_some().fmt(f)
    }
}

impl SchemaDocument {
    /// The document of a struct.
    #[must_use]
    pub fn of<P: StatsigParams>() -> Self {
        Self::from(P::SCHEMA)
    }

    /// The source of a parameter: its own, else that of the struct.
    #[must_use]
    pub fn source_of<'a>(&'a self, param: &'a ParamDocument) -> Option<&'a SourceDocument> {
        param.source.as_ref().or(self.source.as_ref())
    }

    /// All source entities, without repeats.
    #[must_use]
    pub fn sources(&self) -> Vec<&SourceDocument> {
        let of_params = self.params.iter().map(|param| self.source_of(param));
        distinct(std::iter::once(self.source.as_ref()).chain(of_params))
    }

    /// Whether a field reads this parameter of this entity.
    pub(crate) fn reads(&self, source: &SourceDocument, name: &str) -> bool {
        self.params.iter().any(|param| {
            self.source_of(param) == Some(source) && param.names().any(|own| own == name)
        })
    }
}

impl ParamDocument {
    /// The field's own verdict on a value. `None` if this program does not contain the struct.
    pub(super) fn decode(&self, value: &Value) -> Option<Result<(), WrongValue>> {
        self.field_in_code.0.map(|field| field.check(value))
    }

    /// The parameter's name, then its older names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.name)
            .chain(&self.aliases)
            .map(String::as_str)
    }
}

impl From<&Schema> for SchemaDocument {
    fn from(schema: &Schema) -> Self {
        let mut defaults = (schema.defaults)().into_iter();
        let params = schema.params.iter();
        Self {
            struct_name: schema.struct_name.to_owned(),
            description: schema.description.to_owned(),
            source: schema.source.map(SourceDocument::from),
            id_type: schema.id_type.map(str::to_owned),
            deny_unknown: schema.deny_unknown,
            params: params
                .map(|param| ParamDocument {
                    default: defaults.next().flatten().filter(|_| param.has_default),
                    ..ParamDocument::from(param)
                })
                .collect(),
        }
    }
}

impl From<ParamSource> for SourceDocument {
    fn from(source: ParamSource) -> Self {
        Self {
            kind: source.kind,
            name: source.name.to_owned(),
        }
    }
}

impl fmt::Display for SourceDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.kind, self.name)
    }
}

/// Converts a schema without the default, which only the struct knows.
impl From<&'static ParamSchema> for ParamDocument {
    fn from(param: &'static ParamSchema) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Self {
            field: param.field.to_owned(),
            name: param.name.to_owned(),
            aliases: owned(param.aliases),
            source: param.source.map(SourceDocument::from),
            kind: param.kind,
            nullable: param.nullable,
            description: param.description.to_owned(),
            has_default: param.has_default,
            default: None,
            names: if takes_any_text(param) {
                Vec::new()
            } else {
                owned(param.names)
            },
            range: param.range.or_else(|| bounds_of_type(param)),
            one_of: param
                .one_of
                .iter()
                .map(|literal| literal.to_json())
                .collect(),
            non_empty: param.non_empty,
            unit: param.unit,
            nested: param
                .nested
                .iter()
                .flat_map(|inside| inside.params)
                .map(Self::from)
                .collect(),
            field_in_code: LinkedField(Some(param)),
        }
    }
}

/// Whether the enum accepts any text, with a variant for unknown texts.
fn takes_any_text(param: &ParamSchema) -> bool {
    const NO_NAME: &str = "\u{0}";
    param.check(&Value::from(NO_NAME)).is_ok()
}

/// The range of an integer type is only in its decoding, so this tests the bounds of each type.
fn bounds_of_type(param: &ParamSchema) -> Option<ParamRange> {
    if param.kind != ParamKind::Integer {
        return None;
    }
    let fits = |number: &i128| {
        let number = Number::from_i128(*number).map(Value::Number);
        number.is_some_and(|number| param.check(&number).is_ok())
    };
    let signed = [63, 31, 15, 7].map(|bits| -(1 << bits)).into_iter();
    let least = signed.chain([0, 1]).find(fits);
    let greatest = [64, 63, 32, 31, 16, 15, 8, 7].map(|bits| (1 << bits) - 1);
    Some(ParamRange::integers(least, greatest.into_iter().find(fits)))
}
