//! Converts `default = <expr>` to a value of the field's type.
//!
//! This needs two schemes. `Into` converts `"text"` to a `String`, but leaves the type of `60 * 60`
//! open, so that the compiler assumes `i32`. A check of the expression against the field's type
//! decides the type of numbers, but converts nothing.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Lit, Type, UnOp};

use crate::literal::{Literal, float_at, integer_at};
use crate::model::{TimeUnit, variant};
use crate::types::{Known, option_of, ungroup};

/// An expression of the field's type. The compiler shows its errors at the user's code.
pub(crate) fn convert(expr: &Expr, ty: &Type) -> TokenStream {
    if let (Some(inner), true) = (option_of(ty), is_literal(expr)) {
        let inner = convert(expr, inner);
        return quote!(::core::option::Option::Some(#inner));
    }
    let known = Known::exactly(ty);
    match (known, Literal::of(expr)) {
        (Known::Float, Some(Literal::Integer(integer))) if is_number(expr) => {
            return float_at(expr.span(), integer);
        }
        (Known::NonZero, Some(Literal::Integer(_))) => {
            return quote_spanned! {expr.span()=>
                const {
                    match <#ty>::new(#expr) {
                        ::core::option::Option::Some(number) => number,
                        ::core::option::Option::None => ::core::panic!("the default is 0"),
                    }
                }
            };
        }
        // A literal of exactly this type needs no conversion.
        (Known::Bool, Some(Literal::Bool(_)))
        | (Known::Integer, Some(Literal::Integer(_)))
        | (Known::Float, Some(Literal::Float(_)))
            if !has_own_type(expr) =>
        {
            return expr.to_token_stream();
        }
        (Known::Text, Some(Literal::Text(_))) => {
            return quote_spanned! {expr.span()=>
                <#ty as ::core::convert::From<&'static ::core::primitive::str>>::from(#expr)
            };
        }
        _ => {}
    }
    let are_arrays = matches!((ungroup(ty), expr), (Type::Array(_), Expr::Array(_)));
    if known.is_primitive() && !has_own_type(expr)
        || known != Known::NoNumber && is_number(expr)
        || are_arrays
    {
        // The block keeps the expected type next to the expression, in any context.
        return quote_spanned!(expr.span()=> { let default: #ty = #expr; default });
    }
    quote_spanned!(expr.span()=> ::core::convert::Into::<#ty>::into(#expr))
}

/// A duration in a unit, from a number or from a duration.
pub(crate) fn convert_in_unit(
    expr: &Expr,
    ty: &Type,
    unit: TimeUnit,
    typed: &TokenStream,
) -> TokenStream {
    let duration = match (Literal::of(expr), option_of(ty)) {
        (Some(Literal::Integer(count)), _) => {
            let (constructor, times) = match unit {
                TimeUnit::Milliseconds => ("from_millis", 1),
                TimeUnit::Seconds => ("from_secs", 1),
                TimeUnit::Minutes => ("from_secs", 60),
                TimeUnit::Hours => ("from_secs", 3_600),
            };
            let constructor = Ident::new(constructor, Span::call_site());
            let count = integer_at(expr.span(), count.saturating_mul(times));
            quote!(::core::time::Duration::#constructor(#count))
        }
        (None, Some(_)) => return convert(expr, ty),
        _ => {
            let unit = variant(unit);
            quote_spanned!(expr.span()=> #typed::TimeUnit::#unit.of(#expr))
        }
    };
    match option_of(ty) {
        Some(_) => quote!(::core::option::Option::Some(#duration)),
        None => duration,
    }
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) => true,
        Expr::Group(group) => is_literal(&group.expr),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Neg(_)) && is_literal(&unary.expr),
        _ => false,
    }
}

/// Whether inference decides the type of this number: a literal without suffix, or arithmetic on
/// one.
pub(crate) fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(literal) => suffix(literal) == Some(""),
        Expr::Group(group) => is_number(&group.expr),
        Expr::Paren(paren) => is_number(&paren.expr),
        Expr::Unary(unary) => is_number(&unary.expr),
        Expr::Binary(binary) => is_number(&binary.left) || is_number(&binary.right),
        _ => false,
    }
}

/// Whether an expression for a primitive has its own type, so that `Into` is not ambiguous.
fn has_own_type(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) | Expr::Cast(_) | Expr::Field(_) => true,
        // Literals other than numbers are excluded: `Into` would convert `true` to a number.
        Expr::Lit(literal) => suffix(literal).is_some_and(|suffix| !suffix.is_empty()),
        Expr::Group(group) => has_own_type(&group.expr),
        _ => false,
    }
}

/// The suffix of a number: `u8` in `5u8`, empty in `5`.
fn suffix(literal: &ExprLit) -> Option<&str> {
    match &literal.lit {
        Lit::Int(int) => Some(int.suffix()),
        Lit::Float(float) => Some(float.suffix()),
        _ => None,
    }
}
