//! What the tests of several suites share.

pub mod clock;
pub mod conformance;
pub mod json;
pub mod specs;
pub mod tally;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
