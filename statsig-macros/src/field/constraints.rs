//! The attributes that restrict values: `range`, `clamp`, `one_of`, `non_empty`.

use syn::spanned::Spanned;
use syn::{Expr, ExprRange, RangeLimits};

use super::FieldParser;
use super::defaults::KnownDefault;
use crate::attributes::Item;
use crate::literal::Literal;
use crate::model::{Constraints, Fallback, Range};
use crate::types::Known;

impl FieldParser<'_> {
    /// The constraints, checked against each other, the field's type and its default.
    pub(super) fn constraints(&self, default: &Fallback) -> Constraints {
        let default = self.known_default(default);
        let clamp = self.attributes.flag("clamp", self.errors);
        let range = self.attributes.get("range");
        if let (Some(clamp), None) = (clamp, range) {
            self.errors.at(
                clamp,
                "`clamp` takes the nearest number in range: add a `range`, as in `range = 0..=10`",
            );
        }
        self.exclusive(&["range", "one_of"], "say which values are allowed");
        Constraints {
            range: range.and_then(|item| self.range(item, default.as_ref())),
            clamp: clamp.is_some(),
            non_empty: self.non_empty(default.as_ref()),
            one_of: self.one_of(default.as_ref()).unwrap_or_default(),
        }
    }

    fn range(&self, item: &Item, default: Option<&KnownDefault>) -> Option<Range> {
        let holds_no_number = matches!(
            self.known,
            Known::Bool | Known::Char | Known::Text | Known::Collection | Known::NoNumber
        );
        if holds_no_number {
            self.errors.at(
                item.span(),
                format!(
                    "`range` is for numbers, and {}; checks of other values are `one_of`, `non_empty` and `validate`",
                    self.described()
                ),
            );
            return None;
        }
        let Some(Expr::Range(range)) = &item.value else {
            let message = "expected a range, as in `range = 0..=10`";
            self.errors.at(item.value_span(), message);
            return None;
        };
        if range.start.is_none() && range.end.is_none() {
            self.errors.at(
                range.span(),
                "expected a range with a minimum or a maximum, as in `range = 0..=10`",
            );
            return None;
        }
        self.checked_range(range, default)
    }

    fn checked_range(&self, range: &ExprRange, default: Option<&KnownDefault>) -> Option<Range> {
        let excludes_max = matches!(range.limits, RangeLimits::HalfOpen(_));
        let mut is_float = matches!(self.known, Known::Float | Known::Duration);
        for bound in [&range.start, &range.end].into_iter().flatten() {
            let wrong = match Literal::of(bound) {
                Some(Literal::Bool(_) | Literal::Text(_)) => {
                    "expected a number, as in `range = 0..=10`".to_owned()
                }
                Some(Literal::Float(_))
                    if matches!(self.known, Known::Integer | Known::NonZero) =>
                {
                    format!("expected a whole number: {}", self.described())
                }
                literal => {
                    is_float |= matches!(literal, Some(Literal::Float(_)));
                    continue;
                }
            };
            self.errors.at(bound.span(), wrong);
            return None;
        }
        let number = |bound: Option<&Expr>| Literal::of(bound?)?.number();
        let (start, end) = (range.start.as_deref(), range.end.as_deref());
        let (min, max) = (number(start), number(end));
        if let (Some(low), Some(high)) = (min, max)
            && (low > high || low == high && excludes_max)
        {
            let why = if low > high {
                "the minimum is above the maximum"
            } else {
                "`..` leaves the maximum out; write `..=`"
            };
            let message = format!("this range is empty: {why}");
            self.errors.at(start.span(), message);
            return None;
        }
        if let Some((literal, default)) = default.and_then(KnownDefault::literal)
            && let Some(number) = literal.number()
        {
            let is_below = min.is_some_and(|min| number < min);
            let is_above = max.is_some_and(|max| number > max || number == max && excludes_max);
            if is_below || is_above {
                let literal = literal.describe();
                let message = format!("the default, {literal}, is out of `range`");
                self.errors.at(default, message);
            }
        }
        Some(Range {
            min: start.cloned(),
            max: end.cloned(),
            excludes_max,
            is_float,
        })
    }

    fn non_empty(&self, default: Option<&KnownDefault>) -> bool {
        let Some(span) = self.attributes.flag("non_empty", self.errors) else {
            return false;
        };
        let cannot_be_empty = matches!(
            self.known,
            Known::Bool
                | Known::Char
                | Known::Integer
                | Known::Float
                | Known::NonZero
                | Known::Duration
        );
        if cannot_be_empty {
            let described = self.described();
            let message = format!("`non_empty` is for text, lists and objects, and {described}");
            self.errors.at(span, message);
        } else if let Some(default) = default.filter(|default| default.is_empty) {
            let message = "the default is empty, which `non_empty` forbids";
            self.errors.at(default.span, message);
        }
        true
    }

    fn one_of(&self, default: Option<&KnownDefault>) -> Option<Vec<Literal>> {
        let item = self.attributes.get("one_of")?;
        let elements = match &item.value {
            Some(Expr::Array(array)) if !array.elems.is_empty() => &array.elems,
            _ => {
                self.errors.at(
                    item.value_span(),
                    "expected a list of the values that are allowed, as in `one_of = [\"red\", \"blue\"]`",
                );
                return None;
            }
        };
        let mut allowed: Vec<Literal> = Vec::new();
        let mut all_fit = true;
        for element in elements {
            let Some(literal) = Literal::of(element) else {
                let message = "expected a literal: a string, a number, `true` or `false`";
                self.errors.at(element.span(), message);
                continue;
            };
            let described = literal.describe();
            if allowed.iter().any(|other| literal.equals(other)) {
                let message = format!("{described} is listed twice");
                self.errors.at(element.span(), message);
            } else if !self.may_be(&literal) {
                let message = format!("{described} cannot be a value: {}", self.described());
                self.errors.at(element.span(), message);
                all_fit = false;
            }
            allowed.push(literal);
        }
        if all_fit
            && !allowed.is_empty()
            && let Some((default, span)) = default.and_then(KnownDefault::literal)
            && !allowed.iter().any(|literal| literal.equals(default))
        {
            let default = default.describe();
            let message = format!("the default, {default}, is not among the values of `one_of`");
            self.errors.at(span, message);
        }
        Some(allowed)
    }

    /// Whether a literal may be a value of the field's type.
    fn may_be(&self, literal: &Literal) -> bool {
        match self.known {
            Known::Bool => matches!(literal, Literal::Bool(_)),
            Known::Char | Known::Text => matches!(literal, Literal::Text(_)),
            Known::Integer | Known::NonZero => matches!(literal, Literal::Integer(_)),
            Known::Float | Known::Duration => literal.number().is_some(),
            Known::Collection => false,
            Known::NoNumber | Known::Unknown => true,
        }
    }
}

impl KnownDefault {
    fn literal(&self) -> Option<(&Literal, proc_macro2::Span)> {
        Some((self.literal.as_ref()?, self.span))
    }
}
