//! The view of `expose = "read"`: a struct with an accessor for each field.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Generics, Type, Visibility};

use super::fields::{Place, placed};
use crate::model::{Expose, Field};
use crate::parse::Params;
use crate::types::{Known, option_of};

/// The struct is its own view.
pub(super) fn own_view(typed: &TokenStream) -> TokenStream {
    quote! {
        fn into_view(self, _exposures: &#typed::ExposureState) -> Self {
            self
        }

        fn from_view(view: Self) -> Self {
            view
        }

        fn peek(view: &Self) -> &Self {
            view
        }
    }
}

/// The definition of the view, its type, and the conversions.
pub(super) fn view(params: &Params, bounded: &Generics) -> (TokenStream, TokenStream, TokenStream) {
    let Params {
        ident, generics, ..
    } = params;
    let typed = params.typed();
    let name = match &params.container.view {
        Some(name) => name.clone(),
        None => format_ident!("{}View", ident.unraw()),
    };
    let view_vis = params.container.view_vis.as_ref();
    let vis = view_vis.unwrap_or(&params.vis);
    let (_, ty_generics, where_clause) = generics.split_for_impl();
    let (impl_generics, _, bounds) = bounded.split_for_impl();
    let doc = format!(
        "Reads [`{ident}`] one parameter at a time: each accessor exposes its parameter when it is first called."
    );
    let text = name.to_string();
    let accessors = placed(params, &typed)
        .into_iter()
        .map(|(field, place)| accessor(field, &place, view_vis, &typed));
    let definition = quote! {
        #[doc = #doc]
        #vis struct #name #generics #where_clause {
            params: #ident #ty_generics,
            exposures: #typed::ExposureState,
        }

        #[automatically_derived]
        #[allow(deprecated, dead_code)]
        impl #impl_generics #name #ty_generics #bounds {
            #(#accessors)*
        }

        #[automatically_derived]
        impl #impl_generics ::core::fmt::Debug for #name #ty_generics #bounds {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#text).finish_non_exhaustive()
            }
        }
    };
    let conversions = quote! {
        fn into_view(self, exposures: &#typed::ExposureState) -> Self::View {
            #name { params: self, exposures: ::core::clone::Clone::clone(exposures) }
        }

        fn from_view(view: Self::View) -> Self {
            view.params
        }

        fn peek(view: &Self::View) -> &Self {
            &view.params
        }
    };
    (definition, quote!(#name #ty_generics), conversions)
}

fn accessor(
    field: &Field,
    place: &Place<'_>,
    vis: Option<&Visibility>,
    typed: &TokenStream,
) -> TokenStream {
    let Field {
        ident,
        docs,
        deprecated,
        ..
    } = field;
    let vis = vis.unwrap_or(&field.vis);
    let docs = if docs.is_empty() {
        let doc = match place {
            Place::Param(param, _) => format!("The parameter `{}`.", param.name),
            _ => format!("The field `{ident}`, which is no parameter."),
        };
        quote!(#[doc = #doc])
    } else {
        quote!(#(#[doc = #docs])*)
    };
    let (ty, value) = returned(&field.ty, ident);
    let expose = match place {
        Place::Param(param, index) if param.expose != Some(Expose::Manual) => {
            Some(quote!(self.exposures.on_read(#index);))
        }
        Place::Flattened(first) => {
            let ty = &field.ty;
            let schema = quote_spanned!(ty.span()=> <#ty as #typed::StatsigParams>::SCHEMA);
            Some(quote!(self.exposures.on_read_all(#first..#first + #schema.params.len());))
        }
        Place::Param(..) | Place::Skipped => None,
    };
    quote! {
        #docs
        #deprecated
        #[must_use]
        #vis fn #ident(&self) -> #ty {
            #expose
            #value
        }
    }
}

/// The return type of an accessor: small types by value, text as `&str`, all others by reference.
fn returned(ty: &Type, ident: &Ident) -> (TokenStream, TokenStream) {
    let field = quote!(self.params.#ident);
    match (option_of(ty), Known::of(ty)) {
        (_, known) if known.is_copied() => (ty.to_token_stream(), field),
        (None, Known::Text) => (quote!(&::core::primitive::str), quote!(&#field)),
        (None, _) => (quote!(&#ty), quote!(&#field)),
        (Some(_), Known::Text) => (
            quote!(::core::option::Option<&::core::primitive::str>),
            quote!(#field.as_deref()),
        ),
        (Some(inner), _) => (
            quote!(::core::option::Option<&#inner>),
            quote!(#field.as_ref()),
        ),
    }
}
