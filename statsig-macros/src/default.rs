//! Converts `default = <expr>` to a value of the field's type.
//!
//! This needs two schemes. `Into` converts `"text"` to a `String`, but leaves the type of `60 * 60`
//! open, so that the compiler assumes `i32`. A check of the expression against the field's type
//! decides the type of numbers, but converts nothing.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprUnary, Lit, Type, UnOp};

use crate::literal::Literal;
use crate::model::TimeUnit;
use crate::types::{Known, is_float, is_primitive, is_text, last_name, option_of, ungroup};

/// An expression of the field's type. The compiler shows its errors at the user's code.
pub(crate) fn convert(expr: &Expr, ty: &Type) -> TokenStream {
    if let (Some(inner), true) = (option_of(ty), is_literal(expr)) {
        let inner = convert(expr, inner);
        return quote!(::core::option::Option::Some(#inner));
    }
    let name = last_name(ty).unwrap_or_default();
    if is_float(&name)
        && let Some(float) = as_float(expr, &name)
    {
        return float;
    }
    if name.starts_with("NonZero") && matches!(Literal::of(expr), Some(Literal::Integer(_))) {
        return quote_spanned! {expr.span()=>
            const {
                match <#ty>::new(#expr) {
                    ::core::option::Option::Some(number) => number,
                    ::core::option::Option::None => ::core::panic!("the default is 0"),
                }
            }
        };
    }
    if is_literal_of(expr, ty) {
        return expr.to_token_stream();
    }
    if is_text(ty) && matches!(Literal::of(expr), Some(Literal::Text(_))) {
        return quote_spanned! {expr.span()=>
            <#ty as ::core::convert::From<&'static ::core::primitive::str>>::from(#expr)
        };
    }
    let is_value = name == "Value";
    let are_arrays = matches!((ungroup(ty), expr), (Type::Array(_), Expr::Array(_)));
    if is_primitive(&name) && !has_own_type(expr) || is_number(expr) && !is_value || are_arrays {
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
            let mut count = proc_macro2::Literal::i128_unsuffixed(count.saturating_mul(times));
            count.set_span(expr.span());
            quote!(::core::time::Duration::#constructor(#count))
        }
        (None, Some(_)) => return convert(expr, ty),
        _ => {
            let unit = unit.variant();
            quote_spanned!(expr.span()=> #typed::TimeUnit::#unit.of(#expr))
        }
    };
    match option_of(ty) {
        Some(_) => quote!(::core::option::Option::Some(#duration)),
        None => duration,
    }
}

/// `1` and `-1` as `1f64` and `-1f64`.
pub(crate) fn as_float(expr: &Expr, float: &str) -> Option<TokenStream> {
    match expr {
        Expr::Group(group) => as_float(&group.expr, float),
        Expr::Lit(ExprLit {
            lit: Lit::Int(int), ..
        }) if int.suffix().is_empty() => {
            let digits = int.base10_digits();
            let literal = format!("{digits}{float}").parse::<TokenStream>().ok()?;
            let respanned = literal.into_iter().map(|mut token| {
                token.set_span(int.span());
                token
            });
            Some(respanned.collect())
        }
        Expr::Unary(ExprUnary {
            op: op @ UnOp::Neg(_),
            expr,
            ..
        }) => {
            let positive = as_float(expr, float)?;
            Some([op.to_token_stream(), positive].into_iter().collect())
        }
        _ => None,
    }
}

/// Whether an expression is a literal of exactly this primitive type. Such a literal needs no
/// conversion.
fn is_literal_of(expr: &Expr, ty: &Type) -> bool {
    let has_suffix = matches!(expr, Expr::Lit(ExprLit { lit: Lit::Int(int), .. }) if !int.suffix().is_empty())
        || matches!(expr, Expr::Lit(ExprLit { lit: Lit::Float(float), .. }) if !float.suffix().is_empty());
    !has_suffix
        && matches!(
            (Known::of(ty), Literal::of(expr)),
            (Known::Bool, Some(Literal::Bool(_)))
                | (Known::Integer, Some(Literal::Integer(_)))
                | (Known::Float, Some(Literal::Float(_)))
        )
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
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Int(int) => int.suffix().is_empty(),
            Lit::Float(float) => float.suffix().is_empty(),
            _ => false,
        },
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
        // Other literals are excluded: `Into` would convert `true` to a number.
        Expr::Lit(ExprLit {
            lit: Lit::Int(int), ..
        }) => !int.suffix().is_empty(),
        Expr::Lit(ExprLit {
            lit: Lit::Float(float),
            ..
        }) => !float.suffix().is_empty(),
        Expr::Group(group) => has_own_type(&group.expr),
        _ => false,
    }
}
