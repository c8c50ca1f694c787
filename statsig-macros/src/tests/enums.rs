//! Tests every error about an enum.

use super::*;

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
