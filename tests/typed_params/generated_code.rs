//! The generated code in crates with views, bounds and names of their own.

use super::*;

#[test]
fn schemas_of_generic_structs_depend_on_their_arguments() {
    let kind = |params: &[ParamSchema]| params.first().map(|param| (param.name, param.kind));
    let text = view::Generic::<String>::SCHEMA;
    let list = view::Generic::<Vec<bool>>::SCHEMA;
    assert_eq!(kind(text.params), Some(("INNER_VALUE", ParamKind::String)));
    assert_eq!(kind(list.params), Some(("INNER_VALUE", ParamKind::Array)));
    assert_eq!(text.expose, ExposePolicy::Read);
    let description = text.params.first().map(|param| param.description);
    assert_eq!(
        description,
        Some("A value of any parameter type.\n\nWith two paragraphs.")
    );
}

/// The view has another name than its struct and is more visible.
mod looks {
    use super::*;

    #[derive(Debug, StatsigParams)]
    #[statsig(layer = "looks", expose = "read", view = "Look", vis = "pub(super)")]
    pub(super) struct Looked {
        #[statsig(default = 1)]
        size: u8,
        #[statsig(default = 2, unit = "s")]
        delay: Duration,
        #[statsig(default = "a")]
        name: Cow<'static, str>,
        #[statsig(flatten)]
        part: Part,
        #[statsig(nested)]
        inside: Option<Part>,
    }

    #[derive(Debug, PartialEq, StatsigParams)]
    #[statsig(embedded)]
    pub(super) struct Part {
        #[statsig(default = 5)]
        pub(super) depth: u8,
    }
}

#[test]
fn views_have_the_name_and_visibility_asked_for() {
    fn sizes(look: &looks::Look) -> (u8, Duration, &str, u8, Option<&looks::Part>) {
        (
            look.size(),
            look.delay(),
            look.name(),
            look.part().depth,
            look.inside(),
        )
    }
    let looked = Typed::detached(looks::Looked::defaults());
    assert_eq!(sizes(&looked), (1, Duration::from_secs(2), "a", 5, None));
}

trait Fallback: Sized {
    fn fallback() -> Self;
    fn decoded(value: &serde_json::Value) -> Result<Self, &'static str>;
}

impl Fallback for u8 {
    fn fallback() -> Self {
        9
    }

    fn decoded(_: &serde_json::Value) -> Result<Self, &'static str> {
        Ok(1)
    }
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "bounds", bound = "T: Fallback")]
struct Bound<T> {
    #[statsig(decode_with = T::decoded, default_with = T::fallback)]
    value: T,
}

#[test]
fn bounds_may_be_given() {
    assert_eq!(Bound::<u8>::defaults().value, 9);
    assert!(Bound::<u8>::SCHEMA.params[0].check(&"x".into()).is_ok());
}

/// The user's module may redefine names of the prelude.
#[allow(
    dead_code,
    non_camel_case_types,
    reason = "they are there to be in the way"
)]
mod shadowed {
    struct Option;
    struct Some;
    struct None;
    struct Result;
    struct Ok;
    struct Err;
    struct Default;
    struct Into;
    struct Send;
    struct Sync;
    struct Sized;
    struct str;
    mod statsig {}
    mod core {}

    #[derive(Debug, ::statsig::StatsigParams)]
    #[statsig(layer = "shadowed", expose = "read")]
    pub(super) struct Shadowed {
        #[statsig(default = "a")]
        pub(super) text: ::std::string::String,
        #[statsig(default)]
        tone: Tone,
        #[statsig(default = 5, range = 0..=9, unit = "s")]
        delay: ::std::time::Duration,
        #[statsig(default = 5, validate = value)]
        number: ::std::primitive::u8,
        #[statsig(default, non_empty)]
        zeros: [::std::primitive::u8; 3],
        #[statsig(nested)]
        inside: ::std::option::Option<Inside>,
        #[statsig(flatten)]
        flattened: Inside,
    }

    fn value(_: &::std::primitive::u8) -> ::std::primitive::bool {
        true
    }

    #[derive(Debug, ::statsig::StatsigParams)]
    #[statsig(embedded)]
    pub(super) struct Inside {
        #[statsig(default = 5)]
        other: ::std::num::NonZeroU8,
    }

    #[derive(Debug, PartialEq, ::std::default::Default, ::statsig::ParamEnum)]
    enum Tone {
        #[default]
        Friendly,
    }
}

#[test]
fn generated_code_does_not_depend_on_names_in_scope() {
    let shadowed = Typed::detached(shadowed::Shadowed::defaults());
    assert_eq!(shadowed.text(), "a");
}
