//! Guides: documentation without code of its own.

#[doc = include_str!("typed.md")]
pub mod typed {}
