//! The attributes that restrict values: `range`, `clamp`, `one_of`, `non_empty`.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, RangeLimits, Type};

use crate::attributes::Item;
use crate::errors::Errors;
use crate::literal::Literal;
use crate::model::Range;
use crate::types::{Known, option_of, spelled, ungroup};

/// The constraints in the attributes of one field.
#[derive(Default)]
pub(crate) struct Constraints {
    range: Option<(Span, Option<Range>)>,
    clamp: Option<Span>,
    one_of: Option<(Span, Vec<(Span, Literal)>)>,
    non_empty: Option<Span>,
}

/// The constraints, checked.
pub(crate) struct Checked {
    pub(crate) range: Option<Range>,
    pub(crate) clamp: bool,
    pub(crate) one_of: Vec<Literal>,
    pub(crate) non_empty: bool,
}

/// The parts of a default that are known before the compiler runs.
pub(crate) struct KnownDefault {
    span: Span,
    literal: Option<Literal>,
    is_empty: bool,
}

impl KnownDefault {
    /// From `default = <expr>`.
    pub(crate) fn of_expr(expr: &Expr) -> Self {
        let literal = Literal::of(expr);
        let is_empty = match expr {
            Expr::Array(array) => array.elems.is_empty(),
            _ => literal == Some(Literal::Text(String::new())),
        };
        Self {
            span: expr.span(),
            literal,
            is_empty,
        }
    }

    /// From `default` alone: the type's own default.
    pub(crate) fn of_type(ty: &Type, span: Span) -> Self {
        let known = match option_of(ty) {
            Some(_) => Known::Unknown,
            None => Known::of(ty),
        };
        Self {
            span,
            literal: match known {
                Known::Bool => Some(Literal::Bool(false)),
                Known::Integer => Some(Literal::Integer(0)),
                Known::Float | Known::Duration => Some(Literal::Float(0.0)),
                Known::Text => Some(Literal::Text(String::new())),
                _ => None,
            },
            is_empty: matches!(known, Known::Text | Known::Collection)
                && !matches!(ungroup(ty), Type::Array(_)),
        }
    }
}

impl Constraints {
    /// Accepts an item if it is one of these attributes.
    pub(crate) fn take(&mut self, item: &Item, errors: &mut Errors) -> bool {
        match item.key.to_string().as_str() {
            "range" => self.range = Some((item.span(), range(item, errors))),
            "clamp" => {
                item.flag(errors);
                self.clamp = Some(item.span());
            }
            "one_of" => self.one_of = Some((item.span(), one_of(item, errors))),
            "non_empty" => {
                item.flag(errors);
                self.non_empty = Some(item.span());
            }
            _ => return false,
        }
        true
    }

    /// Checks the constraints against each other, the field's type and its default.
    pub(crate) fn check(
        self,
        field: &syn::Ident,
        ty: &Type,
        default: Option<&KnownDefault>,
        errors: &mut Errors,
    ) -> Checked {
        let known = Known::of(ty);
        let described = || format!("`{field}` is a `{}`", spelled(ty));
        if let (Some(clamp), None) = (self.clamp, &self.range) {
            errors.at(
                clamp,
                "`clamp` takes the nearest number in range: add a `range`, as in `range = 0..=10`",
            );
        }
        if let (Some((span, _)), Some(_)) = (&self.one_of, &self.range) {
            errors.at(
                *span,
                "`one_of` and `range` both say which values are allowed; remove one of them",
            );
        }
        let mut range = None;
        if let Some((span, found)) = self.range {
            let holds_no_number = matches!(
                known,
                Known::Bool | Known::Char | Known::Text | Known::Collection | Known::NoNumber
            );
            if holds_no_number {
                errors.at(
                    span,
                    format!(
                        "`range` is for numbers, and {}; checks of other values are `one_of`, `non_empty` and `validate`",
                        described()
                    ),
                );
            } else if let Some(mut found) = found {
                found.check(known, &described(), default, errors);
                range = Some(found);
            }
        }
        if let Some(span) = self.non_empty {
            let cannot_be_empty = matches!(
                known,
                Known::Bool
                    | Known::Char
                    | Known::Integer
                    | Known::Float
                    | Known::NonZero
                    | Known::Duration
            );
            if cannot_be_empty {
                errors.at(
                    span,
                    format!(
                        "`non_empty` is for text, lists and objects, and {}",
                        described()
                    ),
                );
            } else if let Some(default) = default.filter(|default| default.is_empty) {
                errors.at(
                    default.span,
                    "the default is empty, which `non_empty` forbids",
                );
            }
        }
        let one_of = self.one_of.map_or_else(Vec::new, |(_, allowed)| allowed);
        check_one_of(&one_of, known, &described(), default, errors);
        Checked {
            range,
            clamp: self.clamp.is_some(),
            one_of: one_of.into_iter().map(|(_, literal)| literal).collect(),
            non_empty: self.non_empty.is_some(),
        }
    }
}

fn literal_of(expr: Option<&Expr>) -> Option<(Literal, &Expr)> {
    let expr = expr?;
    Some((Literal::of(expr)?, expr))
}

fn literal_default(default: Option<&KnownDefault>) -> Option<(&Literal, Span)> {
    let default = default?;
    Some((default.literal.as_ref()?, default.span))
}

fn range(item: &Item, errors: &mut Errors) -> Option<Range> {
    let Some(Expr::Range(range)) = &item.value else {
        let span = item.value.as_ref().map_or(item.span(), Spanned::span);
        errors.at(span, "expected a range, as in `range = 0..=10`");
        return None;
    };
    if range.start.is_none() && range.end.is_none() {
        errors.at(
            range.span(),
            "expected a range with a minimum or a maximum, as in `range = 0..=10`",
        );
        return None;
    }
    Some(Range {
        min: range.start.as_deref().cloned(),
        max: range.end.as_deref().cloned(),
        excludes_max: matches!(range.limits, RangeLimits::HalfOpen(_)),
        is_float: false,
    })
}

impl Range {
    fn check(
        &mut self,
        known: Known,
        described: &str,
        default: Option<&KnownDefault>,
        errors: &mut Errors,
    ) {
        let bounds = [literal_of(self.min.as_ref()), literal_of(self.max.as_ref())];
        let [min, max] = &bounds;
        for (bound, expr) in bounds.iter().flatten() {
            match bound {
                Literal::Bool(_) | Literal::Text(_) => {
                    errors.at(expr.span(), "expected a number, as in `range = 0..=10`");
                    return;
                }
                Literal::Float(_) if matches!(known, Known::Integer | Known::NonZero) => {
                    errors.at(expr.span(), format!("expected a whole number: {described}"));
                    return;
                }
                _ => {}
            }
        }
        let has_float =
            |bound: &Option<(Literal, &Expr)>| matches!(bound, Some((Literal::Float(_), _)));
        self.is_float =
            matches!(known, Known::Float | Known::Duration) || bounds.iter().any(has_float);
        let number = |bound: &Option<(Literal, &Expr)>| bound.as_ref()?.0.number();
        if let (Some(low), Some(high)) = (number(min), number(max)) {
            let why = if low > high {
                Some("the minimum is above the maximum")
            } else if low == high && self.excludes_max {
                Some("`..` leaves the maximum out; write `..=`")
            } else {
                None
            };
            if let (Some(why), Some((_, expr))) = (why, min) {
                errors.at(expr.span(), format!("this range is empty: {why}"));
                return;
            }
        }
        let Some((literal, span)) = literal_default(default) else {
            return;
        };
        let Some(default) = literal.number() else {
            return;
        };
        let is_below = number(min).is_some_and(|min| default < min);
        let is_above =
            number(max).is_some_and(|max| default > max || (default == max && self.excludes_max));
        if is_below || is_above {
            let default = literal.describe();
            errors.at(span, format!("the default, {default}, is out of `range`"));
        }
    }
}

fn one_of(item: &Item, errors: &mut Errors) -> Vec<(Span, Literal)> {
    let elements = match &item.value {
        Some(Expr::Array(array)) if !array.elems.is_empty() => &array.elems,
        value => {
            let span = value.as_ref().map_or(item.span(), Spanned::span);
            errors.at(
                span,
                "expected a list of the values that are allowed, as in `one_of = [\"red\", \"blue\"]`",
            );
            return Vec::new();
        }
    };
    let mut allowed: Vec<(Span, Literal)> = Vec::new();
    for element in elements {
        match Literal::of(element) {
            None => errors.at(
                element.span(),
                "expected a literal: a string, a number, `true` or `false`",
            ),
            Some(literal) if allowed.iter().any(|(_, other)| literal.equals(other)) => {
                errors.at(
                    element.span(),
                    format!("{} is listed twice", literal.describe()),
                );
            }
            Some(literal) => allowed.push((element.span(), literal)),
        }
    }
    allowed
}

fn check_one_of(
    allowed: &[(Span, Literal)],
    known: Known,
    described: &str,
    default: Option<&KnownDefault>,
    errors: &mut Errors,
) {
    let mut all_fit = true;
    for (span, literal) in allowed {
        let fits = match known {
            Known::Bool => matches!(literal, Literal::Bool(_)),
            Known::Char | Known::Text => matches!(literal, Literal::Text(_)),
            Known::Integer | Known::NonZero => matches!(literal, Literal::Integer(_)),
            Known::Float | Known::Duration => literal.number().is_some(),
            Known::Collection => false,
            Known::NoNumber | Known::Unknown => true,
        };
        all_fit &= fits;
        if !fits {
            errors.at(
                *span,
                format!("{} cannot be a value: {described}", literal.describe()),
            );
        }
    }
    if all_fit
        && !allowed.is_empty()
        && let Some((default, span)) = literal_default(default)
        && !allowed.iter().any(|(_, literal)| literal.equals(default))
    {
        let default = default.describe();
        errors.at(
            span,
            format!("the default, {default}, is not among the values of `one_of`"),
        );
    }
}
