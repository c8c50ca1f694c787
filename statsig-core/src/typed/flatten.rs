//! Appends the parameters of flattened structs to those of the outer struct, at compile time.

use super::schema::{ParamSchema, ParamSource, Schema};

/// The parameters of a struct with flattened structs: its own, then those of the flattened structs.
///
/// `N` is the total number of parameters. Two fields for the same parameter of the same entity do
/// not compile.
#[doc(hidden)]
#[derive(Debug)]
pub struct AllParams<const N: usize> {
    params: [ParamSchema; N],
    len: usize,
    source: Option<ParamSource>,
}

impl<const N: usize> AllParams<N> {
    /// The struct's own parameters, and its source.
    #[must_use]
    pub const fn own(own: &[ParamSchema], source: Option<ParamSource>) -> Self {
        let mut params = [ParamSchema::NOTHING; N];
        let len = put(&mut params, 0, own, None);
        Self {
            params,
            len,
            source,
        }
    }

    /// Appends the parameters of a flattened struct. Their source is that of their struct, else
    /// that of the outer struct.
    ///
    /// `track_caller` makes the compiler report the field.
    #[must_use]
    #[track_caller]
    pub const fn flatten(mut self, schema: &Schema) -> Self {
        let brought = if same(schema.source, self.source) {
            None
        } else {
            schema.source
        };
        self.len = put(&mut self.params, self.len, schema.params, brought);
        let (params, _) = self.params.split_at(self.len);
        assert!(
            are_distinct(params, self.source),
            "this struct brings along a parameter that another field reads already: take that field out, or this one"
        );
        self
    }

    /// All parameters.
    #[must_use]
    pub const fn all(self) -> [ParamSchema; N] {
        assert!(self.len == N, "the parameters were counted wrongly");
        self.params
    }
}

const fn put(
    params: &mut [ParamSchema],
    mut next: usize,
    others: &[ParamSchema],
    source: Option<ParamSource>,
) -> usize {
    let mut rest = others;
    let (_, mut places) = params.split_at_mut(next);
    while let ([param, others @ ..], [place, more @ ..]) = (rest, places) {
        *place = *param;
        if place.source.is_none() {
            place.source = source;
        }
        next += 1;
        rest = others;
        places = more;
    }
    next
}

const fn are_distinct(params: &[ParamSchema], source: Option<ParamSource>) -> bool {
    let mut rest = params;
    while let [param, others @ ..] = rest {
        let own = or(param.source, source);
        let mut later = others;
        while let [other, more @ ..] = later {
            if equal(param.name, other.name) && same(own, or(other.source, source)) {
                return false;
            }
            later = more;
        }
        rest = others;
    }
    true
}

const fn or(own: Option<ParamSource>, outer: Option<ParamSource>) -> Option<ParamSource> {
    match own {
        None => outer,
        own => own,
    }
}

const fn same(one: Option<ParamSource>, other: Option<ParamSource>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            one.kind as u8 == other.kind as u8 && equal(one.name, other.name)
        }
        (None, None) => true,
        _ => false,
    }
}

const fn equal(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    while let ([first, ones @ ..], [second, others @ ..]) = (one, other) {
        if *first != *second {
            return false;
        }
        (one, other) = (ones, others);
    }
    one.is_empty() && other.is_empty()
}
