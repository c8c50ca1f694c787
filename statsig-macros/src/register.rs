//! The entry of a struct in the registry of its binary.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::Params;

/// Nothing for a struct with parameters of its own: it is not one struct.
pub(crate) fn registration(params: &Params) -> TokenStream {
    let (krate, ident) = (&params.krate, &params.ident);
    if params.generics.params.is_empty() {
        quote!(#krate::__register_params!(#ident);)
    } else {
        TokenStream::new()
    }
}
