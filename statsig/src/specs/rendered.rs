//! What client initialize responses repeat, made once for a set of specs and only when asked for.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use serde::Serialize;

use super::compiled::{
    CmabId, CompiledSpecs, Entry, EntryId, ParamStore, Parameters, ReturnValue, SpecId,
};
use super::symbols::Symbol;
use crate::hash::{FastMap, HashAlgorithm};

/// Names and values as JSON, and the entities in order.
#[derive(Debug, Default)]
pub(crate) struct Rendered {
    plain: OnceLock<Texts>,
    djb2: OnceLock<Texts>,
    sha256: OnceLock<Texts>,
    /// By the address of the parameters, which the specs keep alive.
    values: OnceLock<FastMap<usize, OnceLock<Box<str>>>>,
    listing: OnceLock<Listing>,
    /// What the last response took.
    last_bytes: AtomicUsize,
}

/// JSON texts, by symbol.
type Texts = Box<[OnceLock<Box<str>>]>;

/// All entities, sorted by name, so that equal specs give equal responses.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) gates: Vec<(EntryId, SpecId)>,
    pub(crate) configs: Vec<(EntryId, ConfigSource)>,
    pub(crate) layers: Vec<(EntryId, SpecId)>,
}

/// What answers for a name of the dynamic configs: a spec, a bandit, or either.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConfigSource {
    pub(crate) spec: Option<SpecId>,
    pub(crate) cmab: Option<CmabId>,
}

impl CompiledSpecs {
    /// A text, hashed, as a JSON text in quotes.
    pub(crate) fn quoted(&self, symbol: Symbol, algorithm: HashAlgorithm) -> &str {
        let texts = match algorithm {
            HashAlgorithm::None => &self.rendered.plain,
            HashAlgorithm::Djb2 => &self.rendered.djb2,
            HashAlgorithm::Sha256 => &self.rendered.sha256,
        };
        let texts =
            texts.get_or_init(|| (0..self.symbols.len()).map(|_| OnceLock::new()).collect());
        texts.get(symbol.index()).map_or("\"\"", |quoted| {
            quoted.get_or_init(|| json(&algorithm.hash(self.text(symbol))))
        })
    }

    /// The JSON of parameters that the specs contain; `None` for others.
    pub(crate) fn json_of(&self, parameters: &Arc<Parameters>) -> Option<&str> {
        let values = self.rendered.values.get_or_init(|| self.all_values());
        let rendered = values.get(&address(parameters))?;
        Some(rendered.get_or_init(|| json(&**parameters)))
    }

    fn all_values(&self) -> FastMap<usize, OnceLock<Box<str>>> {
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
            .map(|parameters| (address(parameters), OnceLock::new()))
            .collect()
    }

    /// The entities in order.
    pub(crate) fn listing(&self) -> &Listing {
        self.rendered.listing.get_or_init(|| {
            let by_name: BTreeMap<&str, (EntryId, &Entry)> = self
                .index
                .iter()
                .filter_map(|(name, id)| Some((name.as_str(), (*id, self.entry(*id)?))))
                .collect();
            let mut listing = Listing::default();
            for (id, entry) in by_name.into_values() {
                listing.gates.extend(entry.gate.map(|spec| (id, spec)));
                listing.layers.extend(entry.layer.map(|spec| (id, spec)));
                let source = ConfigSource {
                    spec: entry.config,
                    cmab: entry.cmab,
                };
                if source.spec.is_some() || source.cmab.is_some() {
                    listing.configs.push((id, source));
                }
            }
            listing
        })
    }

    /// The parameter stores, sorted by name.
    pub(crate) fn sorted_param_stores(&self) -> BTreeMap<&str, &ParamStore> {
        self.param_stores
            .iter()
            .map(|(name, store)| (name.as_str(), &**store))
            .collect()
    }
}

impl Rendered {
    /// A little more than what the last response took.
    pub(crate) fn expected_bytes(&self) -> usize {
        let last = self.last_bytes.load(Ordering::Relaxed);
        last + last / 8
    }

    pub(crate) fn note_bytes(&self, bytes: usize) {
        self.last_bytes.store(bytes, Ordering::Relaxed);
    }
}

/// JSON values can always be written.
fn json(value: &(impl Serialize + ?Sized)) -> Box<str> {
    serde_json::to_string(value).unwrap_or_default().into()
}

fn address(parameters: &Arc<Parameters>) -> usize {
    Arc::as_ptr(parameters).addr()
}
