//! From syntax to the model, with every error that can be found on the way.

use std::collections::HashMap;

use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, GenericParam, LitStr, Path, Type, parse_quote};

use crate::attributes::{Item, Place, closest, doc_lines, items, list};
use crate::case::{CASES, Case};
use crate::default::option_of;
use crate::errors::Errors;
use crate::model::{Expose, Fallback, Field, POLICIES, Param, Params, SOURCES, Source, SourceKind};

/// Methods of `Typed` and of traits that it implements: they would win over accessors of the same name.
const TAKEN_BY_TYPED: [&str; 24] = [
    "borrow",
    "borrow_mut",
    "clone",
    "clone_from",
    "clone_into",
    "deref",
    "detached",
    "eq",
    "fmt",
    "from",
    "into",
    "into_inner",
    "into_inner_unexposed",
    "log_exposure",
    "log_exposures",
    "meta",
    "ne",
    "origin",
    "peek",
    "serialize",
    "to_owned",
    "try_from",
    "try_into",
    "type_id",
];

/// The model of a struct. With errors it is good enough for a stub; `None` if not even that makes sense.
pub(crate) fn params(input: &DeriveInput, errors: &mut Errors) -> Option<Params> {
    let container = Container::parse(&input.attrs, errors);
    let has_lifetimes = input.generics.lifetimes().next().is_some();
    for lifetime in input.generics.lifetimes() {
        errors.at(
            lifetime.span(),
            "expected fields that own their values, found a lifetime; decode into owned types such as `String`",
        );
    }
    let fields = named_fields(input, errors)?;
    let parse = |field| parse_field(field, &container, errors);
    let fields: Vec<Field> = fields.filter_map(parse).collect();
    check_names(&fields, errors);
    if container.expose == Expose::Read {
        check_accessors(&fields, errors);
    }
    if has_lifetimes {
        return None;
    }
    let source = container.source(input.ident.span(), errors);
    Some(Params {
        ident: input.ident.clone(),
        vis: input.vis.clone(),
        generics: input.generics.clone(),
        krate: container.krate,
        source,
        expose: container.expose,
        container_default: container.default,
        fields,
    })
}

/// The path of the `statsig` crate, unless the attribute `crate` says otherwise.
pub(crate) fn default_crate() -> Path {
    parse_quote!(::statsig)
}

/// The convention that `rename_all` names.
pub(crate) fn rename_all(item: &Item, errors: &mut Errors) -> Option<Case> {
    choose(item, &CASES, errors)
}

fn choose<T: Copy>(item: &Item, choices: &[(&'static str, T)], errors: &mut Errors) -> Option<T> {
    let text = item.string(errors)?;
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

fn named_fields<'a>(
    input: &'a DeriveInput,
    errors: &mut Errors,
) -> Option<impl Iterator<Item = &'a syn::Field> + use<'a>> {
    let found = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Some(fields.named.iter()),
            Fields::Unnamed(_) => "a tuple struct",
            Fields::Unit => "a struct without fields",
        },
        Data::Enum(_) => "an enum",
        Data::Union(_) => "a union",
    };
    let hint = match &input.data {
        Data::Enum(_) => "; for a parameter that is one of several strings, derive `ParamEnum`",
        _ => "",
    };
    let message = format!("expected a struct with named fields, found {found}{hint}");
    errors.at(input.ident.span(), message);
    None
}

/// The attributes of the struct.
struct Container {
    sources: Vec<(SourceKind, Span, Option<LitStr>)>,
    rename_all: Option<Case>,
    expose: Expose,
    /// The key `default`.
    default: Option<Span>,
    krate: Path,
}

impl Container {
    fn parse(attributes: &[Attribute], errors: &mut Errors) -> Self {
        let mut container = Self {
            sources: Vec::new(),
            rename_all: None,
            expose: Expose::Access,
            default: None,
            krate: default_crate(),
        };
        for item in items(attributes, Place::Struct, errors) {
            let key = item.key.to_string();
            if let Some((_, kind)) = SOURCES.iter().find(|(name, _)| *name == key) {
                let name = item.name(errors);
                container.sources.push((*kind, item.span(), name));
                continue;
            }
            match key.as_str() {
                "rename_all" => container.rename_all = rename_all(&item, errors),
                "expose" => {
                    let policy = choose(&item, &POLICIES, errors);
                    container.expose = policy.unwrap_or(Expose::Access);
                }
                "default" => {
                    item.flag(errors);
                    container.default = Some(item.span());
                }
                _ => container.krate = item.path(errors).unwrap_or_else(default_crate),
            }
        }
        container
    }

    /// The only source; a placeholder after an error.
    fn source(&self, span: Span, errors: &mut Errors) -> Source {
        let (kind, name) = match self.sources.as_slice() {
            [] => {
                let sources = list(SOURCES.iter().map(|(name, _)| *name));
                errors.at(
                    span,
                    format!(
                        "expected a source, as in `#[statsig(layer = \"…\")]`; sources are {sources}"
                    ),
                );
                (SourceKind::Layer, None)
            }
            [(kind, _, name), others @ ..] => {
                for (_, span, _) in others {
                    errors.at(
                        *span,
                        "expected one source, found another; split the struct, or use a parameter store that maps to both",
                    );
                }
                (*kind, name.as_ref())
            }
        };
        Source {
            kind,
            name: name.map(LitStr::value).unwrap_or_default(),
        }
    }
}

fn parse_field(field: &syn::Field, container: &Container, errors: &mut Errors) -> Option<Field> {
    let ident = field.ident.clone()?;
    let mut attributes = FieldAttributes::default();
    for item in items(&field.attrs, Place::Field, errors) {
        attributes.take(item, errors);
    }
    attributes.check(errors);
    if let (Type::Reference(reference), false) = (&field.ty, attributes.skip.is_some()) {
        errors.at(
            reference.span(),
            "expected a type that owns its value, found a reference; values are decoded, so use `String`, `Box<str>` or `Arc<str>`",
        );
    }
    let is_param = attributes.skip.is_none();
    let default = match attributes.default.take() {
        Some(default) => default,
        None if container.default.is_some() => Fallback::Container,
        None if !is_param => Fallback::Trait,
        None if option_of(&field.ty).is_some() => Fallback::Absent,
        None => {
            errors.at(
                ident.span(),
                format!(
                    "`{ident}` needs a default for when nothing is served: \
                     add `#[statsig(default = …)]`, add `#[statsig(default)]` for the type's own, or make it an `Option`"
                ),
            );
            Fallback::Trait
        }
    };
    let name = attributes.rename.take().unwrap_or_else(|| {
        let name = ident.unraw().to_string();
        container
            .rename_all
            .map_or(name.clone(), |case| case.field(&name))
    });
    let deprecated = field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("deprecated"));
    Some(Field {
        vis: field.vis.clone(),
        ty: field.ty.clone(),
        docs: doc_lines(&field.attrs),
        deprecated: deprecated.map(ToTokens::to_token_stream).collect(),
        default,
        param: is_param.then_some(Param {
            name,
            aliases: attributes.aliases,
            json: attributes.json.is_some(),
        }),
        ident,
    })
}

#[derive(Default)]
struct FieldAttributes {
    default: Option<Fallback>,
    /// The keys that gave a default.
    default_keys: Vec<Item>,
    rename: Option<String>,
    aliases: Vec<String>,
    /// The keys that only make sense for a field that is read.
    reading: Vec<(String, Span)>,
    json: Option<Span>,
    skip: Option<Span>,
}

impl FieldAttributes {
    fn take(&mut self, mut item: Item, errors: &mut Errors) {
        match item.key.to_string().as_str() {
            "default" => {
                let default = match item.value.take() {
                    Some(expr) => Fallback::Expr(Box::new(expr)),
                    None => Fallback::Trait,
                };
                self.default = Some(default);
                self.default_keys.push(item);
            }
            "default_with" => {
                // After an error, any default stops the complaint that there is none.
                let default = item
                    .path(errors)
                    .map_or(Fallback::Trait, Fallback::Function);
                self.default = Some(default);
                self.default_keys.push(item);
            }
            "rename" => {
                self.rename = item.name(errors).map(|name| name.value());
                self.reading.push(("rename".to_owned(), item.span()));
            }
            "alias" => {
                self.aliases
                    .extend(item.name(errors).map(|name| name.value()));
                self.reading.push(("alias".to_owned(), item.span()));
            }
            "json" => {
                item.flag(errors);
                self.json = Some(item.span());
                self.reading.push(("json".to_owned(), item.span()));
            }
            _ => {
                item.flag(errors);
                self.skip = Some(item.span());
            }
        }
    }

    /// Attributes that contradict each other.
    fn check(&self, errors: &mut Errors) {
        if let [_, second, ..] = self.default_keys.as_slice() {
            errors.at(
                second.span(),
                "`default` and `default_with` exclude each other",
            );
        }
        if self.skip.is_some() {
            for (key, span) in &self.reading {
                errors.at(
                    *span,
                    format!("`{key}` has no effect beside `skip`; remove one of them"),
                );
            }
        }
    }
}

/// No two fields may read the same parameter, be it under an alias.
fn check_names(fields: &[Field], errors: &mut Errors) {
    let mut readers = HashMap::new();
    for field in fields {
        let Some(param) = &field.param else { continue };
        for name in std::iter::once(&param.name).chain(&param.aliases) {
            if let Some(first) = readers.insert(name, &field.ident) {
                let message = if *first == field.ident {
                    format!("`{first}` names the parameter `{name}` twice")
                } else {
                    format!("the parameter `{name}` is read by `{first}` already")
                };
                errors.at(field.ident.span(), message);
            }
        }
    }
}

fn check_accessors(fields: &[Field], errors: &mut Errors) {
    for field in fields {
        let name = field.ident.unraw().to_string();
        if TAKEN_BY_TYPED.contains(&name.as_str()) {
            errors.at(
                field.ident.span(),
                format!(
                    "with `expose = \"read\"` the accessor `{name}()` would be hidden by a method of `Typed`; \
                     call the field otherwise and add `#[statsig(rename = \"{name}\")]`"
                ),
            );
        }
    }
}

/// Whether a type mentions a type parameter, so that bounds on it depend on that parameter.
pub(crate) fn mentions_parameter(ty: &Type, input: &syn::Generics) -> bool {
    fn contains(tokens: proc_macro2::TokenStream, idents: &[&syn::Ident]) -> bool {
        tokens.into_iter().any(|token| match token {
            proc_macro2::TokenTree::Ident(ident) => idents.contains(&&ident),
            proc_macro2::TokenTree::Group(group) => contains(group.stream(), idents),
            _ => false,
        })
    }

    let idents: Vec<_> = input
        .params
        .iter()
        .filter_map(|param| match param {
            GenericParam::Type(param) => Some(&param.ident),
            _ => None,
        })
        .collect();
    contains(ty.to_token_stream(), &idents)
}
