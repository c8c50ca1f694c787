//! Reading the fields of a struct from its source.

use std::fmt;

use serde_json::Value;

use super::decode::WrongValue;
use super::lease::find;
use super::marks::Marks;
use super::schema::Schema;
use super::source::ParamSource;

/// Hands the served parameters to [`StatsigParams::read`](super::StatsigParams::read), and remembers which were served and which did not fit.
pub struct ParamReader<'a> {
    source: Option<&'a dyn ParamSource>,
    schema: &'static Schema,
    served: Marks,
    misfits: Vec<Misfit>,
}

/// A served value that its field could not take.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub(crate) index: usize,
    pub(crate) wrong: WrongValue,
}

impl<'a> ParamReader<'a> {
    pub(crate) fn new(schema: &'static Schema, source: &'a dyn ParamSource) -> Self {
        Self {
            source: Some(source),
            schema,
            served: Marks::with_len(schema.params.len()),
            misfits: Vec::new(),
        }
    }

    /// A reader that serves nothing, so that every field takes its default.
    #[must_use]
    pub fn unserved(schema: &'static Schema) -> Self {
        Self {
            source: None,
            schema,
            served: Marks::default(),
            misfits: Vec::new(),
        }
    }

    /// Decodes the parameter at this index of the schema.
    ///
    /// Takes the default when the parameter is not served, or when its value does not fit, which is reported.
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

    /// Decodes the parameter at this index of the schema; `None` where [`field`](Self::field) takes the default.
    #[inline]
    pub fn optional<T>(
        &mut self,
        index: usize,
        decode: fn(&Value) -> Result<T, WrongValue>,
    ) -> Option<T> {
        let param = self.schema.params.get(index)?;
        let (_, value) = find(self.source?, param)?;
        let decoded = decode(value).map_err(|wrong| param.explain(wrong));
        let fits = |decoded| {
            if param.is_constrained() {
                param.check_constraint(value).map(|()| decoded)
            } else {
                Ok(decoded)
            }
        };
        match decoded.and_then(fits) {
            Ok(value) => {
                self.served.insert(index);
                Some(value)
            }
            Err(wrong) => {
                self.misfits.push(Misfit { index, wrong });
                let nearest = param.range.filter(|_| param.clamp)?.clamp(value)?;
                decode(&nearest).ok()
            }
        }
    }

    pub(crate) fn finish(self) -> (Marks, Vec<Misfit>) {
        (self.served, self.misfits)
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
