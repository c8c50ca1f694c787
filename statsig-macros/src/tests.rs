//! Tokens in, tokens out: every error that the derives can report, and that all of them come at once.

mod expansion;

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
        quote! { struct Bundle { #[statsig(gate = "g")] a: bool, #[statsig(flatten)] b: X } },
        quote! { #[statsig(embedded)] struct Part { a: Option<u8> } },
        quote! {
            #[statsig(
                layer = "l",
                id_type = "userID",
                deny_unknown,
                on_mismatch = "panic_in_tests",
                expose = "read",
                view = "V",
                vis = "pub(crate)",
                bound = "T: X, U: Y"
            )]
            struct Full<T, U> { a: Option<T>, b: Option<U> }
        },
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
            quote!(#[statsig(banana, default)] a: u8),
            "valid are `default`, `default_with`",
        ),
        (
            quote!(#[statsig(id_type = "userID", default)] a: u8),
            "`id_type` belongs on a struct",
        ),
        (
            quote!(#[statsig(choices = ["a"], default)] a: String),
            "did you mean `one_of`?",
        ),
        (
            quote!(#[statsig(min = 1, default)] a: u8),
            "did you mean `range`?",
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
fn constraints_are_checked() {
    assert_fields([
        (quote!(#[statsig(default = 1, range = 0..=5)] a: u8), ""),
        (quote!(#[statsig(default = 1, range = ..MAX)] a: u8), ""),
        (quote!(#[statsig(default = X, range = 0.5..)] a: f64), ""),
        (quote!(#[statsig(range = -1..=1, clamp)] a: Option<i8>), ""),
        (
            quote!(#[statsig(default = 1, range = 0..=5)] a: Percent),
            "",
        ),
        (
            quote!(#[statsig(default = "1ms", json, range = 0..5)] a: String),
            "`range` is for numbers, and `a` is a `String`",
        ),
        (
            quote!(#[statsig(range = 0..5)] a: Option<Vec<u8>>),
            "`a` is a `Option<Vec<u8>>`",
        ),
        (
            quote!(#[statsig(default, range = 5)] a: u8),
            "expected a range",
        ),
        (
            quote!(#[statsig(default, range = ..)] a: u8),
            "a minimum or a maximum",
        ),
        (
            quote!(#[statsig(default, range = "a".."b")] a: u8),
            "expected a number",
        ),
        (
            quote!(#[statsig(default, range = 0.0..=1.0)] a: u8),
            "expected a whole number",
        ),
        (
            quote!(#[statsig(default, range = 5..=1)] a: u8),
            "this range is empty",
        ),
        (
            quote!(#[statsig(default, range = 5..5)] a: u8),
            "this range is empty",
        ),
        (
            quote!(#[statsig(default = 6, range = 0..=5)] a: u8),
            "the default is out of `range`",
        ),
        (
            quote!(#[statsig(default = 5, range = 0..5)] a: Option<u8>),
            "the default is out of `range`",
        ),
        (
            quote!(#[statsig(default = -0.1, range = 0..)] a: f32),
            "the default is out of `range`",
        ),
        (quote!(#[statsig(default, clamp)] a: u8), "add a `range`"),
        (
            quote!(#[statsig(default = 1, range = 0..5, one_of = [1])] a: u8),
            "exclude each other",
        ),
        (
            quote!(#[statsig(default = "a", one_of = ["a", "b"])] a: String),
            "",
        ),
        (
            quote!(#[statsig(default = 1, one_of = [1.0, 2])] a: f64),
            "",
        ),
        (
            quote!(#[statsig(default = "c", one_of = ["a", "b"])] a: String),
            "not among the values",
        ),
        (
            quote!(#[statsig(default = "a", one_of = ["a", "a"])] a: String),
            "\"a\" is listed twice",
        ),
        (
            quote!(#[statsig(default = "a", one_of = "a")] a: String),
            "expected a list of the values",
        ),
        (
            quote!(#[statsig(default, one_of = [])] a: String),
            "expected a list of the values",
        ),
        (
            quote!(#[statsig(default, one_of = [X])] a: String),
            "expected a literal",
        ),
        (
            quote!(#[statsig(default, one_of = [1])] a: String),
            "1 cannot be a value: `a` is a `String`",
        ),
        (
            quote!(#[statsig(default, one_of = ["a"])] a: Vec<String>),
            "cannot be a value",
        ),
        (quote!(#[statsig(default = "a", non_empty)] a: String), ""),
        (
            quote!(#[statsig(default = "", non_empty)] a: String),
            "the default is empty",
        ),
        (
            quote!(#[statsig(default, non_empty)] a: u8),
            "for text, lists and objects",
        ),
        (quote!(#[statsig(default, validate = is_even)] a: u8), ""),
        (
            quote!(#[statsig(default, validate = |x| true)] a: u8),
            "expected a path",
        ),
    ]);
}

#[test]
fn ways_of_decoding_are_checked() {
    assert_fields([
        (quote!(#[statsig(default = 5, unit = "ms")] a: Duration), ""),
        (
            quote!(#[statsig(unit = "h")] a: Option<std::time::Duration>),
            "",
        ),
        (
            quote!(#[statsig(default, with = time::serde::rfc3339)] a: X),
            "",
        ),
        (quote!(#[statsig(default, decode_with = "a::b")] a: X), ""),
        (quote!(#[statsig(nested)] a: X), ""),
        (quote!(#[statsig(nested)] a: Option<X>), ""),
        (quote!(#[statsig(flatten)] a: X), ""),
        (
            quote!(#[statsig(default)] a: Duration),
            "say what its number counts",
        ),
        (
            quote!(#[statsig(default, unit = "ms")] a: u64),
            "`unit` makes a `Duration` of a number, and `a` is a `u64`",
        ),
        (
            quote!(#[statsig(default = 1, unit = "sec")] a: Duration),
            "expected one of `ms`, `s`, `m`, `h`",
        ),
        (
            quote!(#[statsig(default = -1, unit = "s")] a: Duration),
            "cannot be negative",
        ),
        (
            quote!(#[statsig(default = "1s", unit = "s")] a: Duration),
            "expected a number of the unit",
        ),
        (
            quote!(#[statsig(default, json, with = x)] a: u8),
            "`json` and `with` both say how to decode",
        ),
        (quote!(#[statsig(default, with)] a: u8), "expected a path"),
        (
            quote!(#[statsig(nested, range = 0..5)] a: X),
            "`range` is for single values",
        ),
        (
            quote!(#[statsig(flatten, rename = "b")] a: X),
            "`rename` cannot be given for a flattened struct",
        ),
        (
            quote!(#[statsig(flatten, default)] a: X),
            "`default` cannot be given for a flattened struct",
        ),
        (
            quote!(#[statsig(flatten, skip)] a: X),
            "`flatten` has no effect beside `skip`",
        ),
        (
            quote!(#[statsig(flatten)] a: Option<X>),
            "a flattened struct is always there",
        ),
    ]);
}

#[test]
fn sources_and_policies_of_fields_are_checked() {
    assert_fields([
        (quote!(#[statsig(gate = "g")] a: bool), ""),
        (
            quote!(#[statsig(gate = "g", default = true, expose = "load")] a: bool),
            "",
        ),
        (
            quote!(#[statsig(config = "c", rename = "x")] a: Option<u8>),
            "",
        ),
        (
            quote!(#[statsig(config = "c", experiment = "e")] a: Option<u8>),
            "a field comes from one source",
        ),
        (
            quote!(#[statsig(gate = "")] a: bool),
            "`gate` must not be empty",
        ),
        (
            quote!(#[statsig(gate = "g", default)] a: u8),
            "expected a `bool`",
        ),
        (
            quote!(#[statsig(gate = "g")] a: Option<bool>),
            "expected a `bool`",
        ),
        (
            quote!(#[statsig(gate = "g", rename = "x")] a: bool),
            "remove `rename`",
        ),
        (quote!(#[statsig(expose = "manual")] a: Option<u8>), ""),
        (
            quote!(#[statsig(expose = "read")] a: Option<u8>),
            "only seen through a view",
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
        (
            quote!(
                #[statsig(layer = "a", view = "V")]
                struct S {}
            ),
            "which only `expose = \"read\"` has",
        ),
        (
            quote!(
                #[statsig(layer = "a", expose = "read", view = "no name")]
                struct S {}
            ),
            "expected `view = \"PromoView\"`",
        ),
        (
            quote!(
                #[statsig(layer = "a", expose = "read", vis = pub)]
                struct S {}
            ),
            "expected an expression",
        ),
        (
            quote!(
                #[statsig(layer = "a", expose = "read", vis = "public")]
                struct S {}
            ),
            "expected `vis = \"pub(crate)\"`",
        ),
        (
            quote!(
                #[statsig(layer = "a", bound = "T")]
                struct S {}
            ),
            "expected `bound = \"T: Trait\"`",
        ),
        (
            quote!(
                #[statsig(layer = "a", on_mismatch = "panic")]
                struct S {}
            ),
            "expected one of `default`, `warn`, `panic_in_tests`",
        ),
        (
            quote!(
                #[statsig(layer = "a", id_type = "")]
                struct S {}
            ),
            "`id_type` must not be empty",
        ),
        (
            quote!(
                #[statsig(layer = "a", deny_unknown_fields)]
                struct S {}
            ),
            "did you mean `deny_unknown`?",
        ),
        (
            quote!(
                #[statsig(layer = "l", gate = "a")]
                struct S {}
            ),
            "`gate` belongs on a field",
        ),
        (
            quote!(
                #[statsig(embedded, layer = "a")]
                struct S {}
            ),
            "remove `layer`, or remove `embedded`",
        ),
        (
            quote!(
                #[statsig(embedded, expose = "load")]
                struct S {}
            ),
            "remove `expose`, or remove `embedded`",
        ),
        (
            quote!(
                #[statsig(embedded)]
                struct S {
                    #[statsig(gate = "g")]
                    a: bool,
                }
            ),
            "remove the source",
        ),
        (
            quote!(
                struct S {
                    #[statsig(gate = "g")]
                    a: bool,
                    b: Option<u8>,
                }
            ),
            "`b` has no source, unlike other fields",
        ),
        (
            quote!(
                #[statsig(layer = "a", expose = "read")]
                struct S {
                    #[statsig(expose = "access")]
                    a: Option<u8>,
                }
            ),
            "there is no access to it as a whole",
        ),
        (
            quote!(
                #[statsig(layer = "a")]
                struct S<T> {
                    #[statsig(flatten)]
                    a: Inner<T>,
                }
            ),
            "cannot depend on a type parameter",
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
