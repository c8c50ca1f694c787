//! Tests from tokens to tokens.

mod enums;
mod expansion;
mod fields;
mod structs;

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

/// The messages of the errors in an expansion.
fn errors(tokens: TokenStream) -> Vec<String> {
    let mut errors = Vec::new();
    let mut is_error = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => is_error |= ident == "compile_error",
            TokenTree::Group(group) if is_error => {
                let message: syn::LitStr = syn::parse2(group.stream()).unwrap();
                errors.push(message.value());
                is_error = false;
            }
            _ => {}
        }
    }
    errors
}

fn params_errors(input: TokenStream) -> Vec<String> {
    errors(crate::expand::derive(input))
}

fn enum_errors(input: TokenStream) -> Vec<String> {
    errors(crate::enums::derive(input))
}

/// Each field has the expected error and no other. An empty text means no error.
fn assert_fields(cases: impl IntoIterator<Item = (TokenStream, &'static str)>) {
    for (field, expected) in cases {
        let found = params_errors(quote! {
            #[statsig(layer = "l")]
            struct S { #field }
        });
        if expected.is_empty() {
            assert_eq!(found, [""; 0], "{field}");
        } else {
            assert_eq!(found.len(), 1, "{field}: {found:?}");
            assert!(found[0].contains(expected), "{field}: {found:?}");
        }
    }
}

fn assert_structs(cases: impl IntoIterator<Item = (TokenStream, &'static str)>) {
    for (input, expected) in cases {
        let found = params_errors(input.clone());
        assert_eq!(found.len(), 1, "{input}: {found:?}");
        assert!(found[0].contains(expected), "{input}: {found:?}");
    }
}
