//! The shared texts of compiled specs: rule IDs, names, group names, ID types. Each is stored once.

use crate::hash::{FastMap, text_hash};
use crate::text::SharedStr;

/// A text of one set of compiled specs, as an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(u32);

impl Symbol {
    /// The empty text, if no rule matched.
    pub const EMPTY: Self = Self(0);
    /// The rule ID if no rule matched and the spec is enabled.
    pub const DEFAULT: Self = Self(1);
    /// The rule ID if no rule matched and the spec is disabled.
    pub const DISABLED: Self = Self(2);
    /// The rule ID of a local override.
    pub const OVERRIDE: Self = Self(3);
    /// The rule ID of a contextual bandit that has not started.
    pub const PRESTART: Self = Self(4);
    /// The rule ID of a contextual bandit whose targeting gate failed.
    pub const TARGETING: Self = Self(5);

    /// Its index in tables by symbol.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The first texts of every table, in [`Symbol`] order.
const WELL_KNOWN: [&str; 6] = [
    "",
    "default",
    "disabled",
    "override",
    "prestart",
    "inlineTargetingRules",
];

/// All texts, by symbol.
#[derive(Debug, Clone)]
pub struct Symbols {
    entries: Vec<SymbolEntry>,
    empty: SymbolEntry,
}

/// A text, with data that every call needs.
#[derive(Debug, Clone)]
pub struct SymbolEntry {
    /// The text.
    pub text: SharedStr,
    /// Equal texts of different specs have equal hashes.
    pub hash: u64,
    /// As an ID type: whether it is the user ID.
    pub is_user_id: bool,
}

impl From<SharedStr> for SymbolEntry {
    fn from(text: SharedStr) -> Self {
        Self {
            hash: text_hash(&text),
            is_user_id: text.eq_ignore_ascii_case("userid"),
            text,
        }
    }
}

impl Symbols {
    /// The text of a symbol.
    #[inline]
    #[must_use]
    pub fn get(&self, symbol: Symbol) -> &SymbolEntry {
        self.entries.get(symbol.0 as usize).unwrap_or(&self.empty)
    }

    #[inline]
    pub(crate) fn text(&self, symbol: Symbol) -> &SharedStr {
        &self.get(symbol).text
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The hash of a symbol's text.
    #[inline]
    #[must_use]
    pub fn hash(&self, symbol: Symbol) -> u64 {
        self.get(symbol).hash
    }
}

impl Default for Symbols {
    fn default() -> Self {
        Interner::default().finish()
    }
}

/// Assigns a symbol to each distinct text.
#[derive(Debug)]
pub struct Interner {
    by_text: FastMap<SharedStr, Symbol>,
    symbols: Symbols,
}

impl Default for Interner {
    fn default() -> Self {
        let symbols = Symbols {
            entries: Vec::new(),
            empty: SharedStr::default().into(),
        };
        let mut interner = Self {
            by_text: FastMap::default(),
            symbols,
        };
        for text in WELL_KNOWN {
            interner.symbol(text);
        }
        interner
    }
}

impl Interner {
    /// Continues with the texts of a previous table. They keep their symbols.
    #[must_use]
    pub fn resume(symbols: &Symbols) -> Self {
        let by_text = (0..)
            .zip(&symbols.entries)
            .map(|(place, entry)| (entry.text.clone(), Symbol(place)));
        Self {
            by_text: by_text.collect(),
            symbols: symbols.clone(),
        }
    }

    pub(crate) fn symbol(&mut self, text: &str) -> Symbol {
        if let Some(symbol) = self.by_text.get(text) {
            return *symbol;
        }
        // The size limit of payloads keeps the number of texts far below an overflow.
        let symbol = Symbol(u32::try_from(self.symbols.len()).unwrap_or(0));
        let text = SharedStr::from(text);
        self.symbols.entries.push(text.clone().into());
        self.by_text.insert(text, symbol);
        symbol
    }

    pub(crate) fn text(&self, symbol: Symbol) -> SharedStr {
        self.symbols.text(symbol).clone()
    }

    pub(crate) fn finish(self) -> Symbols {
        self.symbols
    }
}
