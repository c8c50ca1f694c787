//! The public items of a module, as text.

use std::collections::{BTreeMap, BTreeSet};

use quote::{ToTokens, quote};
use syn::{Attribute, Fields, Generics, ImplItem, Item, ItemImpl, TraitItem, Type, Visibility};

use super::names::{attributes, is_for_tests};

/// The public items of one module.
#[derive(Debug, Default)]
pub(crate) struct Surface {
    pub(crate) items: BTreeMap<String, Shown>,
    /// Items that are public only for our own macros.
    pub(crate) hidden: BTreeSet<String>,
    /// Public modules, and the features that they need.
    pub(crate) modules: Vec<(String, String)>,
    pub(crate) implementations: Vec<Implementation>,
}

/// A public item: `struct NAME<T>` and its members.
#[derive(Debug)]
pub(crate) struct Shown {
    /// The features that it needs, and its kind.
    pub(crate) before: String,
    /// The text after its name.
    pub(crate) after: String,
    pub(crate) members: Vec<String>,
}

/// The members that an `impl` adds to a type.
#[derive(Debug)]
pub(crate) struct Implementation {
    pub(crate) of: Vec<String>,
    pub(crate) members: Vec<String>,
}

impl Surface {
    pub(crate) fn of(items: &[Item]) -> Self {
        let mut surface = Self::default();
        for item in items {
            let attributes = attributes(item);
            if is_for_tests(attributes) {
                continue;
            }
            if is_hidden(attributes) {
                surface.hidden.extend(shown(item).map(|(name, _)| name));
                continue;
            }
            match item {
                Item::Mod(it) if is_public(&it.vis) => {
                    surface
                        .modules
                        .push((it.ident.to_string(), features(attributes)));
                }
                Item::Impl(it) => surface.implementations.extend(implementation(it)),
                _ => {
                    if let Some((name, shown)) = shown(item) {
                        surface.items.insert(name, shown);
                    }
                }
            }
        }
        surface
    }
}

fn shown(item: &Item) -> Option<(String, Shown)> {
    let mut members = marks(attributes(item));
    let (visibility, ident, kind, after) = match item {
        Item::Const(it) => (&it.vis, &it.ident, "const", format!(": {}", text(&it.ty))),
        Item::Static(it) => (&it.vis, &it.ident, "static", format!(": {}", text(&it.ty))),
        Item::Fn(it) => (&it.vis, &it.sig.ident, "fn", without_name(&it.sig)),
        Item::Type(it) => {
            let after = format!("{} = {}", text(&it.generics), text(&it.ty));
            (&it.vis, &it.ident, "type", after)
        }
        Item::Struct(it) => {
            members.extend(fields(&it.fields));
            (&it.vis, &it.ident, "struct", generics(&it.generics))
        }
        Item::Enum(it) => {
            for variant in it.variants.iter().filter(|it| !is_hidden(&it.attrs)) {
                let within = match &variant.fields {
                    Fields::Unit => String::new(),
                    fields => text(&without_documentation(fields)),
                };
                let marks = marks(&variant.attrs).concat();
                members.push(
                    format!("{}{marks} {within}", variant.ident)
                        .trim_end()
                        .to_owned(),
                );
            }
            (&it.vis, &it.ident, "enum", generics(&it.generics))
        }
        Item::Trait(it) => {
            members.extend(it.items.iter().filter_map(trait_item));
            let bounds = &it.supertraits;
            let bounds = if bounds.is_empty() {
                String::new()
            } else {
                format!(": {}", text(bounds))
            };
            (
                &it.vis,
                &it.ident,
                "trait",
                generics(&it.generics) + &bounds,
            )
        }
        _ => return None,
    };
    let before = format!("{}{kind} ", features(attributes(item)));
    let shown = Shown {
        before,
        after,
        members,
    };
    is_public(visibility).then(|| (ident.to_string(), shown))
}

fn trait_item(item: &TraitItem) -> Option<String> {
    match item {
        TraitItem::Fn(it) if !is_hidden(&it.attrs) => {
            let provided = if it.default.is_some() { " { … }" } else { "" };
            Some(format!(
                "{}{}{provided}",
                features(&it.attrs),
                text(&it.sig)
            ))
        }
        TraitItem::Type(it) => Some(text(it)),
        TraitItem::Const(it) => Some(format!("const {}: {}", it.ident, text(&it.ty))),
        _ => None,
    }
}

fn fields(fields: &Fields) -> Vec<String> {
    let are_visible = |field: &&syn::Field| is_public(&field.vis) && !is_hidden(&field.attrs);
    let visible: Vec<_> = fields.iter().filter(are_visible).collect();
    let mut members: Vec<_> = visible
        .iter()
        .enumerate()
        .map(|(place, field)| match &field.ident {
            Some(ident) => format!("{}{ident}: {}", features(&field.attrs), text(&field.ty)),
            None => format!("{place}: {}", text(&field.ty)),
        })
        .collect();
    if visible.len() < fields.len() {
        members.push("private fields".to_owned());
    }
    members
}

fn implementation(item: &ItemImpl) -> Option<Implementation> {
    let Type::Path(of) = &*item.self_ty else {
        return None;
    };
    let of = of
        .path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    let gate = features(&item.attrs);
    let members = match &item.trait_ {
        Some((path, _)) => {
            let last = path.segments.last();
            vec![format!("{gate}impl {}", last.map(text).unwrap_or_default())]
        }
        None => {
            let items = item.items.iter();
            items
                .filter_map(|item| match item {
                    ImplItem::Fn(it) if is_shown(&it.vis, &it.attrs) => {
                        Some(format!("{gate}{}{}", features(&it.attrs), text(&it.sig)))
                    }
                    ImplItem::Const(it) if is_shown(&it.vis, &it.attrs) => {
                        Some(format!("{gate}const {}: {}", it.ident, text(&it.ty)))
                    }
                    _ => None,
                })
                .collect()
        }
    };
    Some(Implementation { of, members })
}

fn is_shown(visibility: &Visibility, attributes: &[Attribute]) -> bool {
    is_public(visibility) && !is_hidden(attributes) && !is_for_tests(attributes)
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

pub(crate) fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|it| it.path().is_ident("doc") && text(&it.meta).contains("(hidden)"))
}

/// `[feature = "…"] ` for items that need a feature.
pub(crate) fn features(attributes: &[Attribute]) -> String {
    let gates = attributes.iter().filter(|it| it.path().is_ident("cfg"));
    let gates = gates.filter_map(|it| it.meta.require_list().ok());
    gates
        .map(|list| {
            let gate = tidy(&list.tokens.to_string());
            let beside_tests = gate.strip_prefix("any(test, ");
            let gate = beside_tests
                .and_then(|gate| gate.strip_suffix(')'))
                .unwrap_or(&gate);
            format!("[{gate}] ")
        })
        .collect()
}

/// Derived traits, and whether fields or variants may be added later.
fn marks(attributes: &[Attribute]) -> Vec<String> {
    let mut marks = Vec::new();
    for attribute in attributes {
        if attribute.path().is_ident("non_exhaustive") {
            marks.push("#[non_exhaustive]".to_owned());
        } else if attribute.path().is_ident("derive")
            && let Ok(list) = attribute.meta.require_list()
        {
            let derived = tidy(&list.tokens.to_string());
            marks.extend(derived.split(", ").map(|name| format!("impl {name}")));
        }
    }
    marks
}

/// Parameters in angle brackets, with their bounds.
fn generics(generics: &Generics) -> String {
    let conditions = &generics.where_clause;
    tidy(&quote!(#generics #conditions).to_string())
}

fn without_name(signature: &syn::Signature) -> String {
    let full = text(signature);
    let name = signature.ident.to_string();
    full.split_once(&name)
        .map_or(full.clone(), |(_, after)| after.to_owned())
}

fn text(tokens: &impl ToTokens) -> String {
    tidy(&tokens.to_token_stream().to_string())
}

/// The fields of a variant. A change of their documentation does not change the API.
fn without_documentation(fields: &Fields) -> Fields {
    let mut fields = fields.clone();
    for field in &mut fields {
        field.attrs.retain(|it| !it.path().is_ident("doc"));
    }
    fields
}

/// Tokens with the usual spaces.
fn tidy(tokens: &str) -> String {
    let mut text = tokens.split_whitespace().collect::<Vec<_>>().join(" ");
    for (found, usual) in [
        (" ::", "::"),
        (":: ", "::"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        ("& ", "&"),
        (" (", "("),
        ("( ", "("),
        (", )", ")"),
        (" )", ")"),
        (" ,", ","),
        (",)", ")"),
        (" :", ":"),
        ("->", " ->"),
        (" ;", ";"),
        ("[ ", "["),
        (" ]", "]"),
        ("(mut self", "(self"),
        ("Item =", "Item = "),
        ("=  ", "= "),
    ] {
        text = text.replace(found, usual);
    }
    text.replace("  ", " ").replace("- >", "->")
}
