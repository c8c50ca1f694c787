//! The reverse of reading: the fields of a struct as the JSON that they would be decoded from.

use serde_json::{Map, Value};

use super::params::StatsigParams;

/// Takes the values of the fields from [`StatsigParams::write`].
#[derive(Debug)]
pub struct ParamWriter {
    values: Vec<Option<Value>>,
    /// Where the parameters of the struct at hand start: not at 0 in a flattened one.
    first: usize,
}

impl ParamWriter {
    /// Takes the value of the parameter at this index of the schema; `None` for a type that does not tell.
    pub fn field(&mut self, index: usize, value: Option<Value>) {
        if let Some(place) = self.values.get_mut(self.first + index) {
            *place = value;
        }
    }

    /// Takes a struct that is one object.
    pub fn nested<T: StatsigParams>(&mut self, index: usize, params: &T) {
        let names = T::SCHEMA.params.iter().map(|param| param.name.to_owned());
        let object: Option<Map<String, Value>> = names
            .zip(values_of(params))
            .map(|(name, value)| Some((name, value?)))
            .collect();
        self.field(index, object.map(Value::Object));
    }

    /// Takes a flattened struct, whose parameters start at this index of the schema.
    pub fn flattened<T: StatsigParams>(&mut self, first: usize, params: &T) {
        let outer = self.first;
        self.first += first;
        params.write(self);
        self.first = outer;
    }
}

/// The fields as JSON, in the order of [`StatsigParams::SCHEMA`]; `None` for those that do not tell: fields that are read with `json`,
/// `with` or `decode_with`, and types that do not implement [`FromParam::to_param`](super::FromParam::to_param).
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
    let mut writer = ParamWriter {
        values: vec![None; P::SCHEMA.params.len()],
        first: 0,
    };
    params.write(&mut writer);
    writer.values
}

/// The defaults of a struct as JSON: what a [`Schema`](super::Schema) tells.
#[must_use]
pub fn default_values<P: StatsigParams>() -> Vec<Option<Value>> {
    values_of(&P::defaults())
}
