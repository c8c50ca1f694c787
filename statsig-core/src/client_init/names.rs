//! Names as client SDKs look them up, and other texts, as JSON.

use crate::hash::HashAlgorithm;
use crate::specs::compiled::CompiledSpecs;
use crate::specs::symbols::Symbol;

/// Hashes and quotes names. Those that the specs mention are done once for all responses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) specs: &'a CompiledSpecs,
    pub(super) algorithm: HashAlgorithm,
}

impl<'a> Names<'a> {
    /// A name, hashed, in quotes.
    #[inline]
    pub(super) fn name(&self, symbol: Symbol) -> &'a str {
        self.specs.quoted(symbol, self.algorithm)
    }

    /// A text that is not hashed, in quotes.
    #[inline]
    pub(super) fn text(&self, symbol: Symbol) -> &'a str {
        self.specs.quoted(symbol, HashAlgorithm::None)
    }

    /// A name that the specs may not know, hashed, without quotes.
    pub(super) fn hashed(&self, name: &str) -> String {
        self.algorithm.hash(name)
    }

    /// The same names, not hashed.
    pub(super) fn plain(self) -> Self {
        Self {
            algorithm: HashAlgorithm::None,
            ..self
        }
    }
}
