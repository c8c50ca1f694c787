//! Converts the model to tokens. The generated code is short: functions in `statsig::typed` do most
//! of the work.

mod fields;
mod names;
mod schema;
mod view;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{DeriveInput, Generics, WherePredicate, parse_quote};

use crate::errors::Errors;
use crate::model::{Decode, Expose, Fallback, Params, Role};
use crate::parse;
use crate::register::registration;
use crate::types::mentions_parameter;

/// The whole derive.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let params = parse::params(&input, &mut errors);
    let body = match (&params, errors.into_tokens()) {
        (Some(params), None) => return implementation(params, full(params)),
        (_, errors) => errors,
    };
    let stub = match &params {
        Some(params) => implementation(params, stub(params)),
        None => TokenStream::new(),
    };
    quote!(#body #stub)
}

/// The constant and the functions of a struct without errors.
struct Body {
    schema: TokenStream,
    read: TokenStream,
    write: Option<TokenStream>,
    names: TokenStream,
    registration: TokenStream,
    open_feature: Option<TokenStream>,
}

fn full(params: &Params) -> Body {
    Body {
        schema: schema::schema(params),
        read: fields::read(params),
        write: Some(fields::write(params)),
        names: names::names(params, &bounded_generics(params)),
        registration: registration(params),
        open_feature: open_feature(params),
    }
}

/// Replaces a struct with errors, so that the rest of the program causes no further errors.
fn stub(params: &Params) -> Body {
    let struct_name = params.ident.unraw().to_string();
    let typed = typed(params);
    Body {
        schema: quote!(&#typed::Schema::new(#struct_name, &[])),
        read: quote!(::core::unreachable!()),
        write: None,
        names: TokenStream::new(),
        registration: TokenStream::new(),
        open_feature: None,
    }
}

fn implementation(params: &Params, body: Body) -> TokenStream {
    let ident = &params.ident;
    let typed = typed(params);
    let generics = bounded_generics(params);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let Body {
        schema,
        read,
        write,
        names,
        registration,
        open_feature,
    } = body;
    let reader = fields::reader();
    let writer = fields::writer();
    let write = write.map(|write| {
        quote! {
            fn write(&self, #writer: &mut #typed::ParamWriter) {
                #write
            }
        }
    });
    let (view, view_type, conversions) = match params.expose {
        Expose::Read => view::view(params, &generics),
        Expose::Access | Expose::Load | Expose::Manual => {
            (TokenStream::new(), quote!(Self), view::own_view(&typed))
        }
    };
    quote! {
        #[automatically_derived]
        #[allow(deprecated, clippy::unnecessary_cast, clippy::useless_conversion)]
        impl #impl_generics #typed::StatsigParams for #ident #ty_generics #where_clause {
            type View = #view_type;

            const SCHEMA: &'static #typed::Schema = #schema;

            fn read(#reader: &mut #typed::ParamReader<'_>) -> Self {
                #read
            }

            #write

            #conversions
        }

        #names

        #registration

        #open_feature

        #view
    }
}

/// The conversion from the struct value of a flag of OpenFeature.
fn open_feature(params: &Params) -> Option<TokenStream> {
    let open_feature = params.open_feature.as_ref()?;
    let (ident, typed) = (&params.ident, typed(params));
    let generics = bounded_generics(params);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    Some(quote! {
        #[automatically_derived]
        impl #impl_generics ::core::convert::TryFrom<#open_feature::StructValue>
            for #ident #ty_generics #where_clause
        {
            type Error = #typed::ParamsError;

            fn try_from(
                value: #open_feature::StructValue,
            ) -> ::core::result::Result<Self, Self::Error> {
                #open_feature::from_struct(value)
            }
        }
    })
}

fn typed(params: &Params) -> TokenStream {
    let krate = &params.krate;
    quote!(#krate::typed)
}

/// The struct's generics, with the bounds that its fields and the trait require, or with those of
/// the attribute `bound`.
fn bounded_generics(params: &Params) -> Generics {
    let typed = typed(params);
    let mut bounds: Vec<WherePredicate> = Vec::new();
    for param in params.generics.type_params() {
        let ident = &param.ident;
        bounds.push(parse_quote! {
            #ident: ::core::marker::Send + ::core::marker::Sync + 'static
        });
    }
    if let Some(given) = &params.bound {
        bounds.extend(given.iter().cloned());
    } else {
        for field in &params.fields {
            let ty = &field.ty;
            if !mentions_parameter(ty, &params.generics) {
                continue;
            }
            match &field.role {
                Role::Param(param) => match param.decode {
                    Decode::Type => bounds.push(parse_quote!(#ty: #typed::FromParam)),
                    Decode::Json => bounds.push(parse_quote!(#ty: #typed::DeserializeOwned)),
                    Decode::Nested => bounds.push(parse_quote!(#ty: #typed::StatsigParams)),
                    Decode::Module(_) | Decode::Function(_) | Decode::Unit(_) => {}
                },
                Role::Skipped | Role::Flattened => {}
            }
            if let Fallback::Trait = field.default {
                bounds.push(parse_quote!(#ty: ::core::default::Default));
            }
        }
    }
    let mut generics = params.generics.clone();
    if !bounds.is_empty() {
        generics.make_where_clause().predicates.extend(bounds);
    }
    generics
}
