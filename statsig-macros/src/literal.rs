//! Literal values, which can be checked before the compiler runs.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, ExprLit, Lit, UnOp};

/// A literal, with or without a minus sign.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
}

impl Literal {
    /// The literal in an expression.
    pub(crate) fn of(expr: &Expr) -> Option<Self> {
        match expr {
            Expr::Group(group) => Self::of(&group.expr),
            Expr::Paren(paren) => Self::of(&paren.expr),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
                match Self::of(&unary.expr)? {
                    Self::Integer(integer) => Some(Self::Integer(-integer)),
                    Self::Float(float) => Some(Self::Float(-float)),
                    Self::Bool(_) | Self::Text(_) => None,
                }
            }
            Expr::Lit(ExprLit { lit, .. }) => match lit {
                Lit::Bool(bool) => Some(Self::Bool(bool.value)),
                Lit::Str(text) => Some(Self::Text(text.value())),
                Lit::Char(char) => Some(Self::Text(char.value().to_string())),
                Lit::Int(int) if is_float_suffix(int.suffix()) => {
                    int.base10_parse().ok().map(Self::Float)
                }
                Lit::Int(int) => int.base10_parse().ok().map(Self::Integer),
                Lit::Float(float) => float.base10_parse().ok().map(Self::Float),
                _ => None,
            },
            _ => None,
        }
    }

    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(integer) => Some(*integer as f64),
            Self::Float(float) => Some(*float),
            Self::Bool(_) | Self::Text(_) => None,
        }
    }

    /// Whether two literals have the same value: `1` equals `1.0`.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Integer(one), Self::Integer(other)) => one == other,
            _ => self == other || self.number().is_some_and(|one| other.number() == Some(one)),
        }
    }

    /// The description of the literal for a message.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Bool(bool) => bool.to_string(),
            Self::Integer(integer) => integer.to_string(),
            Self::Float(float) => format!("{float:?}"),
            Self::Text(text) => format!("{text:?}"),
        }
    }

    /// The constructor of `ParamLiteral`.
    pub(crate) fn schema(&self, typed: &TokenStream) -> TokenStream {
        match self {
            Self::Bool(bool) => quote!(#typed::ParamLiteral::Bool(#bool)),
            Self::Integer(integer) => {
                let integer = proc_macro2::Literal::i128_unsuffixed(*integer);
                quote!(#typed::ParamLiteral::Integer(#integer))
            }
            Self::Float(float) => {
                let float = proc_macro2::Literal::f64_unsuffixed(*float);
                quote!(#typed::ParamLiteral::Float(#float))
            }
            Self::Text(text) => quote!(#typed::ParamLiteral::Text(#text)),
        }
    }
}

/// A whole number as the tokens of an integer, with the span of the user's code.
pub(crate) fn integer_at(span: Span, integer: i128) -> TokenStream {
    let mut number = proc_macro2::Literal::i128_unsuffixed(integer);
    number.set_span(span);
    number.into_token_stream()
}

/// A whole number as the tokens of a float, with the span of the user's code.
pub(crate) fn float_at(span: Span, integer: i128) -> TokenStream {
    let mut number = proc_macro2::Literal::f64_unsuffixed(integer as f64);
    number.set_span(span);
    number.into_token_stream()
}

fn is_float_suffix(suffix: &str) -> bool {
    suffix == "f32" || suffix == "f64"
}
