//! Derive macros of the `statsig` crate. That crate re-exports and documents them; depend on it
//! rather than on this crate.

mod attributes;
mod case;
mod container;
mod default;
mod enums;
mod errors;
mod expand;
mod field;
mod keys;
mod literal;
mod model;
mod package;
mod parse;
#[cfg(test)]
mod tests;
mod types;

use proc_macro::TokenStream;

#[expect(
    missing_docs,
    reason = "`statsig` documents it, where the examples can run"
)]
#[proc_macro_derive(StatsigParams, attributes(statsig))]
pub fn derive_statsig_params(input: TokenStream) -> TokenStream {
    expand::derive(input.into()).into()
}

#[expect(
    missing_docs,
    reason = "`statsig` documents it, where the examples can run"
)]
#[proc_macro_derive(ParamEnum, attributes(statsig))]
pub fn derive_param_enum(input: TokenStream) -> TokenStream {
    enums::derive(input.into()).into()
}
