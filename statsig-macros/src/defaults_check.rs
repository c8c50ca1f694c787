//! Checks that the default and the decoding of a field suit its type.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, Generics, Ident, Type};

use crate::container::Container;
use crate::default::is_number;
use crate::errors::Errors;
use crate::literal::Literal;
use crate::model::{Decode, Fallback};
use crate::types::{Known, option_of, spelled};

/// A type parameter may be any type, so a literal does not have this type. A bound may convert a
/// literal, but not a number: the type of the number would be ambiguous.
pub(crate) fn check_generic_default(
    default: &Fallback,
    ty: &Type,
    generics: &Generics,
    container: &Container,
    errors: &mut Errors,
) {
    let Fallback::Expr(expr) = default else {
        return;
    };
    let inner = option_of(ty).unwrap_or(ty);
    let Some(parameter) = generics
        .type_params()
        .find(|parameter| is_ident(inner, &parameter.ident))
    else {
        return;
    };
    let is_bounded = !parameter.bounds.is_empty()
        || generics.where_clause.is_some()
        || container.bound.is_some();
    if is_number(expr) || Literal::of(expr).is_some() && !is_bounded {
        let name = &parameter.ident;
        errors.at(
            expr.span(),
            format!(
                "`{name}` may be any type, so this cannot be its default: use `default` alone for the type's own, \
                 or `default_with = path::to` for a function that returns a `{name}`"
            ),
        );
    }
}

fn is_ident(ty: &Type, ident: &Ident) -> bool {
    matches!(ty, Type::Path(path) if path.qself.is_none() && path.path.is_ident(ident))
}

/// A `Duration` needs a unit. All other types must not have one.
pub(crate) fn check_duration(
    ident: &Ident,
    ty: &Type,
    decode: Option<&(String, Span, Decode)>,
    default: Option<&Expr>,
    errors: &mut Errors,
) {
    let is_duration = Known::of(ty) == Known::Duration;
    match decode {
        None if is_duration => errors.at(
            ident.span(),
            format!(
                "`{ident}` is a `{}`: say what its number counts, as in `#[statsig(unit = \"ms\")]`; units are `ms`, `s`, `m`, `h`",
                spelled(ty)
            ),
        ),
        Some((_, span, Decode::Unit(_))) if !is_duration => errors.at(
            *span,
            format!(
                "`unit` makes a `Duration` of a number, and `{ident}` is a `{}`; change the type, or remove `unit`",
                spelled(ty)
            ),
        ),
        Some((_, _, Decode::Unit(_))) => {
            if let Some(expr) = default {
                match Literal::of(expr) {
                    Some(Literal::Bool(_) | Literal::Text(_)) => {
                        errors.at(expr.span(), "expected a number of the unit, as in `default = 500`");
                    }
                    Some(literal) if literal.number().is_some_and(|number| number < 0.0) => {
                        errors.at(expr.span(), "a `Duration` cannot be negative");
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}
