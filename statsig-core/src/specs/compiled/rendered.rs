//! The repeated parts of client initialize responses. They are rendered once for a set of specs, at
//! the first use.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use once_cell::race::OnceBox;
use serde::Serialize;

use super::{CompiledSpecs, Entry, EntryId, Parameters, ReturnValue};
use crate::hash::{FastMap, HashAlgorithm};
use crate::specs::symbols::Symbol;

/// Names and values as JSON, and the entities in order. Threads that render the same part at the
/// same time do not wait for each other: after a fork, the child would wait forever for a thread of
/// the parent.
#[derive(Debug, Default)]
pub(crate) struct Rendered {
    plain: OnceBox<Texts>,
    djb2: OnceBox<Texts>,
    sha256: OnceBox<Texts>,
    values: OnceBox<Values>,
    listing: OnceBox<Listing>,
    /// The size of the last response.
    last_bytes: AtomicUsize,
}

/// JSON texts, by symbol.
type Texts = Box<[OnceBox<Box<str>>]>;
/// JSON texts, by the address of the parameters. The specs keep the parameters alive.
type Values = FastMap<usize, OnceBox<Box<str>>>;

/// All entities, sorted by name, so that equal specs give equal responses.
#[derive(Debug, Default)]
pub struct Listing {
    pub gates: Vec<EntryId>,
    /// Also the contextual bandits.
    pub configs: Vec<EntryId>,
    pub layers: Vec<EntryId>,
}

impl CompiledSpecs {
    /// A hashed text, as a JSON text in quotes.
    pub fn quoted(&self, symbol: Symbol, algorithm: HashAlgorithm) -> &str {
        let texts = match algorithm {
            HashAlgorithm::None => &self.rendered.plain,
            HashAlgorithm::Djb2 => &self.rendered.djb2,
            HashAlgorithm::Sha256 => &self.rendered.sha256,
        };
        let texts = texts
            .get_or_init(|| Box::new((0..self.symbols.len()).map(|_| OnceBox::new()).collect()));
        texts.get(symbol.index()).map_or("\"\"", |quoted| {
            quoted.get_or_init(|| Box::new(json(&algorithm.hash(self.text(symbol)))))
        })
    }

    /// The JSON of parameters in the specs. `None` for other parameters.
    pub fn json_of(&self, parameters: &Arc<Parameters>) -> Option<&str> {
        let values = self
            .rendered
            .values
            .get_or_init(|| Box::new(self.all_values()));
        let rendered = values.get(&address(parameters))?;
        Some(rendered.get_or_init(|| Box::new(json(&**parameters))))
    }

    fn all_values(&self) -> Values {
        let of_specs = self.specs.iter().flat_map(|spec| {
            let of_rules = spec.rules.iter().map(|rule| &rule.return_value);
            of_rules.chain([&spec.default_value])
        });
        let of_cmabs = self.cmabs.iter().flat_map(|cmab| {
            let of_groups = cmab.groups.iter().map(|group| &group.value);
            of_groups.chain([&cmab.default_value])
        });
        of_specs
            .chain(of_cmabs)
            .filter_map(ReturnValue::parameters)
            .map(|parameters| (address(parameters), OnceBox::new()))
            .collect()
    }

    /// The entities in order.
    pub fn listing(&self) -> &Listing {
        let listing = &self.rendered.listing;
        listing.get_or_init(|| Box::new(self.in_order()))
    }

    fn in_order(&self) -> Listing {
        let by_name: BTreeMap<&str, (EntryId, &Entry)> = self
            .index
            .iter()
            .filter_map(|(name, id)| Some((name.as_str(), (*id, self.entry(*id)?))))
            .collect();
        let mut listing = Listing::default();
        for (id, entry) in by_name.into_values() {
            listing.gates.extend(entry.gate.map(|_| id));
            listing.layers.extend(entry.layer.map(|_| id));
            if entry.config.is_some() || entry.cmab.is_some() {
                listing.configs.push(id);
            }
        }
        listing
    }
}

impl Rendered {
    /// A little more than the size of the last response.
    pub(crate) fn expected_bytes(&self) -> usize {
        let last = self.last_bytes.load(Ordering::Relaxed);
        last + last / 8
    }

    pub(crate) fn note_bytes(&self, bytes: usize) {
        self.last_bytes.store(bytes, Ordering::Relaxed);
    }
}

/// Serialization of JSON values cannot fail.
fn json(value: &(impl Serialize + ?Sized)) -> Box<str> {
    serde_json::to_string(value).unwrap_or_default().into()
}

fn address(parameters: &Arc<Parameters>) -> usize {
    Arc::as_ptr(parameters).addr()
}
