//! Compiles the wire model: names become indices, operands are parsed, and equal texts and values
//! are shared.

mod cmab;
pub(super) mod condition;
mod dependencies;
mod left_out;
mod mapping;
mod param_store;
mod spec;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::left_out::LeftOut;
use self::param_store::param_store;
use super::compiled::condition::{BucketId, Condition};
use super::compiled::origins::{ByName, Origin, Origins};
use super::compiled::{CmabId, CompiledSpecs, ConditionId, Entry, EntryId, Spec, SpecId};
use super::for_clients::ForClients;
use super::lenient::Text;
use super::model::{self, RawEntity};
use super::symbols::{Interner, Symbol};
use crate::text::SharedStr;

/// The maximum growth of texts, names and conditions since the last full compilation: this factor,
/// and a constant. Beyond it, most of them are outdated.
const MAX_GROWTH: usize = 2;
/// The constant.
const SPARE: usize = 1_000;

/// Compiles a payload. Malformed entities are left out, with a warning. Other entities are not
/// affected.
///
/// Unchanged parts of the previous specs are taken over in their compiled form.
pub(crate) fn compile(payload: &model::Payload<'_>, previous: &CompiledSpecs) -> CompiledSpecs {
    let nothing = CompiledSpecs::default();
    let previous = match previous.origins.fresh {
        Some(fresh) if table_size(previous) <= fresh * MAX_GROWTH + SPARE => previous,
        _ => &nothing,
    };

    let mut compiler = Compiler::resume(previous);
    compiler.compile_conditions(&payload.condition_map);
    let known = &previous.origins;
    let gate = |entry: &mut Entry, made| entry.gate = made;
    let gates = compiler.compile_specs(&payload.feature_gates, "gate", &known.gates, gate);
    let config = |entry: &mut Entry, made| entry.config = made;
    let configs =
        compiler.compile_specs(&payload.dynamic_configs, "config", &known.configs, config);
    let layer = |entry: &mut Entry, made| entry.layer = made;
    let layers = compiler.compile_specs(&payload.layer_configs, "layer", &known.layers, layer);
    compiler.compile_cmabs(payload.cmab_configs.as_ref());
    compiler.compile_mappings(payload.overrides.as_ref(), payload.override_rules.as_ref());
    compiler.compile_param_stores(payload.param_stores.as_ref());
    let for_clients = for_clients(payload, &compiler.left_out);
    compiler.left_out.sum_up();
    let checksum = payload.checksum.as_deref();
    let mut specs = CompiledSpecs {
        time: payload.time,
        checksum: checksum
            .filter(|checksum| !checksum.is_empty())
            .map(SharedStr::from),
        default_environment: payload.default_environment.as_deref().map(SharedStr::from),
        app_id: payload.app_id.clone(),
        sdk_configs: payload.sdk_configs.clone(),
        diagnostics: payload.diagnostics.clone(),
        symbols: compiler.interner.finish(),
        for_clients,
        ..compiler.specs
    };
    let size = table_size(&specs);
    specs.origins = Origins {
        gates,
        configs,
        layers,
        fresh: previous.origins.fresh.or(Some(size)),
        ..specs.origins
    };
    specs.origins.forget_unused_values();
    dependencies::derive(&mut specs);
    specs
}

/// The size of the tables that only grow, because their items keep their index in the next specs.
fn table_size(specs: &CompiledSpecs) -> usize {
    specs.symbols.len() + specs.entries.len() + specs.conditions.len()
}

/// The parts compiled so far.
///
/// Texts, names and conditions keep their indices from the previous specs, so that references to
/// them stay valid.
#[derive(Debug)]
pub(super) struct Compiler<'p> {
    previous: &'p CompiledSpecs,
    interner: Interner,
    /// Its symbols are in the interner.
    specs: CompiledSpecs,
    /// The conditions that these specs contain. The others remain from the previous specs.
    has_condition: Vec<bool>,
    left_out: LeftOut,
}

impl<'p> Compiler<'p> {
    /// Continues from the previous specs.
    pub(super) fn resume(previous: &'p CompiledSpecs) -> Self {
        let count = previous.conditions.len();
        let entries = previous.entries.iter();
        Self {
            interner: Interner::resume(&previous.symbols),
            specs: CompiledSpecs {
                index: previous.index.clone(),
                entries: entries
                    .map(|entry| Entry::new(entry.name, entry.is_segment))
                    .collect(),
                // No rule refers to a placeholder that stays.
                conditions: vec![Condition::Public; count],
                origins: Origins {
                    values: previous.origins.values.clone(),
                    bucket_ids: previous.origins.bucket_ids.clone(),
                    ..Origins::default()
                },
                ..CompiledSpecs::default()
            },
            has_condition: vec![false; count],
            left_out: LeftOut::default(),
            previous,
        }
    }

    /// The entry of a name. Creates it if the name is new, because specs may refer to names that
    /// follow or do not exist.
    pub(super) fn entry(&mut self, name: &str) -> EntryId {
        if let Some(entry) = self.specs.find(name) {
            return entry;
        }
        let symbol = self.interner.symbol(name);
        let entry = Entry::new(symbol, name.starts_with("segment:"));
        let id = EntryId(push(&mut self.specs.entries, entry));
        self.specs.index.insert(self.interner.text(symbol), id);
        id
    }

    pub(super) fn symbol(&mut self, text: &str) -> Symbol {
        self.interner.symbol(text)
    }

    pub(super) fn bucket_id(&mut self, salt: &str, id_type: &str) -> BucketId {
        let bucket_ids = &mut self.specs.origins.bucket_ids;
        let next = u32::try_from(bucket_ids.len()).unwrap_or(u32::MAX);
        let key = (salt.to_owned(), id_type.to_owned());
        *bucket_ids.entry(key).or_insert(BucketId(next))
    }

    fn entry_mut(&mut self, name: &str) -> Option<&mut Entry> {
        let entry = self.entry(name);
        self.specs.entries.get_mut(entry.0 as usize)
    }

    fn compile_conditions(&mut self, conditions: &model::RawEntities<'_>) {
        for (id, RawEntity { json, from }) in &conditions.0 {
            let known = self.previous.origins.conditions.get(&**id);
            let place = known.and_then(|known| known.made);
            let condition = if known.is_some_and(|known| known.from == *from) {
                place
                    .and_then(|place| self.previous.condition(place))
                    .cloned()
            } else {
                let condition = self.left_out.read(json, "condition", id);
                condition.map(|condition| condition::compile(&condition, self))
            };
            let made = condition.map(|condition| self.put_condition(place, condition));
            let origin = Origin { from: *from, made };
            // For duplicates, the last entry wins, even if it is malformed.
            let replaced = self.specs.origins.conditions.insert((&**id).into(), origin);
            if let Some(ConditionId(place)) = replaced.and_then(|replaced| replaced.made)
                && made != Some(ConditionId(place))
                && let Some(has) = self.has_condition.get_mut(place as usize)
            {
                *has = false;
            }
        }
    }

    /// Replaces the condition of the same name, or appends the condition.
    fn put_condition(&mut self, place: Option<ConditionId>, condition: Condition) -> ConditionId {
        if let Some(ConditionId(place)) = place
            && let Some(known) = self.specs.conditions.get_mut(place as usize)
            && let Some(has) = self.has_condition.get_mut(place as usize)
        {
            (*known, *has) = (condition, true);
            return ConditionId(place);
        }
        self.has_condition.push(true);
        ConditionId(push(&mut self.specs.conditions, condition))
    }

    /// Compiles gates, configs or layers. Returns their origins. `what` names them in warnings.
    fn compile_specs(
        &mut self,
        specs: &model::RawEntities<'_>,
        what: &'static str,
        known: &ByName<SpecId>,
        set: impl Fn(&mut Entry, Option<SpecId>),
    ) -> ByName<SpecId> {
        let mut origins = ByName::default();
        for (name, RawEntity { json, from }) in &specs.0 {
            let known = known.get(&**name).filter(|known| known.from == *from);
            let was_malformed = known.is_some_and(|known| known.made.is_none());
            let taken_over = known
                .and_then(|known| self.previous.spec(known.made?))
                .filter(|spec| self.has_conditions_of(spec));
            let spec = match taken_over {
                Some(spec) => Some(spec.clone()),
                None if was_malformed => None,
                None => {
                    let spec = self.left_out.read(json, what, name);
                    spec.map(|spec| self.spec(&spec))
                }
            };
            let made = spec.map(|spec| SpecId(push(&mut self.specs.specs, spec)));
            if let Some(entry) = self.entry_mut(name) {
                set(entry, made);
            }
            origins.insert((&**name).into(), Origin { from: *from, made });
        }
        origins
    }

    /// Whether a compilation would give the spec the same conditions.
    fn has_conditions_of(&self, spec: &Spec) -> bool {
        let has = |condition: &Option<ConditionId>| {
            // A condition that was missing may exist now.
            condition.is_some_and(|ConditionId(place)| {
                self.has_condition.get(place as usize) == Some(&true)
            })
        };
        spec.rules
            .iter()
            .all(|rule| rule.conditions.iter().all(has))
    }

    fn compile_cmabs(&mut self, cmabs: Option<&model::RawEntities<'_>>) {
        for (name, RawEntity { json, from }) in cmabs.iter().flat_map(|cmabs| &cmabs.0) {
            let cmab = match self.previous.origins.cmabs.get(&**name) {
                Some(known) if known.from == *from => {
                    known.made.and_then(|id| self.previous.cmab(id)).cloned()
                }
                _ => {
                    let cmab = self.left_out.read(json, "bandit", name);
                    cmab.map(|cmab| self.cmab(&cmab))
                }
            };
            let made = cmab.map(|cmab| CmabId(push(&mut self.specs.cmabs, cmab)));
            if let Some(entry) = self.entry_mut(name) {
                entry.cmab = made;
            }
            let origin = Origin { from: *from, made };
            self.specs.origins.cmabs.insert((&**name).into(), origin);
        }
    }

    fn compile_param_stores(&mut self, stores: Option<&model::RawEntities<'_>>) {
        for (name, RawEntity { json, from }) in stores.iter().flat_map(|stores| &stores.0) {
            let made = match self.previous.origins.param_stores.get(&**name) {
                Some(known) if known.from == *from => known.made.clone(),
                _ => {
                    let store = self.left_out.read(json, "parameter store", name);
                    store.map(|store| Arc::new(param_store(&store, &self.left_out)))
                }
            };
            let name = SharedStr::from(&**name);
            // A malformed duplicate does not replace the previous entry.
            let store = made.clone().map(|made| (name.clone(), made));
            self.specs.param_stores.extend(store);
            let origin = Origin { from: *from, made };
            self.specs.origins.param_stores.insert(name, origin);
        }
    }
}

fn for_clients(payload: &model::Payload<'_>, left_out: &LeftOut) -> ForClients {
    fn read<'a, T: Deserialize<'a>>(
        left_out: &LeftOut,
        raw: Option<&'a RawValue>,
        what: &'static str,
    ) -> Option<T> {
        left_out.read(bytes_of(raw?), what, "")
    }

    let hashed = payload.hashed_sdk_keys_to_app_ids;
    let replay = payload.session_replay_info;
    ForClients {
        app_ids_by_key: read(left_out, payload.sdk_keys_to_app_ids, "app ids of SDK keys"),
        app_ids_by_hashed_key: read(left_out, hashed, "app ids of hashed SDK keys"),
        session_replay: read(left_out, replay, "session replay info"),
    }
}

pub(super) fn bytes_of(raw: &RawValue) -> &[u8] {
    raw.get().as_bytes()
}

pub(super) fn shared(texts: &[Text<'_>]) -> Vec<SharedStr> {
    texts.iter().map(|text| SharedStr::from(&**text)).collect()
}

/// Appends an item. Returns its index.
fn push<T>(table: &mut Vec<T>, item: T) -> u32 {
    table.push(item);
    // The size limit of payloads keeps the number of items far below an overflow.
    u32::try_from(table.len() - 1).unwrap_or(u32::MAX)
}
