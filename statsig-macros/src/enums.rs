//! `#[derive(ParamEnum)]`: an enum with one variant for each of several strings.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, Ident, Path, Variant};

use crate::attributes::items;
use crate::case::Case;
use crate::container::rename_all;
use crate::errors::Errors;
use crate::keys::AttributeTarget;
use crate::package;

/// The model of the enum.
struct ParamEnum {
    krate: Path,
    /// The served names of the variants. The current name of each variant precedes its older names.
    names: Vec<(String, Ident)>,
    /// The current names, in the order of the variants.
    listed: Vec<String>,
    /// The variant for every other string.
    other: Option<Ident>,
}

/// The whole derive.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let Some(model) = parse(&input, &mut errors) else {
        return errors.into_tokens().unwrap_or_default();
    };
    let krate = &model.krate;
    let (names, body, encode, errors) = match errors.into_tokens() {
        None => (names(&model), decode(&model), Some(encode(&model)), None),
        errors => (Vec::new(), quote!(::core::unreachable!()), None, errors),
    };
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        #errors

        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #krate::typed::FromParam for #ident #ty_generics #where_clause {
            const KIND: #krate::typed::ParamKind = #krate::typed::ParamKind::String;

            const NAMES: &'static [&'static ::core::primitive::str] = &[#(#names),*];

            fn from_param(
                value: &#krate::typed::Value,
            ) -> ::core::result::Result<Self, #krate::typed::WrongValue> {
                #body
            }

            #encode
        }
    }
}

/// Returns `None` if the `statsig` crate cannot be found.
fn parse(input: &DeriveInput, errors: &mut Errors) -> Option<ParamEnum> {
    let mut krate = None;
    let mut case = None;
    for item in items(&input.attrs, AttributeTarget::Enum, errors) {
        if item.key == "rename_all" {
            case = rename_all(&item, errors);
        } else {
            krate = Some(item.path(errors).unwrap_or_else(package::default_path));
        }
    }
    let mut model = ParamEnum {
        krate: krate.or_else(|| package::path(errors))?,
        names: Vec::new(),
        listed: Vec::new(),
        other: None,
    };
    match &input.data {
        Data::Enum(data) => {
            for variant in &data.variants {
                parse_variant(variant, case, &mut model, errors);
            }
            if data.variants.is_empty() {
                errors.at(
                    input.ident.span(),
                    "expected an enum with variants, found none",
                );
            }
        }
        Data::Struct(_) | Data::Union(_) => errors.at(
            input.ident.span(),
            "expected an enum; for a struct of parameters, derive `StatsigParams`",
        ),
    }
    check_names(&model, errors);
    Some(model)
}

fn parse_variant(
    variant: &Variant,
    case: Option<Case>,
    model: &mut ParamEnum,
    errors: &mut Errors,
) {
    let ident = &variant.ident;
    if !matches!(variant.fields, Fields::Unit) {
        errors.at(
            ident.span(),
            "expected a variant without data; to decode data, implement `serde::Deserialize` and mark the field with `#[statsig(json)]`",
        );
    }
    let (mut rename, mut aliases, mut other) = (None, Vec::new(), None);
    let mut naming = None;
    for item in items(&variant.attrs, AttributeTarget::Variant, errors) {
        if item.key == "other" {
            item.flag(errors);
            other = Some(item.span());
            continue;
        }
        naming = Some(item.span());
        let name = item.name(errors).map(|name| name.value());
        if item.key == "rename" {
            rename = name;
        } else {
            aliases.extend(name);
        }
    }
    if let Some(span) = other {
        if let Some(span) = naming {
            errors.at(
                span,
                "`other` takes every string that no variant is named after, so it has no name",
            );
        }
        if let Some(first) = model.other.replace(ident.clone()) {
            errors.at(span, format!("`{first}` is marked with `other` already"));
        }
        return;
    }
    let name = rename.unwrap_or_else(|| {
        let name = ident.unraw().to_string();
        case.map_or(name.clone(), |case| case.variant(&name))
    });
    model.listed.push(name.clone());
    let names = std::iter::once(name).chain(aliases);
    model.names.extend(names.map(|name| (name, ident.clone())));
}

fn check_names(model: &ParamEnum, errors: &mut Errors) {
    let mut variants = HashMap::new();
    for (name, variant) in &model.names {
        if let Some(first) = variants.insert(name, variant) {
            let message = if first == variant {
                format!("`{first}` is named \"{name}\" twice")
            } else {
                format!("\"{name}\" names the variant `{first}` already")
            };
            errors.at(variant.span(), message);
        }
    }
}

/// The served names, including older names.
fn names(model: &ParamEnum) -> Vec<&String> {
    model.names.iter().map(|(name, _)| name).collect()
}

/// Each variant by its current name. The variant for other strings has no name.
fn encode(model: &ParamEnum) -> TokenStream {
    let krate = &model.krate;
    let mut current: Vec<&(String, Ident)> = Vec::new();
    for named in &model.names {
        if !current.iter().any(|(_, variant)| *variant == named.1) {
            current.push(named);
        }
    }
    let arms = current
        .into_iter()
        .map(|(name, variant)| quote!(Self::#variant => #name));
    let other = model
        .other
        .as_ref()
        .map(|other| quote!(Self::#other => return ::core::option::Option::None,));
    quote! {
        fn to_param(&self) -> ::core::option::Option<#krate::typed::Value> {
            let name: &'static ::core::primitive::str = match self {
                #(#arms,)*
                #other
            };
            ::core::option::Option::Some(<#krate::typed::Value as ::core::convert::From<_>>::from(name))
        }
    }
}

fn decode(model: &ParamEnum) -> TokenStream {
    let krate = &model.krate;
    let arms = model.names.iter().map(|(name, variant)| {
        quote!(::core::option::Option::Some(#name) => ::core::result::Result::Ok(Self::#variant))
    });
    let quoted: Vec<_> = model
        .listed
        .iter()
        .map(|name| format!("{name:?}"))
        .collect();
    let expected = match (&model.other, quoted.as_slice()) {
        (Some(_), _) => "a string".to_owned(),
        (None, [only]) => only.clone(),
        (None, _) => format!("one of {}", quoted.join(", ")),
    };
    let other = model.other.as_ref().map(|other| {
        quote!(::core::option::Option::Some(_) => ::core::result::Result::Ok(Self::#other),)
    });
    quote! {
        match value.as_str() {
            #(#arms,)*
            #other
            _ => ::core::result::Result::Err(#krate::typed::WrongValue::expected(#expected)),
        }
    }
}
