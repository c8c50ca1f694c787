//! From the wire model to compiled specs: names become indices, operands are parsed, equal texts and values are shared.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::compile_condition;
use super::compiled::{
    Cmab, CmabGroup, CmabId, CmabWeights, CompiledSpecs, ConditionId, Entity, Entry, EntryId,
    Mapping, MappingId, MappingRule, ParamStore, Parameter, ParameterTarget, Parameters,
    ReturnValue, Rule, Share, ShareByKind, Spec, SpecId, Traits, UnitIdType,
};
use super::condition::{BucketId, Condition, FieldName};
use super::for_clients::{ForClients, SessionReplay};
use super::model;
use super::rendered::Rendered;
use super::symbols::Interner;
use super::traits;
use crate::hash::FastMap;
use crate::text::SharedStr;

/// Compiles a payload. Entities that are malformed are left out, with a warning; their neighbours are not affected.
pub(crate) fn compile(payload: &model::Payload<'_>) -> CompiledSpecs {
    let mut compiler = Compiler::default();
    compiler.compile_conditions(&payload.condition_map);
    compiler.compile_specs(&payload.feature_gates, "gate", |entry| &mut entry.gate);
    compiler.compile_specs(&payload.dynamic_configs, "config", |entry| {
        &mut entry.config
    });
    compiler.compile_specs(&payload.layer_configs, "layer", |entry| &mut entry.layer);
    compiler.compile_cmabs(payload.cmab_configs.as_ref());
    compiler.compile_mappings(payload.overrides.as_ref(), payload.override_rules.as_ref());
    let param_stores = compile_param_stores(payload.param_stores.as_ref());
    let for_clients = for_clients(payload);
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
    };
    traits::derive(&mut specs);
    specs
}

/// What has been compiled so far.
#[derive(Debug, Default)]
pub(super) struct Compiler {
    interner: Interner,
    index: FastMap<SharedStr, EntryId>,
    entries: Vec<Entry>,
    specs: Vec<Spec>,
    conditions: Vec<Condition>,
    condition_ids: FastMap<String, ConditionId>,
    /// By salt and ID type.
    bucket_ids: FastMap<(String, String), BucketId>,
    cmabs: Vec<Cmab>,
    mappings: Vec<Vec<Mapping>>,
    /// Equal return values are parsed and kept once: most rules of an experiment differ in few of them.
    values: FastMap<String, ReturnValue>,
}

impl Compiler {
    /// The entry of a name, made when the name is new: specs may refer to what comes later, or never.
    pub(super) fn entry(&mut self, name: &str) -> EntryId {
        if let Some(entry) = self.index.get(name) {
            return *entry;
        }
        let entry = EntryId(next_index(&self.entries));
        let symbol = self.interner.symbol(name);
        self.entries.push(Entry {
            name: symbol,
            is_segment: name.starts_with("segment:"),
            gate: None,
            config: None,
            layer: None,
            cmab: None,
            mapping: None,
            is_referred_to: false,
            traits: Traits::default(),
        });
        self.index.insert(self.interner.text(symbol), entry);
        entry
    }

    pub(super) fn bucket_id(&mut self, salt: &str, id_type: &str) -> BucketId {
        let next = u32::try_from(self.bucket_ids.len()).unwrap_or(u32::MAX);
        let key = (salt.to_owned(), id_type.to_owned());
        *self.bucket_ids.entry(key).or_insert(BucketId(next))
    }

    fn entry_mut(&mut self, name: &str) -> Option<&mut Entry> {
        let entry = self.entry(name);
        self.entries.get_mut(entry.0 as usize)
    }

    fn compile_conditions(&mut self, conditions: &model::RawEntries<'_>) {
        for (id, raw) in &conditions.0 {
            if let Some(condition) = read::<model::Condition<'_>>(raw, "condition", id) {
                let compiled = compile_condition::compile(&condition, self);
                let condition_id = ConditionId(next_index(&self.conditions));
                self.conditions.push(compiled);
                self.condition_ids.insert(id.to_string(), condition_id);
            } else {
                self.condition_ids.remove(&**id);
            }
        }
    }

    fn compile_specs(
        &mut self,
        specs: &model::RawEntries<'_>,
        what: &'static str,
        slot: impl Fn(&mut Entry) -> &mut Option<SpecId>,
    ) {
        for (name, raw) in &specs.0 {
            let spec = read::<model::Spec<'_>>(raw, what, name).map(|spec| self.spec(&spec));
            let id = SpecId(next_index(&self.specs));
            let is_valid = spec.is_some();
            self.specs.extend(spec);
            if let Some(entry) = self.entry_mut(name) {
                *slot(entry) = is_valid.then_some(id);
            }
        }
    }

    fn spec(&mut self, spec: &model::Spec<'_>) -> Spec {
        Spec {
            entity: Entity::from_wire(&spec.entity),
            enabled: spec.enabled,
            default_value: self.return_value(spec.default_value),
            rules: spec
                .rules
                .iter()
                .map(|rule| self.rule(rule, &spec.salt))
                .collect(),
            salt: (&*spec.salt).into(),
            id_type: self.interner.symbol(&spec.id_type),
            version: spec.version,
            is_active: spec.is_active,
            has_shared_params: spec.has_shared_params,
            explicit_parameters: spec.explicit_parameters.as_deref().map(shared),
            target_app_ids: spec.target_app_ids.as_deref().map(shared),
            forward_all_exposures: spec.forward_all_exposures.unwrap_or(false),
            use_new_layer_eval: spec.use_new_layer_eval.unwrap_or(false),
            fields_used: (spec.fields_used.iter().flatten())
                .map(|field| self.interner.symbol(field))
                .collect(),
        }
    }

    fn rule(&mut self, rule: &model::Rule<'_>, spec_salt: &str) -> Rule {
        Rule {
            id: self.interner.symbol(&rule.id),
            name: self.interner.symbol(&rule.name),
            share: share(rule, spec_salt),
            unit: UnitIdType::new(&rule.id_type),
            return_value: self.return_value(rule.return_value),
            conditions: self.rule_conditions(rule),
            group_name: rule
                .group_name
                .as_ref()
                .map(|name| self.interner.symbol(name)),
            delegate: rule
                .config_delegate
                .as_ref()
                .filter(|name| !name.is_empty())
                .map(|name| self.entry(name)),
            is_experiment_group: rule.is_experiment_group.unwrap_or(false),
            sampling_rate: rule.sampling_rate,
        }
    }

    fn rule_conditions(&self, rule: &model::Rule<'_>) -> Vec<Option<ConditionId>> {
        rule.conditions
            .iter()
            .map(|id| self.condition_ids.get(&**id).copied())
            .collect()
    }

    /// The share of a rule that belongs to no spec, with the salt of this one.
    fn share(&self, rule: &model::Rule<'_>, spec: Option<SpecId>) -> Share {
        let spec = spec.and_then(|spec| self.specs.get(spec.0 as usize));
        share(rule, spec.map_or("", |spec| &spec.salt))
    }

    /// Objects are parameters; a value that is none of object, boolean and null reads as an empty object.
    fn return_value(&mut self, raw: &RawValue) -> ReturnValue {
        match raw.get() {
            "null" => ReturnValue::Null,
            "true" => ReturnValue::Bool(true),
            "false" => ReturnValue::Bool(false),
            text => {
                if let Some(value) = self.values.get(text) {
                    return value.clone();
                }
                let parameters: Parameters = serde_json::from_str(text).unwrap_or_default();
                let value = ReturnValue::Parameters(Arc::new(parameters));
                self.values.insert(text.to_owned(), value.clone());
                value
            }
        }
    }

    fn compile_cmabs(&mut self, cmabs: Option<&model::RawEntries<'_>>) {
        for (name, raw) in cmabs.iter().flat_map(|cmabs| &cmabs.0) {
            let cmab = read::<model::Cmab<'_>>(raw, "bandit", name).map(|cmab| self.cmab(&cmab));
            let id = CmabId(next_index(&self.cmabs));
            let is_valid = cmab.is_some();
            self.cmabs.extend(cmab);
            if let Some(entry) = self.entry_mut(name) {
                entry.cmab = is_valid.then_some(id);
            }
        }
    }

    fn cmab(&mut self, cmab: &model::Cmab<'_>) -> Cmab {
        Cmab {
            salt: crate::hash::SaltedHash::new(&format!("{}.", &*cmab.salt)),
            unit: UnitIdType::new(&cmab.id_type),
            id_type: self.interner.symbol(&cmab.id_type),
            enabled: cmab.enabled,
            version: cmab.version,
            default_value: self.return_value(cmab.default_value),
            explore_below: cmab.sample_rate * 10_000.0,
            higher_is_better: cmab.higher_is_better,
            groups: cmab
                .groups
                .iter()
                .map(|group| CmabGroup {
                    name: self.interner.symbol(&group.name),
                    id: self.interner.symbol(&group.id),
                    explore_id: self.interner.symbol(&format!("{}:explore", &*group.id)),
                    value: self.return_value(group.parameter_values),
                    weights: cmab_weights(cmab.config.as_ref(), &group.id),
                })
                .collect(),
            has_weights: cmab.config.is_some(),
            targeting_gate: cmab
                .targeting_gate_name
                .as_ref()
                .filter(|name| !name.is_empty())
                .map(|name| self.entry(name)),
            target_app_ids: cmab.target_app_ids.as_deref().map(shared),
        }
    }

    /// Redirections need both maps: the redirections, and the rules they name.
    fn compile_mappings(
        &mut self,
        mappings: Option<&model::RawEntries<'_>>,
        rules: Option<&model::RawEntries<'_>>,
    ) {
        let (Some(mappings), Some(rules)) = (mappings, rules) else {
            return;
        };
        let rules: BTreeMap<&str, &RawValue> =
            rules.0.iter().map(|(name, raw)| (&**name, *raw)).collect();
        for (name, raw) in &mappings.0 {
            let Some(wire) = read::<Vec<model::ConfigMapping<'_>>>(raw, "config mapping", name)
            else {
                continue;
            };
            let redirections = wire
                .iter()
                .map(|mapping| self.mapping(name, mapping, &rules))
                .collect();
            let id = MappingId(next_index(&self.mappings));
            self.mappings.push(redirections);
            if let Some(entry) = self.entry_mut(name) {
                entry.mapping = Some(id);
            }
        }
    }

    fn mapping(
        &mut self,
        name: &str,
        mapping: &model::ConfigMapping<'_>,
        rules: &BTreeMap<&str, &RawValue>,
    ) -> Mapping {
        let entry = self.entry(name);
        let (gate, config, layer) = match self.entries.get(entry.0 as usize) {
            Some(entry) => (entry.gate, entry.config, entry.layer),
            None => (None, None, None),
        };
        let rules = mapping
            .rules
            .iter()
            .filter_map(|reference| {
                let raw = rules.get(&*reference.rule_name)?;
                let rule = read::<model::Rule<'_>>(raw, "override rule", &reference.rule_name)?;
                Some(MappingRule {
                    name: self.interner.symbol(&reference.rule_name),
                    start_time: reference.start_time.unwrap_or(0),
                    conditions: self.rule_conditions(&rule),
                    unit: UnitIdType::new(&rule.id_type),
                    share: ShareByKind {
                        gate: self.share(&rule, gate),
                        config: self.share(&rule, config),
                        layer: self.share(&rule, layer),
                    },
                })
            })
            .collect();
        Mapping {
            to: self.entry(&mapping.new_config_name),
            rules,
        }
    }
}

/// A rule counts with its salt, and with its id only if it has none: an empty salt is one.
fn share(rule: &model::Rule<'_>, spec_salt: &str) -> Share {
    let rule_salt = rule.salt.as_ref().unwrap_or(&rule.id);
    Share::new(rule.pass_percentage, spec_salt, rule_salt)
}

fn cmab_weights(
    config: Option<&model::Entries<'_, model::CmabWeights<'_>>>,
    group_id: &str,
) -> Option<CmabWeights> {
    let (_, weights) = config?.0.iter().rev().find(|(id, _)| &**id == group_id)?;
    Some(CmabWeights {
        base: weights.intercept + weights.alpha,
        records: weights.records,
        numerical: weights
            .weights_numerical
            .0
            .iter()
            .map(|(field, weight)| (FieldName::new(field), *weight))
            .collect(),
        categorical: weights
            .weights_categorical
            .0
            .iter()
            .map(|(field, weights)| {
                let weights = weights
                    .0
                    .iter()
                    .map(|(value, weight)| ((&**value).into(), *weight));
                (FieldName::new(field), weights.collect())
            })
            .collect(),
    })
}

fn for_clients(payload: &model::Payload<'_>) -> ForClients {
    let app_ids = |raw: Option<&RawValue>, what| raw.and_then(|raw| read(raw, what, ""));
    let replay = payload
        .session_replay_info
        .and_then(|raw| read::<SessionReplay>(raw, "session replay info", ""));
    ForClients {
        app_ids_by_key: app_ids(payload.sdk_keys_to_app_ids, "app ids of SDK keys"),
        app_ids_by_hashed_key: app_ids(
            payload.hashed_sdk_keys_to_app_ids,
            "app ids of hashed SDK keys",
        ),
        session_replay: replay,
    }
}

fn compile_param_stores(
    stores: Option<&model::RawEntries<'_>>,
) -> FastMap<SharedStr, Arc<ParamStore>> {
    let mut compiled = FastMap::default();
    for (name, raw) in stores.iter().flat_map(|stores| &stores.0) {
        if let Some(store) = read::<model::ParamStore<'_>>(raw, "parameter store", name) {
            let parameters = store.parameters.0.iter().filter_map(|(name, raw)| {
                let parameter = read::<model::Parameter<'_>>(raw, "parameter", name)?;
                Some((SharedStr::from(&**name), compile_parameter(&parameter)?))
            });
            let store = ParamStore {
                parameters: parameters.collect(),
                target_app_ids: store.target_app_ids.as_deref().map(shared),
            };
            compiled.insert(SharedStr::from(&**name), Arc::new(store));
        }
    }
    compiled
}

impl ParamStore {
    /// A store of given values: one that has the shape of a parameter is one, any other is a constant.
    pub(crate) fn of_values(values: &serde_json::Map<String, serde_json::Value>) -> Self {
        let parameters = values.iter().map(|(name, value)| {
            let shaped = serde_json::to_string(value).ok().and_then(|text| {
                let parameter = serde_json::from_str::<model::Parameter<'_>>(&text).ok()?;
                compile_parameter(&parameter)
            });
            let constant = || Parameter {
                ref_type: "static".into(),
                param_type: kind_of(value).into(),
                target: ParameterTarget::Static(Arc::new(value.clone())),
            };
            (
                SharedStr::from(name.as_str()),
                shaped.unwrap_or_else(constant),
            )
        });
        Self {
            parameters: parameters.collect(),
            target_app_ids: None,
        }
    }
}

fn kind_of(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "boolean",
        serde_json::Value::Number(_) => "number",
        serde_json::Value::String(_) => "string",
        serde_json::Value::Array(_) => "array",
        serde_json::Value::Object(_) => "object",
    }
}

/// The first of the five shapes whose fields are all there; `ref_type` does not decide.
pub(crate) fn compile_parameter(parameter: &model::Parameter<'_>) -> Option<Parameter> {
    let text = |text: &model::Text<'_>| SharedStr::from(&**text);
    let named = |name: &Option<model::Text<'_>>| {
        Some((text(name.as_ref()?), text(parameter.param_name.as_ref()?)))
    };
    let target = if let Some(value) = &parameter.value {
        ParameterTarget::Static(Arc::new(value.clone()))
    } else if let (Some(gate), Some(pass), Some(fail)) = (
        &parameter.gate_name,
        &parameter.pass_value,
        &parameter.fail_value,
    ) {
        ParameterTarget::Gate {
            name: text(gate),
            pass: Arc::new(pass.clone()),
            fail: Arc::new(fail.clone()),
        }
    } else if let Some((name, parameter)) = named(&parameter.config_name) {
        ParameterTarget::DynamicConfig { name, parameter }
    } else if let Some((name, parameter)) = named(&parameter.experiment_name) {
        ParameterTarget::Experiment { name, parameter }
    } else if let Some((name, parameter)) = named(&parameter.layer_name) {
        ParameterTarget::Layer { name, parameter }
    } else {
        tracing::warn!(
            ref_type = &*parameter.ref_type,
            "left out a parameter of no known shape"
        );
        return None;
    };
    Some(Parameter {
        ref_type: text(&parameter.ref_type),
        param_type: text(&parameter.param_type),
        target,
    })
}

/// Reads one entity; a malformed one is reported and left out.
fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue, what: &'static str, name: &str) -> Option<T> {
    serde_json::from_str(raw.get())
        .inspect_err(|problem| {
            tracing::warn!(what, name, %problem, "left out a malformed entity of the specs");
        })
        .ok()
}

fn shared(texts: &[model::Text<'_>]) -> Vec<SharedStr> {
    texts.iter().map(|text| SharedStr::from(&**text)).collect()
}

/// Payload sizes are limited far below the number of items that would overflow an index.
fn next_index<T>(table: &[T]) -> u32 {
    u32::try_from(table.len()).unwrap_or(u32::MAX)
}
