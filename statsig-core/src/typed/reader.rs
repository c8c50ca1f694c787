//! Reads the fields of a struct from its source.

use std::fmt;

use serde_json::{Map, Value};

use super::bit_set::BitSet;
use super::misfit::Misfit;
use super::schema::{ParamSchema, Schema};
use super::served::{DecidedBy, ServedParams, find};
use super::wrong_value::WrongValue;

/// Passes the served parameters to [`StatsigParams::read`](super::StatsigParams::read). It records
/// which parameters were served and which did not fit.
pub struct ParamReader<'a> {
    source: Option<&'a dyn ServedParams>,
    schema: &'static Schema,
    /// The index of the struct's first parameter. It is not 0 in a flattened struct.
    first: usize,
    pub(super) served: BitSet,
    pub(super) misfits: Vec<Misfit>,
}

impl<'a> ParamReader<'a> {
    pub(crate) fn new(schema: &'static Schema, source: &'a dyn ServedParams) -> Self {
        Self {
            source: Some(source),
            schema,
            first: 0,
            served: BitSet::with_len(schema.params.len()),
            misfits: Vec::new(),
        }
    }

    /// A reader that serves nothing. Every field takes its default.
    #[must_use]
    pub fn unserved(schema: &'static Schema) -> Self {
        Self {
            source: None,
            schema,
            first: 0,
            served: BitSet::default(),
            misfits: Vec::new(),
        }
    }

    /// Decodes the parameter at this index of the schema.
    ///
    /// The field takes the default if the parameter is not served or its value does not fit. A
    /// value that does not fit is reported.
    #[inline]
    pub fn field<T>(
        &mut self,
        index: usize,
        decode: fn(&Value) -> Result<T, WrongValue>,
        default: impl FnOnce() -> T,
    ) -> T {
        match self.optional(index, decode) {
            Some(value) => value,
            None => default(),
        }
    }

    /// Decodes the parameter at this index of the schema. Returns `None` if [`field`](Self::field)
    /// would take the default.
    #[inline]
    pub fn optional<T>(
        &mut self,
        index: usize,
        decode: fn(&Value) -> Result<T, WrongValue>,
    ) -> Option<T> {
        let (index, param, value) = self.find(index)?;
        match decode(value) {
            Ok(decoded) => {
                if param.is_constrained()
                    && let Err(wrong) = param.check_constraint(value)
                {
                    return self.clamped(index, param, value, wrong, decode);
                }
                self.served.insert(index);
                Some(decoded)
            }
            Err(wrong) => {
                let wrong = param.explain(wrong);
                self.misfits.push(Misfit::new(index, wrong, value));
                None
            }
        }
    }

    /// The parameter at this index of the schema, its index in the outermost schema, and its value.
    #[inline]
    fn find(&self, index: usize) -> Option<(usize, &'static ParamSchema, &'a Value)> {
        let index = self.first + index;
        let param = self.schema.params.get(index)?;
        let (_, value) = find(self.source?, param)?;
        Some((index, param, value))
    }

    /// The replacement for a value of the right type that violates a constraint.
    #[cold]
    fn clamped<T>(
        &mut self,
        index: usize,
        param: &ParamSchema,
        value: &Value,
        wrong: WrongValue,
        decode: fn(&Value) -> Result<T, WrongValue>,
    ) -> Option<T> {
        let range = param.range.filter(|_| param.clamp);
        let nearest = range.and_then(|range| range.clamp(value));
        let clamped = nearest.and_then(|nearest| decode(&nearest).ok());
        self.misfits.push(Misfit {
            is_clamped: clamped.is_some(),
            ..Misfit::new(index, wrong, value)
        });
        clamped
    }

    /// Reads the object at this index of the schema with the [`read`](super::StatsigParams::read)
    /// of the inner struct. Missing parameters take the defaults of that struct.
    ///
    /// Returns `None` if no object is served. Any other value is reported.
    pub fn nested<T>(&mut self, index: usize, read: fn(&mut ParamReader<'_>) -> T) -> Option<T> {
        let (index, param, value) = self.find(index)?;
        self.inside(index, param, value, read)
    }

    /// Like [`nested`](Self::nested), with `null` as `Some(None)`.
    pub fn nested_option<T>(
        &mut self,
        index: usize,
        read: fn(&mut ParamReader<'_>) -> T,
    ) -> Option<Option<T>> {
        let (index, param, value) = self.find(index)?;
        if value.is_null() {
            self.served.insert(index);
            return Some(None);
        }
        self.inside(index, param, value, read).map(Some)
    }

    fn inside<T>(
        &mut self,
        index: usize,
        param: &ParamSchema,
        value: &Value,
        read: fn(&mut ParamReader<'_>) -> T,
    ) -> Option<T> {
        let schema = param.nested?;
        let Some(object) = value.as_object() else {
            let wrong = WrongValue::expected("an object");
            self.misfits.push(Misfit::new(index, wrong, value));
            return None;
        };
        self.served.insert(index);
        let object = Inside(object);
        let mut reader = ParamReader::new(schema, &object);
        let params = read(&mut reader);
        for misfit in reader.misfits {
            let field = schema.params.get(misfit.index);
            let field = field.map_or("", |param| param.field);
            self.misfits.push(misfit.within(index, field));
        }
        Some(params)
    }

    /// Reads a flattened struct with its [`read`](super::StatsigParams::read). Its parameters start
    /// at this index of the schema.
    pub fn flattened<T>(&mut self, first: usize, read: fn(&mut ParamReader<'_>) -> T) -> T {
        let outer = self.first;
        self.first += first;
        let params = read(self);
        self.first = outer;
        params
    }
}

impl fmt::Debug for ParamReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParamReader")
            .field("struct_name", &self.schema.struct_name)
            .field("served", &self.served)
            .field("misfits", &self.misfits)
            .finish_non_exhaustive()
    }
}

/// The inside of an object, read like a source. Its parameters are exposed only together with the
/// object.
#[derive(Debug)]
pub(super) struct Inside<'a>(pub(super) &'a Map<String, Value>);

impl ServedParams for Inside<'_> {
    fn value(&self, _param: &ParamSchema, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    fn expose(&self, _param: &ParamSchema, _name: &str, _manual: bool) {}

    fn decided_by(&self, _param: Option<&ParamSchema>) -> DecidedBy {
        DecidedBy::default()
    }
}
