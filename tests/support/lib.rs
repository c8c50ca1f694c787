//! Support for the tests.

pub mod specs;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
