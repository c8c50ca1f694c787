//! Constants with the names of the parameters with manual exposure, so that calls cannot misspell
//! them.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Generics;
use syn::ext::IdentExt;

use crate::model::{Expose, Field};
use crate::parse::Params;

/// Returns nothing for a struct without such parameters.
pub(super) fn names(params: &Params, bounded: &Generics) -> TokenStream {
    let constants: Vec<_> = params
        .own()
        .filter(|(_, param)| param.expose.unwrap_or(params.container.expose) == Expose::Manual)
        .map(|(field, param)| constant(field, &param.name))
        .collect();
    if constants.is_empty() {
        return TokenStream::new();
    }
    let ident = &params.ident;
    let (impl_generics, ty_generics, where_clause) = bounded.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(dead_code)]
        impl #impl_generics #ident #ty_generics #where_clause {
            #(#constants)*
        }
    }
}

fn constant(field: &Field, name: &str) -> TokenStream {
    let vis = &field.vis;
    let ident = format_ident!(
        "{}",
        field.ident.unraw().to_string().to_uppercase(),
        span = field.ident.span()
    );
    let doc = format!("The name of the parameter `{name}`, for `log_exposure`.");
    quote! {
        #[doc = #doc]
        #vis const #ident: &'static ::core::primitive::str = #name;
    }
}
