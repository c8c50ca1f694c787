//! Tests every error about a struct. One build reports all of them.

use super::*;

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
            "expected the path of the crate",
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
    // No error says that `a` has no default or that the struct has no source: these may be the
    // misspelt keys.
    let expected = ["layr", "expression", "jsn", "`b` needs", "a string"];
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
fn a_struct_for_openfeature_is_the_value_of_one_flag() {
    assert_structs([
        (
            quote!(
                #[statsig(embedded, open_feature = of)]
                struct S {
                    a: Option<u8>,
                }
            ),
            "an `embedded` struct is read and exposed by the struct that has it",
        ),
        (
            quote!(
                #[statsig(layer = "l", open_feature = of)]
                struct S {
                    #[statsig(gate = "g", default = false)]
                    a: bool,
                }
            ),
            "`a` cannot have a source of its own",
        ),
        (
            quote!(
                #[statsig(layer = "l", open_feature = 5)]
                struct S {
                    a: Option<u8>,
                }
            ),
            "expected the path of the crate",
        ),
    ]);
}
