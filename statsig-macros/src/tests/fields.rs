//! Tests every error about a field.

use super::*;

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
            "expected the path of a",
        ),
        (
            quote!(#[statsig(default_with)] a: u8),
            "expected the path of a",
        ),
        (
            quote!(#[statsig(default, default = 1)] a: u8),
            "`default` is given twice",
        ),
        (
            quote!(#[statsig(default, default_with = f)] a: u8),
            "remove one of them",
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
            "did you mean `range`, as in `range = 1..`?",
        ),
        (
            quote!(#[statsig(default = )] a: Option<u8>),
            "expected an expression",
        ),
        (quote!(#[statsig(default 1)] a: Option<u8>), "expected `,`"),
        (
            quote!(#[statsig] a: Option<u8>),
            "expected attribute arguments in parentheses",
        ),
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
            "is out of `range`",
        ),
        (
            quote!(#[statsig(default = 5, range = 0..5)] a: Option<u8>),
            "is out of `range`",
        ),
        (
            quote!(#[statsig(default = -0.1, range = 0..)] a: f32),
            "is out of `range`",
        ),
        (
            quote!(#[statsig(default, range = 1..)] a: u8),
            "the default, 0, is out of `range`",
        ),
        (quote!(#[statsig(default, range = 1..)] a: Option<u8>), ""),
        (
            quote!(#[statsig(default, one_of = ["a", "b"])] a: String),
            "the default, \"\", is not among the values",
        ),
        (
            quote!(#[statsig(default, non_empty)] a: Vec<u8>),
            "the default is empty",
        ),
        (
            quote!(#[statsig(default = [], non_empty)] a: Vec<u8>),
            "the default is empty",
        ),
        (quote!(#[statsig(default, clamp)] a: u8), "add a `range`"),
        (
            quote!(#[statsig(default = 1, range = 0..5, one_of = [1])] a: u8),
            "remove one of them",
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
            "expected the path of a",
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
        (
            quote!(#[statsig(default, with)] a: u8),
            "expected the path of a",
        ),
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
fn a_literal_is_no_default_of_a_type_parameter() {
    let generic = |generics: TokenStream, field: TokenStream| {
        params_errors(quote! {
            #[statsig(layer = "l")]
            struct S #generics { #field }
        })
    };
    for (generics, field) in [
        (quote!(<T>), quote!(#[statsig(default = 1)] a: T)),
        (
            quote!(<T: From<u8>>),
            quote!(#[statsig(default = 60 * 60)] a: T),
        ),
        (quote!(<T>), quote!(#[statsig(default = -1.5)] a: Option<T>)),
        (quote!(<T>), quote!(#[statsig(default = "x")] a: T)),
        (quote!(<T>), quote!(#[statsig(default = true)] a: T)),
    ] {
        let errors = generic(generics, field.clone());
        assert_eq!(errors.len(), 1, "{field}: {errors:?}");
        assert!(errors[0].starts_with("`T` may be any type"), "{errors:?}");
    }
    for (generics, field) in [
        (
            quote!(<T: From<&'static str>>),
            quote!(#[statsig(default = "x")] a: T),
        ),
        (quote!(<T: Default>), quote!(#[statsig(default)] a: T)),
        (quote!(<T>), quote!(#[statsig(default_with = make)] a: T)),
        (quote!(<T>), quote!(#[statsig(default = make())] a: T)),
        (
            quote!(<T>),
            quote!(#[statsig(default = 1)] a: u8, #[statsig(default)] b: T),
        ),
    ] {
        assert_eq!(generic(generics, field.clone()), [""; 0], "{field}");
    }
}
