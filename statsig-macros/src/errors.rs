//! Collects errors, so that one build reports all of them.

use std::cell::RefCell;

use proc_macro2::{Span, TokenStream};

/// The errors found so far. Shared, since each part of the parser may add some.
#[derive(Default)]
pub(crate) struct Errors(RefCell<Vec<syn::Error>>);

impl Errors {
    /// Adds an error at a span.
    pub(crate) fn at(&self, span: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(span, message));
    }

    /// Adds an error.
    pub(crate) fn push(&self, error: syn::Error) {
        self.0.borrow_mut().push(error);
    }

    /// The number of errors.
    pub(crate) fn count(&self) -> usize {
        self.0.borrow().len()
    }

    /// The tokens that make the compiler report the errors; `None` without errors.
    pub(crate) fn into_tokens(self) -> Option<TokenStream> {
        let errors = self.0.into_inner();
        let tokens = errors.iter().map(syn::Error::to_compile_error);
        (!errors.is_empty()).then(|| tokens.collect())
    }
}
