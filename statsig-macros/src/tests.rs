//! Tokens in, tokens out: every error that the derives can report, and that all of them come at once.

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

/// Expects one error each, and none for `[]`.
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

#[test]
fn valid_structs_have_no_errors() {
    for input in [
        quote! {
            #[statsig(layer = "l", rename_all = "camelCase", expose = "read", crate = other::statsig)]
            pub(crate) struct S { r#type: Option<u8> }
        },
        quote! { #[statsig(experiment = "e", default, crate = "statsig")] struct S { a: u8 } },
        quote! { #[statsig(config = "c")] #[statsig(expose = "manual")] struct S {} },
        quote! { #[statsig(param_store = "p",)] struct S<T: Copy, const N: usize> where T: Eq { a: Option<T> } },
    ] {
        assert_eq!(params_errors(input.clone()), [""; 0], "{input}");
    }
}

#[test]
fn fields_are_checked() {
    assert_fields([
        (quote!(a: u8), "`a` needs a default"),
        (quote!(a: Option<u8>), ""),
        (quote!(a: std::option::Option<u8>), ""),
        (quote!(#[statsig(default)] a: u8), ""),
        (
            quote!(#[statsig(default = HashMap::<String, u8>::new(), rename = "b")] a: X),
            "",
        ),
        (quote!(#[statsig(default_with = a::b)] a: u8), ""),
        (quote!(#[statsig(default_with = "a::b")] a: u8), ""),
        (quote!(#[statsig(skip)] a: &'static str), ""),
        (
            quote!(#[statsig(default_with = 5)] a: u8),
            "expected a path",
        ),
        (quote!(#[statsig(default_with)] a: u8), "expected a path"),
        (
            quote!(#[statsig(default, default = 1)] a: u8),
            "`default` is given twice",
        ),
        (
            quote!(#[statsig(default, default_with = f)] a: u8),
            "exclude each other",
        ),
        (
            quote!(#[statsig(default, rename = 1)] a: u8),
            "expected a string",
        ),
        (
            quote!(#[statsig(default, rename)] a: u8),
            "expected a string",
        ),
        (
            quote!(#[statsig(default, rename = "")] a: u8),
            "`rename` must not be empty",
        ),
        (
            quote!(#[statsig(default, alias = "")] a: u8),
            "`alias` must not be empty",
        ),
        (
            quote!(#[statsig(default, alias = "b", alias = "c")] a: u8),
            "",
        ),
        (
            quote!(#[statsig(default, alias = "a")] a: u8),
            "names the parameter `a` twice",
        ),
        (
            quote!(#[statsig(default, json = true)] a: u8),
            "`json` takes no value",
        ),
        (
            quote!(#[statsig(json, skip)] a: u8),
            "`json` has no effect beside `skip`",
        ),
        (
            quote!(#[statsig(rename = "b", skip)] a: u8),
            "`rename` has no effect beside `skip`",
        ),
        (
            quote!(#[statsig(alias = "b")] #[statsig(skip)] a: u8),
            "`alias` has no effect",
        ),
        (
            quote!(#[statsig(defualt = 1, default)] a: u8),
            "did you mean `default`?",
        ),
        (
            quote!(#[statsig(nested, default)] a: u8),
            "valid are `default`, `default_with`",
        ),
        (
            quote!(#[statsig(layer = "l", default)] a: u8),
            "`layer` belongs on a struct",
        ),
        (
            quote!(#[statsig(default = )] a: Option<u8>),
            "expected an expression",
        ),
        (quote!(#[statsig(default 1)] a: Option<u8>), "expected `,`"),
        (quote!(#[statsig] a: Option<u8>), "expected `#[statsig(…)]`"),
        (
            quote!(#[statsig(default = "x")] a: &'static str),
            "found a reference",
        ),
    ]);
}

#[test]
fn structs_are_checked() {
    assert_structs([
        (
            quote!(
                struct S {}
            ),
            "expected a source",
        ),
        (
            quote!(
                #[statsig(layer = "a", config = "b")]
                struct S {}
            ),
            "expected one source",
        ),
        (
            quote!(
                #[statsig(layer = "a", layer = "b")]
                struct S {}
            ),
            "`layer` is given twice",
        ),
        (
            quote!(
                #[statsig(layer = "")]
                struct S {}
            ),
            "`layer` must not be empty",
        ),
        (
            quote!(
                #[statsig(layer = 1)]
                struct S {}
            ),
            "expected a string",
        ),
        (
            quote!(
                #[statsig(layer)]
                struct S {}
            ),
            "expected a string",
        ),
        (
            quote!(
                #[statsig(layer = "a", expose = "raed")]
                struct S {}
            ),
            "did you mean `read`?",
        ),
        (
            quote!(
                #[statsig(layer = "a", rename_all = "title")]
                struct S {}
            ),
            "expected one of",
        ),
        (
            quote!(
                #[statsig(layer = "a", rename = "x")]
                struct S {}
            ),
            "`rename` belongs on a field",
        ),
        (
            quote!(
                #[statsig(layer = "a", default = 1)]
                struct S {}
            ),
            "`default` takes no value",
        ),
        (
            quote!(
                #[statsig(layer = "a", crate = 1)]
                struct S {}
            ),
            "expected a path",
        ),
        (
            quote!(
                #[statsig(layer = "a", param_stor = "b")]
                struct S {}
            ),
            "did you mean `param_store`?",
        ),
        (
            quote!(
                #[statsig(layer = "a")]
                struct S(u8);
            ),
            "found a tuple struct",
        ),
        (
            quote!(
                #[statsig(layer = "a")]
                struct S;
            ),
            "found a struct without fields",
        ),
        (
            quote!(
                #[statsig(layer = "a")]
                enum S {
                    A,
                }
            ),
            "derive `ParamEnum`",
        ),
        (
            quote!(#[statsig(layer = "a")] union S { a: u8 }),
            "found a union",
        ),
        (
            quote!(
                #[statsig(layer = "a")]
                struct S<'a> {
                    a: Option<X<'a>>,
                }
            ),
            "found a lifetime",
        ),
        (
            quote!(
                #[statsig(layer = "a")]
                struct S {
                    a: Option<u8>,
                    #[statsig(rename = "a")]
                    b: Option<u8>,
                }
            ),
            "`a` is read by `a` already",
        ),
        (
            quote!(
                #[statsig(layer = "a", rename_all = "camelCase")]
                struct S {
                    a_b: Option<u8>,
                    aB: Option<u8>,
                }
            ),
            "`aB` is read by `a_b` already",
        ),
        (
            quote!(
                #[statsig(layer = "a", expose = "read")]
                struct S {
                    meta: Option<u8>,
                }
            ),
            "hidden by a method of `Typed`",
        ),
    ]);
}

#[test]
fn all_errors_come_at_once_with_a_stub() {
    let expansion = crate::expand::derive(quote! {
        #[statsig(layr = "l", expose = "read")]
        struct S {
            #[statsig(default = , jsn)]
            a: u8,
            b: String,
            #[statsig(rename = 5, default)]
            c: u8,
        }
    });
    let found = errors(expansion.clone());
    let expected = [
        "layr",
        "expression",
        "jsn",
        "`a` needs",
        "`b` needs",
        "a string",
        "a source",
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for part in expected {
        assert!(
            found.iter().any(|error| error.contains(part)),
            "{part}: {found:?}"
        );
    }
    let code = expansion.to_string();
    assert!(code.contains("StatsigParams for S"));
    assert!(code.contains("fn b (& self) -> & :: core :: primitive :: str"));
}

#[test]
fn enums_are_checked() {
    for (input, expected) in [
        (
            quote!(
                enum E {
                    A,
                    B,
                }
            ),
            "",
        ),
        (
            quote!(
                #[statsig(rename_all = "kebab-case", crate = x)]
                enum E {
                    A,
                    #[statsig(other)]
                    B,
                }
            ),
            "",
        ),
        (
            quote!(
                enum E {
                    #[statsig(rename = "x", alias = "y", alias = "z")]
                    A,
                }
            ),
            "",
        ),
        (
            quote!(
                enum E {}
            ),
            "expected an enum with variants",
        ),
        (
            quote!(
                struct E {
                    a: u8,
                }
            ),
            "derive `StatsigParams`",
        ),
        (
            quote!(
                enum E {
                    A(u8),
                }
            ),
            "without data",
        ),
        (
            quote!(
                enum E {
                    A { a: u8 },
                }
            ),
            "without data",
        ),
        (
            quote!(
                enum E {
                    #[statsig(other)]
                    A,
                    #[statsig(other)]
                    B,
                }
            ),
            "`A` is marked",
        ),
        (
            quote!(
                enum E {
                    #[statsig(other, rename = "x")]
                    A,
                }
            ),
            "it has no name",
        ),
        (
            quote!(
                enum E {
                    #[statsig(rename = "")]
                    A,
                }
            ),
            "must not be empty",
        ),
        (
            quote!(
                enum E {
                    A,
                    #[statsig(rename = "A")]
                    B,
                }
            ),
            "names the variant `A` already",
        ),
        (
            quote!(
                enum E {
                    #[statsig(alias = "A")]
                    A,
                }
            ),
            "twice",
        ),
        (
            quote!(
                enum E {
                    #[statsig(othr)]
                    A,
                }
            ),
            "did you mean `other`?",
        ),
        (
            quote!(
                enum E {
                    #[statsig(rename_all = "x")]
                    A,
                }
            ),
            "belongs on an enum",
        ),
        (
            quote!(
                #[statsig(rename_all = "x")]
                enum E {
                    A,
                }
            ),
            "expected one of",
        ),
    ] {
        let found = enum_errors(input.clone());
        assert_eq!(
            found.len(),
            usize::from(!expected.is_empty()),
            "{input}: {found:?}"
        );
        assert!(
            found.iter().all(|error| error.contains(expected)),
            "{input}: {found:?}"
        );
    }
}
