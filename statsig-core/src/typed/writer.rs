//! Writes the fields of a struct as the JSON that they decode from.

use serde_json::{Map, Value};

use super::schema::Schema;

/// Receives the values of the fields from [`StatsigParams::write`](super::StatsigParams::write).
#[derive(Debug)]
pub struct ParamWriter {
    schema: &'static Schema,
    values: Vec<Option<Value>>,
    /// The index of the struct's first parameter. It is not 0 in a flattened struct.
    first: usize,
}

impl ParamWriter {
    pub(super) fn new(schema: &'static Schema) -> Self {
        Self {
            schema,
            values: vec![None; schema.params.len()],
            first: 0,
        }
    }

    pub(super) fn into_values(self) -> Vec<Option<Value>> {
        self.values
    }

    /// Receives the value of the parameter at this index of the schema. `None` for a type without a
    /// JSON form.
    pub fn field(&mut self, index: usize, value: Option<Value>) {
        if let Some(place) = self.values.get_mut(self.first + index) {
            *place = value;
        }
    }

    /// Receives a nested struct, which is one object, through its
    /// [`write`](super::StatsigParams::write).
    pub fn nested<T>(&mut self, index: usize, params: &T, write: fn(&T, &mut ParamWriter)) {
        let param = self.schema.params.get(self.first + index);
        let Some(schema) = param.and_then(|param| param.nested) else {
            return;
        };
        let mut writer = Self::new(schema);
        write(params, &mut writer);
        let names = schema.params.iter().map(|param| param.name.to_owned());
        let object: Option<Map<String, Value>> = names
            .zip(writer.values)
            .map(|(name, value)| Some((name, value?)))
            .collect();
        self.field(index, object.map(Value::Object));
    }

    /// Receives a flattened struct, through its [`write`](super::StatsigParams::write). Its
    /// parameters start at this index of the schema.
    pub fn flattened<T>(&mut self, first: usize, params: &T, write: fn(&T, &mut ParamWriter)) {
        let outer = self.first;
        self.first += first;
        write(params, self);
        self.first = outer;
    }
}
