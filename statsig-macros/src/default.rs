//! How `default = <expr>` becomes a value of the field's type.
//!
//! Two schemes are needed. `Into` lets `"text"` be a `String`, but leaves the type of `60 * 60` open, which the compiler then takes for
//! an `i32`. Checking the expression against the field's type settles the numbers, but converts nothing.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprUnary, GenericArgument, Lit, PathArguments, Type, TypePath, UnOp};

const FLOATS: [&str; 2] = ["f32", "f64"];
const OTHER_PRIMITIVES: [&str; 14] = [
    "bool", "char", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128",
    "usize",
];

/// An expression of the field's type. Errors in it point at what the user wrote.
pub(crate) fn convert(expr: &Expr, ty: &Type) -> TokenStream {
    if let (Some(inner), true) = (option_of(ty), is_literal(expr)) {
        let inner = convert(expr, inner);
        return quote!(::core::option::Option::Some(#inner));
    }
    let name = last_name(ty).unwrap_or_default();
    if FLOATS.contains(&name.as_str())
        && let Some(float) = as_float(expr, &name)
    {
        return float;
    }
    let is_value = name == "Value";
    if is_primitive(&name) && !has_own_type(expr) || is_number(expr) && !is_value {
        // The block keeps the expected type next to the expression, whatever surrounds it.
        return quote_spanned!(expr.span()=> { let default: #ty = #expr; default });
    }
    quote_spanned!(expr.span()=> ::core::convert::Into::<#ty>::into(#expr))
}

/// The type in `Option<…>`.
pub(crate) fn option_of(ty: &Type) -> Option<&Type> {
    let Type::Path(TypePath {
        qself: None, path, ..
    }) = ungroup(ty)
    else {
        return None;
    };
    let last = path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}

/// Whether a type name is that of a number, `bool` or `char`.
pub(crate) fn is_primitive(name: &str) -> bool {
    FLOATS.contains(&name) || OTHER_PRIMITIVES.contains(&name)
}

/// The name of a type without module path and arguments.
pub(crate) fn last_name(ty: &Type) -> Option<String> {
    match ungroup(ty) {
        Type::Path(TypePath {
            qself: None, path, ..
        }) => path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    }
}

/// A type as written, when it comes out of a declarative macro in an invisible group.
pub(crate) fn ungroup(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungroup(&group.elem),
        Type::Paren(paren) => ungroup(&paren.elem),
        ty => ty,
    }
}

/// `1` and `-1` as `1f64` and `-1f64`.
fn as_float(expr: &Expr, float: &str) -> Option<TokenStream> {
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

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) => true,
        Expr::Group(group) => is_literal(&group.expr),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Neg(_)) && is_literal(&unary.expr),
        _ => false,
    }
}

/// A number whose type is up to inference: a literal without suffix, or arithmetic on one.
fn is_number(expr: &Expr) -> bool {
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

/// Whether an expression for a primitive has a type of its own, so that `Into` cannot be ambiguous.
fn has_own_type(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) | Expr::Cast(_) | Expr::Field(_) => true,
        // Other literals are left out: `Into` would turn `true` into a number.
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
