//! `#[derive(ParamEnum)]`: an enum with one variant for each of several strings.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, Ident, Path, Variant};

use crate::attributes::Attributes;
use crate::case::{CASES, Case};
use crate::errors::Errors;
use crate::keys;

/// The model of the enum.
struct ParamEnum {
    krate: Path,
    /// The variants with a name: first the current name, then its older names.
    variants: Vec<(Ident, Vec<String>)>,
    /// The variant for every other string.
    other: Option<Ident>,
}

impl ParamEnum {
    /// The served names, including older names, with their variants.
    fn names(&self) -> impl Iterator<Item = (&String, &Ident)> {
        let variants = self.variants.iter();
        variants.flat_map(|(variant, names)| names.iter().map(move |name| (name, variant)))
    }

    /// The current names, with their variants.
    fn current(&self) -> impl Iterator<Item = (&String, &Ident)> {
        let variants = self.variants.iter();
        variants.filter_map(|(variant, names)| Some((names.first()?, variant)))
    }
}

/// The whole derive.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let errors = Errors::default();
    let Some(model) = parse(&input, &errors) else {
        return errors.into_tokens().unwrap_or_default();
    };
    let krate = &model.krate;
    let (names, body, encode, errors) = match errors.into_tokens() {
        None => {
            let names = model.names().map(|(name, _)| name).collect();
            (names, decode(&model), Some(encode(&model)), None)
        }
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
fn parse(input: &DeriveInput, errors: &Errors) -> Option<ParamEnum> {
    let attributes = Attributes::parse(&input.attrs, &keys::ENUM, errors);
    let case = attributes.choose("rename_all", &CASES, errors);
    let mut model = ParamEnum {
        krate: attributes.sdk_path(errors)?,
        variants: Vec::new(),
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

fn parse_variant(variant: &Variant, case: Option<Case>, model: &mut ParamEnum, errors: &Errors) {
    let ident = &variant.ident;
    if !matches!(variant.fields, Fields::Unit) {
        errors.at(
            ident.span(),
            "expected a variant without data; to decode data, implement `serde::Deserialize` and mark the field with `#[statsig(json)]`",
        );
    }
    let attributes = Attributes::parse(&variant.attrs, &keys::VARIANT, errors);
    if let Some(span) = attributes.flag("other", errors) {
        if let Some(naming) = attributes.among(&["rename", "alias"]).last() {
            errors.at(
                naming.span(),
                "`other` takes every string that no variant is named after, so it has no name",
            );
        }
        if let Some(first) = model.other.replace(ident.clone()) {
            errors.at(span, format!("`{first}` is marked with `other` already"));
        }
        return;
    }
    let name = attributes.name("rename", errors).unwrap_or_else(|| {
        let name = ident.unraw().to_string();
        case.map_or(name.clone(), |case| case.variant(&name))
    });
    let aliases = attributes.among(&["alias"]);
    let aliases = aliases.filter_map(|item| item.name(errors));
    let names = std::iter::once(name).chain(aliases).collect();
    model.variants.push((ident.clone(), names));
}

fn check_names(model: &ParamEnum, errors: &Errors) {
    let mut variants = HashMap::new();
    for (name, variant) in model.names() {
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

/// Each variant by its current name. The variant for other strings has no name.
fn encode(model: &ParamEnum) -> TokenStream {
    let krate = &model.krate;
    let arms = model
        .current()
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
    let arms = model.names().map(|(name, variant)| {
        quote!(::core::option::Option::Some(#name) => ::core::result::Result::Ok(Self::#variant))
    });
    let listed = model.current().map(|(name, _)| format!("{name:?}"));
    let quoted: Vec<_> = listed.collect();
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
