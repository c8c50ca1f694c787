//! Putting the parameters of flattened structs behind those of the struct that has them, at compile time.

use super::schema::{ParamSchema, Schema, Source};

/// The struct's own parameters, then those of the flattened structs, which come from where their struct says, else from `source`.
///
/// `N` is the number of all of them. Two that read the same parameter of the same entity do not compile.
#[doc(hidden)]
#[must_use]
#[track_caller]
pub const fn flattened_params<const N: usize>(
    own: &[ParamSchema],
    flattened: &[&'static Schema],
    source: Option<Source>,
) -> [ParamSchema; N] {
    let mut params = [ParamSchema::NOTHING; N];
    let mut next = put(&mut params, 0, own, None);
    let mut rest = flattened;
    while let [schema, others @ ..] = rest {
        let brought = match (schema.source, source) {
            (Some(theirs), Some(ours)) if same(Some(theirs), Some(ours)) => None,
            (theirs, _) => theirs,
        };
        next = put(&mut params, next, schema.params, brought);
        rest = others;
    }
    assert!(next == N, "the parameters were counted wrongly");
    assert_distinct(&params, source);
    params
}

const fn put(
    params: &mut [ParamSchema],
    mut next: usize,
    others: &[ParamSchema],
    source: Option<Source>,
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

/// The caller is tracked, so that the compiler blames the struct that was derived.
#[track_caller]
const fn assert_distinct(params: &[ParamSchema], source: Option<Source>) {
    let mut rest = params;
    while let [param, others @ ..] = rest {
        let own = or(param.source, source);
        let mut later = others;
        while let [other, more @ ..] = later {
            assert!(
                !(equal(param.name, other.name) && same(own, or(other.source, source))),
                "two fields read the same parameter: a flattened struct has one that is here already"
            );
            later = more;
        }
        rest = others;
    }
}

const fn or(own: Option<Source>, outer: Option<Source>) -> Option<Source> {
    match own {
        None => outer,
        own => own,
    }
}

const fn same(one: Option<Source>, other: Option<Source>) -> bool {
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
