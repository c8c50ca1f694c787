//! Statsig.
#![allow(dead_code, unused_imports)]

extern crate self as statsig;

pub mod typed;

#[cfg(feature = "macros")]
pub use typed::ParamEnum;
pub use typed::{StatsigParams, Typed};
