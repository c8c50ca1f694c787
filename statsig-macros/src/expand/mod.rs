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
use crate::model::{Decode, Expose, Fallback};
use crate::parse::{self, Params};
use crate::types::mentions_parameter;

/// The whole derive.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let errors = Errors::default();
    let params = parse::params(&input, &errors);
    match (params, errors.into_tokens()) {
        (Some(params), None) => full(&params),
        (Some(params), errors) => {
            let stub = stub(&params);
            quote!(#errors #stub)
        }
        (None, errors) => errors.unwrap_or_default(),
    }
}

fn full(params: &Params) -> TokenStream {
    let (typed, writer) = (params.typed(), fields::writer());
    let write = fields::write(params);
    let write = quote! {
        fn write(&self, #writer: &mut #typed::ParamWriter) {
            #write
        }
    };
    let (schema, read) = (schema::schema(params), fields::read(params));
    let implementation = implementation(params, &schema, &read, &write);
    let names = names::names(params, &bounded_generics(params));
    let registration = registration(params);
    let open_feature = open_feature(params);
    quote! {
        #implementation

        #names

        #registration

        #open_feature
    }
}

/// Replaces a struct with errors, so that the rest of the program causes no further errors.
fn stub(params: &Params) -> TokenStream {
    let (typed, struct_name) = (params.typed(), params.ident.unraw().to_string());
    let schema = quote!(&#typed::Schema::new(#struct_name, &[]));
    let read = quote!(::core::unreachable!());
    implementation(params, &schema, &read, &TokenStream::new())
}

fn implementation(
    params: &Params,
    schema: &TokenStream,
    read: &TokenStream,
    write: &TokenStream,
) -> TokenStream {
    let (ident, typed, reader) = (&params.ident, params.typed(), fields::reader());
    let generics = bounded_generics(params);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let (view, view_type, conversions) = match params.container.expose {
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

        #view
    }
}

/// Registers a struct in its binary's registry. A generic struct is not a single type.
fn registration(params: &Params) -> Option<TokenStream> {
    let (krate, ident) = (&params.krate, &params.ident);
    let is_one_type = params.generics.params.is_empty();
    is_one_type.then(|| quote!(#krate::__register_params!(#ident);))
}

/// The conversion from the struct value of a flag of OpenFeature.
fn open_feature(params: &Params) -> Option<TokenStream> {
    let open_feature = params.open_feature.as_ref()?;
    let (ident, typed) = (&params.ident, params.typed());
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

/// The struct's generics, with the bounds that its fields and the trait require, or with those of
/// the attribute `bound`.
fn bounded_generics(params: &Params) -> Generics {
    let typed = params.typed();
    let mut bounds: Vec<WherePredicate> = Vec::new();
    for param in params.generics.type_params() {
        let ident = &param.ident;
        bounds.push(parse_quote! {
            #ident: ::core::marker::Send + ::core::marker::Sync + 'static
        });
    }
    if let Some(given) = &params.container.bound {
        bounds.extend(given.iter().cloned());
    } else {
        let fields = params.fields.iter();
        for field in fields.filter(|field| mentions_parameter(&field.ty, &params.generics)) {
            let ty = &field.ty;
            match field.param().map(|param| &param.decode) {
                Some(Decode::Type) => bounds.push(parse_quote!(#ty: #typed::FromParam)),
                Some(Decode::Json) => bounds.push(parse_quote!(#ty: #typed::DeserializeOwned)),
                Some(Decode::Nested) => bounds.push(parse_quote!(#ty: #typed::StatsigParams)),
                Some(Decode::Module(_) | Decode::Function(_) | Decode::Unit(_)) | None => {}
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
