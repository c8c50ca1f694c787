//! The fields of a struct as JSON, for overrides and for defaults in reports.

use serde_json::{Map, Value};

use super::params::StatsigParams;
use super::schema::ParamSource;
use super::writer::ParamWriter;

/// A struct that cannot be an override, because some fields have no JSON form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{struct_name}: expected fields that can be written as parameters, found {}; decode them by a type that implements `FromParam` with `to_param`, instead of `json`, `with` or `decode_with`",
    fields.join(", ")
)]
#[non_exhaustive]
pub struct ParamsNotWritable {
    /// The struct's name in Rust.
    pub struct_name: &'static str,
    /// The Rust names of the fields that have no JSON form.
    pub fields: Vec<&'static str>,
}

/// The served values of a source.
pub(super) type Served = (ParamSource, Map<String, Value>);

/// The parameters of a struct, for each of its sources.
pub fn written<P: StatsigParams>(params: &P) -> Result<Vec<Served>, ParamsNotWritable> {
    let mut values = values_of(params).into_iter();
    let mut by_source: Vec<Served> = Vec::new();
    let mut fields = Vec::new();
    for param in P::SCHEMA.params {
        let Some(value) = values.next().flatten() else {
            fields.push(param.field);
            continue;
        };
        let Some(source) = P::SCHEMA.source_of(param) else {
            continue;
        };
        // A missing parameter reads as `None`. `null` would count as served.
        let is_absent = value.is_null() && param.nullable && !param.has_default;
        let entry = (!is_absent).then(|| (param.name.to_owned(), value));
        match by_source.iter_mut().find(|(known, _)| *known == source) {
            Some((_, values)) => values.extend(entry),
            None => by_source.push((source, entry.into_iter().collect())),
        }
    }
    if fields.is_empty() {
        Ok(by_source)
    } else {
        Err(ParamsNotWritable {
            struct_name: P::SCHEMA.struct_name,
            fields,
        })
    }
}

/// The fields as JSON, in the order of [`StatsigParams::SCHEMA`]. `None` for a field without a JSON
/// form: a field that is read with `json`, `with` or `decode_with`, or a type that does not
/// implement [`FromParam::to_param`](super::FromParam::to_param).
///
/// ```
/// use serde_json::json;
/// use statsig::StatsigParams;
/// use statsig::typed::values_of;
///
/// #[derive(StatsigParams)]
/// #[statsig(layer = "promos")]
/// struct Promo {
///     #[statsig(default = "Welcome!")]
///     title: String,
///     limit: Option<u8>,
/// }
///
/// let promo = Promo { limit: Some(3), ..Promo::defaults() };
/// assert_eq!(values_of(&promo), [Some(json!("Welcome!")), Some(json!(3))]);
/// ```
pub fn values_of<P: StatsigParams>(params: &P) -> Vec<Option<Value>> {
    let mut writer = ParamWriter::new(P::SCHEMA);
    params.write(&mut writer);
    writer.into_values()
}

/// The defaults of a struct as JSON, for its [`Schema`](super::Schema).
#[must_use]
pub fn default_values<P: StatsigParams>() -> Vec<Option<Value>> {
    values_of(&P::defaults())
}
