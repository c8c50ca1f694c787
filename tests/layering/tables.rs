//! What macros of the SDK declare: `with_defaults!` a struct, and `option_setters!` the methods of
//! its builder.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Ident, Item, Token, braced, parenthesized, parse_quote};

/// The items that this one declares if it is a call of such a macro.
pub(crate) fn items(item: &Item) -> Vec<Item> {
    let Item::Macro(called) = item else {
        return Vec::new();
    };
    let tokens = called.mac.tokens.clone();
    if called.mac.path.is_ident("with_defaults") {
        let WithDefaults(items) = syn::parse2(tokens).expect("a struct with defaults");
        items.into()
    } else if called.mac.path.is_ident("option_setters") {
        let Setters(methods) = syn::parse2(tokens).expect("a table of setters");
        vec![methods]
    } else {
        Vec::new()
    }
}

struct WithDefaults([Item; 2]);

impl Parse for WithDefaults {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let attributes = Attribute::parse_outer(input)?;
        input.parse::<Token![pub]>()?;
        input.parse::<Token![struct]>()?;
        let name: Ident = input.parse()?;
        let fields;
        braced!(fields in input);
        fields.parse::<TokenStream>()?;
        Ok(Self([
            parse_quote!(#(#attributes)* pub struct #name { private: () }),
            parse_quote!(impl Default for #name {}),
        ]))
    }
}

struct Setters(Item);

impl Parse for Setters {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let mut methods = TokenStream::new();
        while !input.is_empty() {
            let attributes = Attribute::parse_outer(input)?;
            input.parse::<Token![pub]>()?;
            input.parse::<Token![fn]>()?;
            let name: Ident = input.parse()?;
            let value;
            parenthesized!(value in input);
            let value: TokenStream = value.parse()?;
            while input.parse::<Option<Token![;]>>()?.is_none() {
                input.parse::<TokenTree>()?;
            }
            methods.extend(quote! {
                #(#attributes)*
                pub fn #name(mut self, #value) -> Self {}
            });
        }
        Ok(Self(parse_quote!(impl StatsigOptionsBuilder { #methods })))
    }
}
