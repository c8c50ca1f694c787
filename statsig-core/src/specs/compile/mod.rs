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

use serde_json::value::RawValue;

use self::left_out::LeftOut;
use self::param_store::param_store;
use super::compiled::condition::{BucketId, Condition};
use super::compiled::origins::{ByName, Origin, Origins, TableSizes};
use super::compiled::rendered::Rendered;
use super::compiled::{
    Cmab, CmabId, CompiledSpecs, ConditionId, Entry, EntryId, Mapping, ParamStore, Spec, SpecId,
};
use super::for_clients::{ForClients, SessionReplay};
use super::lenient::Text;
use super::model::{self, RawEntity};
use super::symbols::{Interner, Symbol};
use crate::hash::FastMap;
use crate::text::SharedStr;

/// Compiles a payload. Malformed entities are left out, with a warning. Other entities are not
/// affected.
///
/// Unchanged parts of the previous specs are taken over in their compiled form.
pub(crate) fn compile(payload: &model::Payload<'_>, previous: &CompiledSpecs) -> CompiledSpecs {
    let nothing = CompiledSpecs::default();
    let sizes = TableSizes::of(previous);
    let previous = match previous.origins.fresh {
        Some(fresh) if !fresh.are_outgrown_by(sizes) => previous,
        _ => &nothing,
    };

    let mut compiler = Compiler::resume(previous);
    compiler.compile_conditions(&payload.condition_map);
    compiler.compile_specs(&payload.feature_gates, &GATES);
    compiler.compile_specs(&payload.dynamic_configs, &CONFIGS);
    compiler.compile_specs(&payload.layer_configs, &LAYERS);
    compiler.compile_cmabs(payload.cmab_configs.as_ref());
    compiler.compile_mappings(payload.overrides.as_ref(), payload.override_rules.as_ref());
    let param_stores = compiler.compile_param_stores(payload.param_stores.as_ref());
    let for_clients = for_clients(payload, &compiler.left_out);
    compiler.left_out.sum_up();
    let mut specs = CompiledSpecs {
        time: payload.time,
        checksum: payload
            .checksum
            .as_ref()
            .filter(|checksum| !checksum.is_empty())
            .map(|checksum| SharedStr::from(&**checksum)),
        default_environment: payload
            .default_environment
            .as_ref()
            .map(|tier| SharedStr::from(&**tier)),
        app_id: payload.app_id.clone(),
        sdk_configs: payload.sdk_configs.clone().unwrap_or_default(),
        diagnostics: payload
            .diagnostics
            .as_ref()
            .and_then(serde_json::Value::as_object)
            .cloned()
            .unwrap_or_default(),
        symbols: compiler.interner.finish(),
        index: compiler.index,
        entries: compiler.entries,
        specs: compiler.specs,
        conditions: compiler.conditions,
        cmabs: compiler.cmabs,
        mappings: compiler.mappings,
        param_stores,
        for_clients,
        rendered: Rendered::default(),
        origins: compiler.origins,
    };
    specs.origins.forget_unused_values();
    let sizes = TableSizes::of(&specs);
    specs.origins.fresh = previous.origins.fresh.or(Some(sizes));
    dependencies::derive(&mut specs);
    specs
}

/// One of the maps of specs: the name of its entries in errors, and their place.
struct SpecKind {
    what: &'static str,
    slot: fn(&mut Entry) -> &mut Option<SpecId>,
    origins: fn(&Origins) -> &ByName<SpecId>,
    origins_mut: fn(&mut Origins) -> &mut ByName<SpecId>,
}

const GATES: SpecKind = SpecKind {
    what: "gate",
    slot: |entry| &mut entry.gate,
    origins: |origins| &origins.gates,
    origins_mut: |origins| &mut origins.gates,
};
const CONFIGS: SpecKind = SpecKind {
    what: "config",
    slot: |entry| &mut entry.config,
    origins: |origins| &origins.configs,
    origins_mut: |origins| &mut origins.configs,
};
const LAYERS: SpecKind = SpecKind {
    what: "layer",
    slot: |entry| &mut entry.layer,
    origins: |origins| &origins.layers,
    origins_mut: |origins| &mut origins.layers,
};

/// The parts compiled so far.
///
/// Texts, names and conditions keep their indices from the previous specs, so that references to
/// them stay valid.
#[derive(Debug)]
pub(super) struct Compiler<'p> {
    previous: &'p CompiledSpecs,
    interner: Interner,
    index: FastMap<SharedStr, EntryId>,
    entries: Vec<Entry>,
    specs: Vec<Spec>,
    conditions: Vec<Condition>,
    /// The conditions that these specs contain. The others remain from the previous specs.
    has_condition: Vec<bool>,
    cmabs: Vec<Cmab>,
    mappings: Vec<Vec<Mapping>>,
    origins: Origins,
    left_out: LeftOut,
}

impl<'p> Compiler<'p> {
    /// Continues from the previous specs.
    pub(super) fn resume(previous: &'p CompiledSpecs) -> Self {
        let count = previous.conditions.len();
        Self {
            interner: Interner::resume(&previous.symbols),
            index: previous.index.clone(),
            entries: previous
                .entries
                .iter()
                .map(|entry| Entry::new(entry.name, entry.is_segment))
                .collect(),
            specs: Vec::new(),
            // No rule refers to a placeholder that stays.
            conditions: vec![Condition::Public; count],
            has_condition: vec![false; count],
            cmabs: Vec::new(),
            mappings: Vec::new(),
            origins: Origins {
                values: previous.origins.values.clone(),
                bucket_ids: previous.origins.bucket_ids.clone(),
                ..Origins::default()
            },
            left_out: LeftOut::default(),
            previous,
        }
    }

    /// The entry of a name. Creates it if the name is new, because specs may refer to names that
    /// follow or do not exist.
    pub(super) fn entry(&mut self, name: &str) -> EntryId {
        if let Some(entry) = self.index.get(name) {
            return *entry;
        }
        let entry = EntryId(next_index(&self.entries));
        let symbol = self.interner.symbol(name);
        self.entries
            .push(Entry::new(symbol, name.starts_with("segment:")));
        self.index.insert(self.interner.text(symbol), entry);
        entry
    }

    pub(super) fn symbol(&mut self, text: &str) -> Symbol {
        self.interner.symbol(text)
    }

    pub(super) fn bucket_id(&mut self, salt: &str, id_type: &str) -> BucketId {
        let bucket_ids = &mut self.origins.bucket_ids;
        let next = u32::try_from(bucket_ids.len()).unwrap_or(u32::MAX);
        let key = (salt.to_owned(), id_type.to_owned());
        *bucket_ids.entry(key).or_insert(BucketId(next))
    }

    fn entry_mut(&mut self, name: &str) -> Option<&mut Entry> {
        let entry = self.entry(name);
        self.entries.get_mut(entry.0 as usize)
    }

    fn compile_conditions(&mut self, conditions: &model::RawEntities<'_>) {
        for (id, RawEntity { json, from }) in &conditions.0 {
            let from = *from;
            let known = self.previous.origins.conditions.get(&**id);
            let place = known.and_then(|known| known.made);
            let condition = if known.is_some_and(|known| known.from == from) {
                place
                    .and_then(|place| self.previous.condition(place))
                    .cloned()
            } else {
                self.left_out
                    .read::<model::Condition<'_>>(json, "condition", id)
                    .map(|condition| condition::compile(&condition, self))
            };
            let made = condition.map(|condition| self.put_condition(place, condition));
            let origin = Origin { from, made };
            // For duplicates, the last entry wins, even if it is malformed.
            let replaced = self.origins.conditions.insert((&**id).into(), origin);
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
        let id = place.unwrap_or(ConditionId(next_index(&self.conditions)));
        let place = id.0 as usize;
        match (
            self.conditions.get_mut(place),
            self.has_condition.get_mut(place),
        ) {
            (Some(known), Some(has)) => (*known, *has) = (condition, true),
            _ => {
                self.conditions.push(condition);
                self.has_condition.push(true);
            }
        }
        id
    }

    fn compile_specs(&mut self, specs: &model::RawEntities<'_>, kind: &SpecKind) {
        for (name, RawEntity { json, from }) in &specs.0 {
            let from = *from;
            let before = (kind.origins)(&self.previous.origins).get(&**name);
            let before = before.filter(|before| before.from == from);
            let was_malformed = before.is_some_and(|before| before.made.is_none());
            let taken_over = before
                .and_then(|before| self.previous.spec(before.made?))
                .filter(|spec| self.has_conditions_of(spec));
            let spec = match taken_over {
                Some(spec) => Some(spec.clone()),
                None if was_malformed => None,
                None => (self.left_out.read::<model::Spec<'_>>(json, kind.what, name))
                    .map(|spec| self.spec(&spec)),
            };
            let made = spec.map(|spec| {
                let id = SpecId(next_index(&self.specs));
                self.specs.push(spec);
                id
            });
            if let Some(entry) = self.entry_mut(name) {
                *(kind.slot)(entry) = made;
            }
            let origin = Origin { from, made };
            (kind.origins_mut)(&mut self.origins).insert((&**name).into(), origin);
        }
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
            let from = *from;
            let cmab = match self.previous.origins.cmabs.get(&**name) {
                Some(known) if known.from == from => {
                    known.made.and_then(|id| self.previous.cmab(id)).cloned()
                }
                _ => (self.left_out.read::<model::Cmab<'_>>(json, "bandit", name))
                    .map(|cmab| self.cmab(&cmab)),
            };
            let made = cmab.map(|cmab| {
                let id = CmabId(next_index(&self.cmabs));
                self.cmabs.push(cmab);
                id
            });
            if let Some(entry) = self.entry_mut(name) {
                entry.cmab = made;
            }
            let origin = Origin { from, made };
            self.origins.cmabs.insert((&**name).into(), origin);
        }
    }

    fn compile_param_stores(
        &mut self,
        stores: Option<&model::RawEntities<'_>>,
    ) -> FastMap<SharedStr, Arc<ParamStore>> {
        let mut compiled = FastMap::default();
        for (name, RawEntity { json, from }) in stores.iter().flat_map(|stores| &stores.0) {
            let name = SharedStr::from(&**name);
            let from = *from;
            let made = match self.previous.origins.param_stores.get(&name) {
                Some(known) if known.from == from => known.made.clone(),
                _ => (self
                    .left_out
                    .read::<model::ParamStore<'_>>(json, "parameter store", &name))
                .map(|store| Arc::new(param_store(&store, &self.left_out))),
            };
            // A malformed duplicate does not replace the previous entry.
            compiled.extend(made.clone().map(|made| (name.clone(), made)));
            let origin = Origin { from, made };
            self.origins.param_stores.insert(name, origin);
        }
        compiled
    }
}

fn for_clients(payload: &model::Payload<'_>, left_out: &LeftOut) -> ForClients {
    let app_ids =
        |raw: Option<&RawValue>, what| raw.and_then(|raw| left_out.read(bytes_of(raw), what, ""));
    let replay = payload
        .session_replay_info
        .and_then(|raw| left_out.read::<SessionReplay>(bytes_of(raw), "session replay info", ""));
    ForClients {
        app_ids_by_key: app_ids(payload.sdk_keys_to_app_ids, "app ids of SDK keys"),
        app_ids_by_hashed_key: app_ids(
            payload.hashed_sdk_keys_to_app_ids,
            "app ids of hashed SDK keys",
        ),
        session_replay: replay,
    }
}

pub(super) fn bytes_of(raw: &RawValue) -> &[u8] {
    raw.get().as_bytes()
}

pub(super) fn shared(texts: &[Text<'_>]) -> Vec<SharedStr> {
    texts.iter().map(|text| SharedStr::from(&**text)).collect()
}

/// The size limit of payloads keeps the number of items far below an overflow.
fn next_index<T>(table: &[T]) -> u32 {
    u32::try_from(table.len()).unwrap_or(u32::MAX)
}
