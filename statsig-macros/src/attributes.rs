//! Parses `#[statsig(...)]`: keys with or without a value, and what a value may be.

use proc_macro2::{Span, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Path, Token};

use crate::errors::Errors;
use crate::keys::{AttributeTarget, closest, list, unknown};
use crate::model::{ParamSource, SOURCES};
use crate::package::{self, default_path};

/// One `key` or `key = value`.
pub(crate) struct Item {
    pub(crate) key: Ident,
    pub(crate) value: Option<Expr>,
}

impl Item {
    pub(crate) fn span(&self) -> Span {
        self.key.span()
    }

    /// The span of the value, or of the key if there is no value.
    pub(crate) fn value_span(&self) -> Span {
        self.value.as_ref().map_or(self.span(), Spanned::span)
    }

    /// The value as a string literal; `as_in` is an example for the error.
    fn text(&self, as_in: &str, errors: &Errors) -> Option<&LitStr> {
        let text = self.value.as_ref().and_then(text_of);
        if text.is_none() {
            let message = format!("expected a string, as in `{} = {as_in}`", self.key);
            errors.at(self.value_span(), message);
        }
        text
    }

    /// The value as a string that is not empty.
    pub(crate) fn name(&self, errors: &Errors) -> Option<String> {
        let name = self.text("\"…\"", errors)?;
        if name.value().is_empty() {
            errors.at(name.span(), format!("`{}` must not be empty", self.key));
            return None;
        }
        Some(name.value())
    }

    /// The value as a path, or as a string that contains a path.
    pub(crate) fn path(&self, errors: &Errors) -> Option<Path> {
        let path = match &self.value {
            Some(Expr::Path(path)) if path.qself.is_none() => Some(path.path.clone()),
            Some(value) => {
                text_of(value).and_then(|text| text.parse_with(Path::parse_mod_style).ok())
            }
            None => None,
        };
        if path.is_none() {
            let key = self.key.to_string();
            let wanted = match key.as_str() {
                "crate" | "open_feature" => "expected the path of the crate",
                "with" => "expected the path of a module",
                _ if matches!(self.value, Some(Expr::Closure(_))) => {
                    "expected the path of a function, found a closure; make it a function"
                }
                _ => "expected the path of a function",
            };
            let message = format!("{wanted}, as in `{key} = path::to`");
            errors.at(self.value_span(), message);
        }
        path
    }

    /// The value as the path of a crate. After an error, the usual path prevents further errors.
    pub(crate) fn crate_path(&self, errors: &Errors) -> Path {
        self.path(errors).unwrap_or_else(default_path)
    }

    /// The choice with the value's name.
    pub(crate) fn choose<T: Copy>(
        &self,
        choices: &[(&'static str, T)],
        errors: &Errors,
    ) -> Option<T> {
        let text = self.text("\"…\"", errors)?;
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
    pub(crate) fn flag(&self, errors: &Errors) {
        if let Some(value) = &self.value {
            errors.at(value.span(), format!("`{}` takes no value", self.key));
        }
    }
}

/// The valid items of all `#[statsig(...)]` attributes of one struct, field, enum or variant, in
/// their order. Each accessor that converts a value reports its errors, so it is called once.
#[derive(Default)]
pub(crate) struct Attributes {
    items: Vec<Item>,
    /// Whether some keys are invalid. One of them may be a misspelt key.
    pub(crate) are_misspelt: bool,
}

impl Attributes {
    /// Reports unknown and repeated keys, and leaves them out.
    pub(crate) fn parse(
        attributes: &[Attribute],
        target: &AttributeTarget,
        errors: &Errors,
    ) -> Self {
        let mut items = Vec::new();
        let before = errors.count();
        let own = attributes.iter();
        for attribute in own.filter(|attribute| attribute.path().is_ident("statsig")) {
            let parser = |input: ParseStream<'_>| {
                parse_items(input, target, &mut items, errors);
                Ok(())
            };
            if let Err(error) = attribute.parse_args_with(parser) {
                errors.push(error);
            }
        }
        Self {
            items,
            are_misspelt: errors.count() > before,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Item> {
        self.iter().find(|item| item.key == key)
    }

    /// The items with one of these keys.
    pub(crate) fn among(&self, keys: &[&str]) -> impl Iterator<Item = &Item> {
        self.iter()
            .filter(|item| keys.iter().any(|key| item.key == key))
    }

    /// The place of a key without a value.
    pub(crate) fn flag(&self, key: &str, errors: &Errors) -> Option<Span> {
        let item = self.get(key)?;
        item.flag(errors);
        Some(item.span())
    }

    pub(crate) fn name(&self, key: &str, errors: &Errors) -> Option<String> {
        self.get(key)?.name(errors)
    }

    pub(crate) fn path(&self, key: &str, errors: &Errors) -> Option<Path> {
        self.get(key)?.path(errors)
    }

    pub(crate) fn choose<T: Copy>(
        &self,
        key: &str,
        choices: &[(&'static str, T)],
        errors: &Errors,
    ) -> Option<T> {
        self.get(key)?.choose(choices, errors)
    }

    /// The value of a key, parsed from its text; `as_in` is an example for the error.
    pub(crate) fn parsed<T>(
        &self,
        key: &str,
        parser: impl Parser<Output = T>,
        as_in: &str,
        errors: &Errors,
    ) -> Option<T> {
        let text = self.get(key)?.text(as_in, errors)?;
        let parsed = text.parse_with(parser);
        if parsed.is_err() {
            errors.at(
                text.span(),
                format!("expected `{key} = {as_in}`, or the like"),
            );
        }
        parsed.ok()
    }

    /// The sources, each with its key.
    pub(crate) fn sources(&self, errors: &Errors) -> Vec<(Ident, ParamSource)> {
        let sources = self.iter().filter_map(|item| {
            let (_, kind) = SOURCES.iter().find(|(key, _)| item.key == key)?;
            let name = item.name(errors).unwrap_or_default();
            Some((item.key.clone(), ParamSource { kind: *kind, name }))
        });
        sources.collect()
    }

    /// The path of the SDK: that of the key `crate`, else the one that the manifest shows.
    pub(crate) fn sdk_path(&self, errors: &Errors) -> Option<Path> {
        match self.get("crate") {
            Some(item) => Some(item.crate_path(errors)),
            None => package::SDK.path(Span::call_site(), errors),
        }
    }
}

/// Adds as many items as possible. After an error, it continues behind the next comma.
fn parse_items(
    input: ParseStream<'_>,
    target: &AttributeTarget,
    items: &mut Vec<Item>,
    errors: &Errors,
) {
    while !input.is_empty() {
        match parse_item(input) {
            Ok(item) if is_valid(&item, items, target, errors) => items.push(item),
            Ok(_) => {}
            Err(error) => {
                errors.push(error);
                skip_to_comma(input);
            }
        }
        let _: Option<Token![,]> = input.parse().ok();
    }
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

fn is_valid(item: &Item, before: &[Item], target: &AttributeTarget, errors: &Errors) -> bool {
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

fn text_of(expr: &Expr) -> Option<&LitStr> {
    match expr {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text),
        _ => None,
    }
}

/// The lines of the doc comment, as written.
pub(crate) fn doc_lines(attributes: &[Attribute]) -> Vec<LitStr> {
    let docs = attributes.iter().filter_map(|attribute| {
        let doc = attribute.meta.require_name_value().ok()?;
        text_of(&doc.value).filter(|_| doc.path.is_ident("doc"))
    });
    docs.cloned().collect()
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
