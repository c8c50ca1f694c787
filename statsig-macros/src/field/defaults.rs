//! Checks that the default and the decoding of a field suit its type.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, Generics, Type};

use super::FieldParser;
use crate::default::is_number;
use crate::literal::Literal;
use crate::model::{Decode, Fallback};
use crate::types::{Known, option_of, ungroup};

/// The parts of a default that are known before the compiler runs.
pub(super) struct KnownDefault {
    pub(super) span: Span,
    pub(super) literal: Option<Literal>,
    pub(super) is_empty: bool,
}

impl FieldParser<'_> {
    /// The default of `default = <expr>`, or of `default` alone: the type's own.
    pub(super) fn known_default(&self, default: &Fallback) -> Option<KnownDefault> {
        if let Fallback::Expr(expr) = default {
            let literal = Literal::of(expr);
            return Some(KnownDefault {
                span: expr.span(),
                is_empty: match &**expr {
                    Expr::Array(array) => array.elems.is_empty(),
                    _ => literal == Some(Literal::Text(String::new())),
                },
                literal,
            });
        }
        let known = Known::exactly(self.ty);
        Some(KnownDefault {
            span: self.attributes.get("default")?.span(),
            literal: match known {
                Known::Bool => Some(Literal::Bool(false)),
                Known::Integer => Some(Literal::Integer(0)),
                Known::Float | Known::Duration => Some(Literal::Float(0.0)),
                Known::Text => Some(Literal::Text(String::new())),
                _ => None,
            },
            is_empty: matches!(known, Known::Text | Known::Collection)
                && !matches!(ungroup(self.ty), Type::Array(_)),
        })
    }

    /// A type parameter may be any type, so a literal does not have this type. A bound may convert
    /// a literal, but not a number: the type of the number would be ambiguous.
    pub(super) fn check_generic_default(&self, default: &Fallback, generics: &Generics) {
        let Fallback::Expr(expr) = default else {
            return;
        };
        let inner = option_of(self.ty).unwrap_or(self.ty);
        let name = generics.type_params().find(|parameter| {
            matches!(inner, Type::Path(path) if path.qself.is_none() && path.path.is_ident(&parameter.ident))
        });
        let Some(parameter) = name else {
            return;
        };
        let is_bounded = !parameter.bounds.is_empty()
            || generics.where_clause.is_some()
            || self.container.bound.is_some();
        if is_number(expr) || Literal::of(expr).is_some() && !is_bounded {
            let name = &parameter.ident;
            self.errors.at(
                expr.span(),
                format!(
                    "`{name}` may be any type, so this cannot be its default: use `default` alone for the type's own, \
                     or `default_with = path::to` for a function that returns a `{name}`"
                ),
            );
        }
    }

    /// A `Duration` needs a unit. All other types must not have one.
    pub(super) fn check_duration(&self, decode: &Decode, default: &Fallback) {
        let (ident, is_duration) = (self.ident, self.known == Known::Duration);
        if let (Decode::Type, true) = (decode, is_duration) {
            self.errors.at(
                ident.span(),
                format!(
                    "{}: say what its number counts, as in `#[statsig(unit = \"ms\")]`; units are `ms`, `s`, `m`, `h`",
                    self.described()
                ),
            );
        }
        let (Decode::Unit(_), Some(unit)) = (decode, self.attributes.get("unit")) else {
            return;
        };
        if !is_duration {
            self.errors.at(
                unit.span(),
                format!(
                    "`unit` makes a `Duration` of a number, and {}; change the type, or remove `unit`",
                    self.described()
                ),
            );
            return;
        }
        let Fallback::Expr(expr) = default else {
            return;
        };
        let wrong = match Literal::of(expr) {
            Some(Literal::Bool(_) | Literal::Text(_)) => {
                "expected a number of the unit, as in `default = 500`"
            }
            Some(literal) if literal.number().is_some_and(|number| number < 0.0) => {
                "a `Duration` cannot be negative"
            }
            _ => return,
        };
        self.errors.at(expr.span(), wrong);
    }
}
