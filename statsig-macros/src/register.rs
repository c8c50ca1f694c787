//! Registers a struct in its binary's registry.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::Params;

/// Returns nothing for a generic struct: it is not a single type.
pub(crate) fn registration(params: &Params) -> TokenStream {
    let (krate, ident) = (&params.krate, &params.ident);
    if params.generics.params.is_empty() {
        quote!(#krate::__register_params!(#ident);)
    } else {
        TokenStream::new()
    }
}
