//! Parses the contents of `#[statsig(...)]`: keys with or without a value, without their meaning.

use proc_macro2::{Span, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, Token};

use crate::errors::Errors;
use crate::keys::{AttributeTarget, closest, list, unknown};

/// One `key` or `key = value`.
pub(crate) struct Item {
    pub(crate) key: Ident,
    pub(crate) value: Option<Expr>,
}

impl Item {
    pub(crate) fn span(&self) -> Span {
        self.key.span()
    }

    /// The value as a string literal, or an error.
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

    /// The value as a string literal that is not empty.
    pub(crate) fn name(&self, errors: &mut Errors) -> Option<LitStr> {
        let name = self.string(errors)?;
        if name.value().is_empty() {
            errors.at(name.span(), format!("`{}` must not be empty", self.key));
            return None;
        }
        Some(name)
    }

    /// The value as a path, or as a string that contains a path.
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
        let key = self.key.to_string();
        let wanted = match key.as_str() {
            "crate" | "open_feature" => "expected the path of the crate",
            "with" => "expected the path of a module",
            _ if matches!(self.value, Some(Expr::Closure(_))) => {
                "expected the path of a function, found a closure; make it a function"
            }
            _ => "expected the path of a function",
        };
        errors.at(span, format!("{wanted}, as in `{key} = path::to`"));
        None
    }

    /// The value parsed from its text; `as_in` is an example for the error.
    pub(crate) fn parsed<T>(
        &self,
        parser: impl Parser<Output = T>,
        as_in: &str,
        errors: &mut Errors,
    ) -> Option<T> {
        let text = match &self.value {
            Some(Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            })) => text,
            _ => {
                let span = self.value.as_ref().map_or(self.span(), Spanned::span);
                errors.at(
                    span,
                    format!("expected a string, as in `{} = {as_in}`", self.key),
                );
                return None;
            }
        };
        let parsed = text.parse_with(parser);
        if parsed.is_err() {
            let message = format!("expected `{} = {as_in}`, or the like", self.key);
            errors.at(text.span(), message);
        }
        parsed.ok()
    }

    /// The choice with the value's name.
    pub(crate) fn choose<T: Copy>(
        &self,
        choices: &[(&'static str, T)],
        errors: &mut Errors,
    ) -> Option<T> {
        let text = self.string(errors)?;
        let value = text.value();
        let found = choices.iter().find(|(name, _)| *name == value);
        if found.is_none() {
            let names = || choices.iter().map(|(name, _)| *name);
            let mut message = format!("expected one of {}", list(names()));
            if let Some(meant) = closest(&value, names()) {
                message.push_str(&format!("; did you mean `{meant}`?"));
            }
            errors.at(text.span(), message);
        }
        found.map(|(_, choice)| *choice)
    }

    /// Reports an error if there is a value.
    pub(crate) fn flag(&self, errors: &mut Errors) {
        if let Some(value) = &self.value {
            errors.at(value.span(), format!("`{}` takes no value", self.key));
        }
    }
}

/// The items of all `#[statsig(...)]` attributes. Reports unknown and repeated keys, and leaves
/// them out.
pub(crate) fn items(
    attributes: &[Attribute],
    target: AttributeTarget,
    errors: &mut Errors,
) -> Vec<Item> {
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
                    if is_valid(&item, &items, target, errors) {
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

/// Parses as many items as possible. After an error, it continues behind the next comma.
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
        // The argument of a declarative macro is an invisible group.
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

fn is_valid(item: &Item, before: &[Item], target: AttributeTarget, errors: &mut Errors) -> bool {
    let key = item.key.to_string();
    if !target.takes(&key) {
        errors.at(item.span(), unknown(&key, target));
        return false;
    }
    let is_repeated = key != "alias" && before.iter().any(|other| other.key == item.key);
    if is_repeated {
        errors.at(item.span(), format!("`{key}` is given twice"));
    }
    !is_repeated
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
