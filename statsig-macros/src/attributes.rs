//! The contents of `#[statsig(...)]`: keys with or without a value, whatever they mean.

use proc_macro2::{Span, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, Token};

use crate::errors::Errors;

/// Where an attribute stands, and which keys are valid there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Struct,
    Field,
    Enum,
    Variant,
}

impl Place {
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Struct => &[
                "layer",
                "param_store",
                "experiment",
                "config",
                "rename_all",
                "expose",
                "default",
                "crate",
            ],
            Self::Field => &["default", "default_with", "rename", "alias", "json", "skip"],
            Self::Enum => &["rename_all", "crate"],
            Self::Variant => &["rename", "alias", "other"],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Struct => "a struct",
            Self::Field => "a field",
            Self::Enum => "an enum",
            Self::Variant => "a variant",
        }
    }

    /// Deriving for a struct, "belongs on a variant" would help nobody.
    fn neighbour(self) -> Self {
        match self {
            Self::Struct => Self::Field,
            Self::Field => Self::Struct,
            Self::Enum => Self::Variant,
            Self::Variant => Self::Enum,
        }
    }
}

/// One `key` or `key = value`.
pub(crate) struct Item {
    pub(crate) key: Ident,
    pub(crate) value: Option<Expr>,
}

impl Item {
    pub(crate) fn span(&self) -> Span {
        self.key.span()
    }

    /// The value, as the string literal that it has to be.
    pub(crate) fn string(&self, errors: &mut Errors) -> Option<LitStr> {
        if let Some(Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        })) = &self.value
        {
            return Some(text.clone());
        }
        let span = self.value.as_ref().map_or(self.span(), Spanned::span);
        let key = &self.key;
        errors.at(span, format!("expected a string, as in `{key} = \"…\"`"));
        None
    }

    /// The value, as a string literal that names something.
    pub(crate) fn name(&self, errors: &mut Errors) -> Option<LitStr> {
        let name = self.string(errors)?;
        if name.value().is_empty() {
            errors.at(name.span(), format!("`{}` must not be empty", self.key));
            return None;
        }
        Some(name)
    }

    /// The value, as a path or a string that holds one.
    pub(crate) fn path(&self, errors: &mut Errors) -> Option<Path> {
        match &self.value {
            Some(Expr::Path(path)) if path.qself.is_none() => return Some(path.path.clone()),
            Some(Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            })) => {
                if let Ok(path) = text.parse_with(Path::parse_mod_style) {
                    return Some(path);
                }
            }
            _ => {}
        }
        let span = self.value.as_ref().map_or(self.span(), Spanned::span);
        errors.at(
            span,
            format!("expected a path, as in `{} = path::to`", self.key),
        );
        None
    }

    /// Checks that there is no value.
    pub(crate) fn flag(&self, errors: &mut Errors) {
        if let Some(value) = &self.value {
            errors.at(value.span(), format!("`{}` takes no value", self.key));
        }
    }
}

/// The items of all `#[statsig(...)]` attributes. Unknown and repeated keys are reported and left out.
pub(crate) fn items(attributes: &[Attribute], place: Place, errors: &mut Errors) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for attribute in attributes {
        if !attribute.path().is_ident("statsig") {
            continue;
        }
        let Meta::List(list) = &attribute.meta else {
            errors.at(attribute.span(), "expected `#[statsig(…)]`");
            continue;
        };
        let mut parse_errors = Errors::default();
        let parsed = (|input: ParseStream| Ok(parse_items(input, &mut parse_errors)))
            .parse2(list.tokens.clone());
        match parsed {
            Ok(parsed) => {
                for item in parsed {
                    if is_valid(&item, &items, place, errors) {
                        items.push(item);
                    }
                }
            }
            Err(error) => errors.push(error),
        }
        errors.append(parse_errors);
    }
    items
}

/// Parses as many items as possible: after an error it goes on behind the next comma.
fn parse_items(input: ParseStream<'_>, errors: &mut Errors) -> Vec<Item> {
    let mut items = Vec::new();
    while !input.is_empty() {
        match parse_item(input) {
            Ok(item) => items.push(item),
            Err(error) => {
                errors.push(error);
                skip_to_comma(input);
            }
        }
        let _: Option<Token![,]> = input.parse().ok();
    }
    items
}

fn parse_item(input: ParseStream<'_>) -> syn::Result<Item> {
    let key = Ident::parse_any(input)?;
    let value = if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        let mut value: Expr = input.parse()?;
        // What a declarative macro passes on comes in an invisible group.
        while let Expr::Group(group) = value {
            value = *group.expr;
        }
        Some(value)
    } else {
        None
    };
    if input.is_empty() || input.peek(Token![,]) {
        Ok(Item { key, value })
    } else {
        Err(input.error("expected `,`"))
    }
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        if input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}

fn is_valid(item: &Item, before: &[Item], place: Place, errors: &mut Errors) -> bool {
    let key = item.key.to_string();
    if !place.keys().contains(&key.as_str()) {
        errors.at(item.span(), unknown(&key, place));
        return false;
    }
    let is_repeated = key != "alias" && before.iter().any(|other| other.key == item.key);
    if is_repeated {
        errors.at(item.span(), format!("`{key}` is given twice"));
    }
    !is_repeated
}

fn unknown(key: &str, place: Place) -> String {
    let here = place.name();
    let neighbour = place.neighbour();
    if neighbour.keys().contains(&key) {
        return format!("`{key}` belongs on {}, not on {here}", neighbour.name());
    }
    let valid = list(place.keys().iter().copied());
    match closest(key, place.keys().iter().copied()) {
        Some(meant) => format!(
            "unknown attribute `{key}`, did you mean `{meant}`? On {here}, valid are {valid}"
        ),
        None => format!("unknown attribute `{key}`; on {here}, valid are {valid}"),
    }
}

/// "`a`, `b`, `c`".
pub(crate) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The candidate that was probably meant: at most two edits away, and no more than half of the word.
pub(crate) fn closest<'a>(
    word: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let edits = candidates.map(|candidate| (edits(word, candidate), candidate));
    let (edits, closest) = edits.min_by_key(|(edits, _)| *edits)?;
    (edits <= 2 && edits * 2 <= closest.chars().count()).then_some(closest)
}

/// Insertions, deletions and replacements between two words.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (position, char) in from.to_lowercase().chars().enumerate() {
        let mut next = vec![position + 1];
        for (above, target) in row.windows(2).zip(&to) {
            if let ([diagonal, above], Some(left)) = (above, next.last()) {
                let replaced = diagonal + usize::from(char != *target);
                next.push(replaced.min(above + 1).min(left + 1));
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// The lines of the doc comment, as written.
pub(crate) fn doc_lines(attributes: &[Attribute]) -> Vec<LitStr> {
    let docs = attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(doc) = &attribute.meta else {
            return None;
        };
        match &doc.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(line),
                ..
            }) if doc.path.is_ident("doc") => Some(line.clone()),
            _ => None,
        }
    });
    docs.collect()
}

/// The doc comment as one text.
pub(crate) fn doc_text(lines: &[LitStr]) -> String {
    let lines = lines.iter().map(|line| {
        let line = line.value();
        line.strip_prefix(' ')
            .unwrap_or(&line)
            .trim_end()
            .to_owned()
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}
