//! Converts syntax to the model, and reports every error.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Generics, Ident, LitStr, Path, Visibility};

use crate::attributes::doc_lines;
use crate::container::Container;
use crate::errors::Errors;
use crate::field::field;
use crate::model::{Expose, Field, Param, ParamSource, Role};
use crate::package;

/// Methods of `Typed` and of its traits. They would hide accessors of the same name.
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

/// A struct of parameters.
pub(crate) struct Params {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) generics: Generics,
    pub(crate) docs: Vec<LitStr>,
    /// The path of the `statsig` crate.
    pub(crate) krate: Path,
    /// `None` if the fields have their own sources, and for embedded structs.
    pub(crate) source: Option<ParamSource>,
    /// The path of `statsig_openfeature`, if the struct can be the value of a flag of OpenFeature.
    pub(crate) open_feature: Option<Path>,
    pub(crate) container: Container,
    pub(crate) fields: Vec<Field>,
}

impl Params {
    /// The path of the module `statsig::typed`.
    pub(crate) fn typed(&self) -> TokenStream {
        let krate = &self.krate;
        quote!(#krate::typed)
    }

    /// The parameters of the struct's own fields.
    pub(crate) fn own(&self) -> impl Iterator<Item = (&Field, &Param)> {
        let fields = self.fields.iter();
        fields.filter_map(|field| Some((field, field.param()?)))
    }
}

/// The model of a struct. If there are errors, the model is sufficient for a stub; `None` if not
/// even a stub makes sense.
pub(crate) fn params(input: &DeriveInput, errors: &Errors) -> Option<Params> {
    let container = Container::parse(&input.attrs, errors);
    let has_lifetimes = input.generics.lifetimes().next().is_some();
    for lifetime in input.generics.lifetimes() {
        errors.at(
            lifetime.span(),
            "expected fields that own their values, found a lifetime; decode into owned types such as `String`",
        );
    }
    let fields = named_fields(input, errors)?;
    let parse = |parsed| field(parsed, &container, &input.generics, errors);
    let fields: Vec<Field> = fields.filter_map(parse).collect();
    check_names(&fields, errors);
    if container.expose == Expose::Read {
        check_accessors(&fields, errors);
    }
    if has_lifetimes {
        return None;
    }
    let has_own = brings_sources(&fields);
    let source = container.source(input.ident.span(), has_own, errors);
    if source.is_none() && !container.is_embedded && has_own {
        check_sources(&fields, errors);
    }
    let open_feature = container.attributes.get("open_feature").and_then(|item| {
        check_open_feature(&fields, errors);
        match item.value {
            Some(_) => Some(item.crate_path(errors)),
            None => package::OPEN_FEATURE.path(item.span(), errors),
        }
    });
    Some(Params {
        ident: input.ident.clone(),
        vis: input.vis.clone(),
        generics: input.generics.clone(),
        docs: doc_lines(&input.attrs),
        krate: container.attributes.sdk_path(errors)?,
        source,
        open_feature,
        container,
        fields,
    })
}

fn named_fields<'a>(
    input: &'a DeriveInput,
    errors: &Errors,
) -> Option<impl Iterator<Item = &'a syn::Field> + use<'a>> {
    let found = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Some(fields.named.iter()),
            Fields::Unnamed(_) => "a tuple struct",
            Fields::Unit => "a struct without fields",
        },
        Data::Enum(_) => {
            "an enum; for a parameter that is one of several strings, derive `ParamEnum`"
        }
        Data::Union(_) => "a union",
    };
    let message = format!("expected a struct with named fields, found {found}");
    errors.at(input.ident.span(), message);
    None
}

/// Whether a struct without a source is a bundle: its fields have their own sources, or its
/// flattened structs have.
fn brings_sources(fields: &[Field]) -> bool {
    fields.iter().any(|field| match &field.role {
        Role::Param(param) => param.source.is_some(),
        Role::Flattened => true,
        Role::Skipped => false,
    })
}

/// Reports fields of a bundle without a source.
fn check_sources(fields: &[Field], errors: &Errors) {
    for field in fields {
        if field.param().is_some_and(|param| param.source.is_none()) {
            let ident = &field.ident;
            errors.at(
                ident.span(),
                format!(
                    "`{ident}` has no source, unlike other fields: name one here, as in `#[statsig(layer = \"…\")]`, or for the struct"
                ),
            );
        }
    }
}

/// Reports fields that come from another entity than the struct, and so from another flag.
fn check_open_feature(fields: &[Field], errors: &Errors) {
    for field in fields {
        if field.param().is_some_and(|param| param.source.is_some()) {
            let ident = &field.ident;
            errors.at(
                ident.span(),
                format!(
                    "with `open_feature` a struct is the value of one flag, so `{ident}` cannot have a source of its own; remove its source, or remove `open_feature`"
                ),
            );
        }
    }
}

/// Reports fields that read the same parameter of the same entity, also under an alias.
fn check_names(fields: &[Field], errors: &Errors) {
    let mut readers: HashMap<_, &Ident> = HashMap::new();
    for field in fields {
        let Some(param) = field.param() else { continue };
        let source = param.source.as_ref();
        let source = source.map(|source| (source.kind as u8, source.name.as_str()));
        for name in std::iter::once(&param.name).chain(&param.aliases) {
            if let Some(first) = readers.insert((source, name), &field.ident) {
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

fn check_accessors(fields: &[Field], errors: &Errors) {
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
