//! Names in the form that client SDKs look up, and other texts, as JSON.

use crate::hash::HashAlgorithm;
use crate::specs::compiled::CompiledSpecs;
use crate::specs::symbols::Symbol;

/// Hashes and quotes names. Names in the specs are hashed once for all responses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) specs: &'a CompiledSpecs,
    pub(super) algorithm: HashAlgorithm,
}

impl<'a> Names<'a> {
    /// A hashed name, in quotes.
    #[inline]
    pub(super) fn name(&self, symbol: Symbol) -> &'a str {
        self.specs.quoted(symbol, self.algorithm)
    }

    /// A plain text, in quotes.
    #[inline]
    pub(super) fn text(&self, symbol: Symbol) -> &'a str {
        self.specs.quoted(symbol, HashAlgorithm::None)
    }

    /// A hashed name without quotes. The specs may not contain the name.
    pub(super) fn hashed(&self, name: &str) -> String {
        self.algorithm.hash(name)
    }

    /// The same names, without hashing.
    pub(super) fn plain(self) -> Self {
        Self {
            algorithm: HashAlgorithm::None,
            ..self
        }
    }
}
