//! Derives in a crate without the standard prelude: the generated code uses full paths.

#![no_implicit_prelude]

use ::core::prelude::v1::derive;
use ::feature_flags::{ParamEnum, StatsigParams, Typed};
use ::std::borrow::Cow;
use ::std::boxed::Box;
use ::std::default::Default;
use ::std::num::NonZeroU8;
use ::std::option::Option;
use ::std::string::String;
use ::std::time::Duration;
use ::std::vec::Vec;
use ::std::{assert, assert_eq};

#[derive(Default, ParamEnum)]
enum Tone {
    #[default]
    Friendly,
    #[statsig(other)]
    Unknown,
}

#[derive(StatsigParams)]
#[statsig(embedded)]
struct Inner {
    #[statsig(default = "inner")]
    name: String,
}

#[derive(StatsigParams)]
#[statsig(layer = "prelude", expose = "read", vis = "pub(crate)")]
struct Params<T> {
    #[statsig(default = "title")]
    title: String,
    #[statsig(default = "boxed")]
    boxed: Box<str>,
    #[statsig(default = "cow")]
    cow: Cow<'static, str>,
    #[statsig(default = 60 * 60, range = 1..=7_200, clamp)]
    number: u32,
    #[statsig(default = 1)]
    float: f64,
    #[statsig(default = 3)]
    non_zero: NonZeroU8,
    #[statsig(unit = "ms", default = 500)]
    pause: Duration,
    #[statsig(default)]
    list: Vec<String>,
    #[statsig(default = "named", non_empty)]
    named: String,
    #[statsig(default = "a", one_of = ["a", "b"])]
    chosen: String,
    #[statsig(default = "given", validate = is_given)]
    validated: String,
    #[statsig(default)]
    tone: Tone,
    maybe: Option<i64>,
    #[statsig(default = "some")]
    maybe_text: Option<String>,
    #[statsig(nested)]
    inner: Inner,
    #[statsig(gate = "a_gate")]
    gate: bool,
    #[statsig(default)]
    generic: T,
}

fn is_given(text: &str) -> bool {
    !text.is_empty()
}

#[::core::prelude::v1::test]
fn generated_code_needs_no_prelude() {
    let params = Typed::detached(Params::<String>::defaults());
    assert_eq!(params.title(), "title");
    assert_eq!(params.number(), 3_600);
    assert_eq!(params.inner().name, "inner");
    assert_eq!(params.maybe_text(), Option::Some("some"));
    assert_eq!(params.named(), "named");
    assert!(params.list().is_empty() && !params.gate());
}
