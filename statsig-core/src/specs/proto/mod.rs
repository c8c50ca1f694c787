//! Specs in the service's binary form, a sequence of protobuf messages. This module converts them
//! to the service's JSON, so that one compiler is sufficient. Deltas apply to the previous specs.

#[cfg(any(test, feature = "testing"))]
pub mod encode;
mod messages;
#[cfg(test)]
mod tests;
mod translate;

use std::collections::BTreeMap;
use std::sync::Arc;

use prost::Message;
use prost::bytes::{Buf, Bytes};
use serde::Serialize;
use serde_json::value::RawValue;

use self::messages::{Checksums, Deletions, Envelope, Kind};
use self::translate::entity_to_json;
use crate::mask::shown;
use crate::notice::{self, Notice};

/// Top-level fields with separate messages. The JSON part of the top level does not supply them.
const OWN_FIELDS: [&str; 10] = [
    "has_updates",
    "time",
    "company_id",
    "response_format",
    "checksum",
    "feature_gates",
    "dynamic_configs",
    "layer_configs",
    "condition_map",
    "param_stores",
];

/// Why binary specs were refused. The previous specs stay unchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtoError {
    /// The stream ends early, after this many envelopes.
    #[error("expected binary specs up to their end, found {0} envelopes and no end")]
    Unfinished(usize),
    /// An envelope has no kind.
    #[error("expected envelopes of a known kind, found kind 0")]
    UnknownKind,
    /// The top level is malformed.
    #[error("the top level cannot be used: {0}")]
    TopLevel(String),
    /// The top level is missing.
    #[error("expected a top level, found none")]
    NoTopLevel,
    /// A delta needs previous specs, and there are none.
    #[error("expected specs to start from, as this is a delta, found none")]
    NothingToCopy,
    /// An instruction of a delta is malformed.
    #[error("deletions or checksums cannot be read: {0}")]
    Instruction(String),
    /// The result of a delta has another checksum.
    #[error("the checksum of `{0}` differs from the announced checksum")]
    Checksum(&'static str),
}

/// Decoded specs. They can be written as JSON or changed by a delta.
#[derive(Debug, Clone, Default)]
pub struct ProtoSpecs {
    top: Option<Arc<TopLevel>>,
    feature_gates: Entities,
    dynamic_configs: Entities,
    layer_configs: Entities,
    param_stores: Entities,
    condition_map: Entities,
    /// The specs came with checksums, and the checksums match.
    is_verified: bool,
}

type Entities = BTreeMap<Arc<str>, Entity>;
type Fields = BTreeMap<String, Box<RawValue>>;

#[derive(Debug, Clone)]
struct Entity {
    checksum: Arc<str>,
    json: Arc<RawValue>,
}

#[derive(Debug, Clone)]
struct TopLevel {
    has_updates: bool,
    time: u64,
    company_id: String,
    response_format: String,
    checksum: String,
    rest: Fields,
}

impl ProtoSpecs {
    /// Decodes decompressed specs. `previous` are the specs in use, if they came in this form.
    /// Malformed entities are left out.
    pub fn read(bytes: impl Into<Bytes>, previous: Option<&Self>) -> Result<Self, ProtoError> {
        let mut bytes = bytes.into();
        let mut specs = Self::default();
        let mut envelopes = 0;
        loop {
            let record = next_record(&mut bytes).ok_or(ProtoError::Unfinished(envelopes))?;
            envelopes += 1;
            let envelope = match Envelope::decode(record) {
                Ok(envelope) => envelope,
                Err(problem) => {
                    notice::give(&Notice::MalformedEnvelope {
                        problem: &shown(problem),
                    });
                    continue;
                }
            };
            let Ok(kind) = Kind::try_from(envelope.kind) else {
                notice::give(&Notice::UnknownEnvelope {
                    kind: envelope.kind,
                });
                continue;
            };
            match kind {
                Kind::Unknown => return Err(ProtoError::UnknownKind),
                Kind::Done => break,
                Kind::TopLevel => specs.top = Some(Arc::new(TopLevel::read(&envelope)?)),
                Kind::CopyPrevious => {
                    specs = previous.cloned().ok_or(ProtoError::NothingToCopy)?;
                    specs.is_verified = false;
                }
                Kind::Deletions => specs.delete(&instruction(&envelope)?)?,
                Kind::Checksums => {
                    specs.verify(&instruction(&envelope)?)?;
                    specs.is_verified = true;
                }
                Kind::FeatureGate
                | Kind::DynamicConfig
                | Kind::LayerConfig
                | Kind::ParamStore
                | Kind::Condition => specs.take_in(kind, envelope, previous),
            }
        }
        if specs.top.is_none() {
            return Err(ProtoError::NoTopLevel);
        }
        Ok(specs)
    }

    /// Whether these specs came with checksums, as deltas do, and the checksums match.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.is_verified
    }

    /// The time of these specs, in epoch milliseconds.
    #[must_use]
    pub fn time(&self) -> u64 {
        self.top.as_ref().map_or(0, |top| top.time)
    }

    /// The checksum of these specs, if they have one.
    #[must_use]
    pub fn checksum(&self) -> Option<&str> {
        let top = self.top.as_ref()?;
        Some(top.checksum.as_str()).filter(|checksum| !checksum.is_empty())
    }

    /// The specs as the service's JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Payload<'a> {
            has_updates: bool,
            time: u64,
            #[serde(skip_serializing_if = "str::is_empty")]
            company_id: &'a str,
            #[serde(skip_serializing_if = "str::is_empty")]
            response_format: &'a str,
            #[serde(skip_serializing_if = "str::is_empty")]
            checksum: &'a str,
            feature_gates: JsonOf<'a>,
            dynamic_configs: JsonOf<'a>,
            layer_configs: JsonOf<'a>,
            condition_map: JsonOf<'a>,
            param_stores: JsonOf<'a>,
            #[serde(flatten)]
            rest: &'a Fields,
        }

        let Some(top) = &self.top else {
            return Vec::new();
        };
        let payload = Payload {
            has_updates: top.has_updates,
            time: top.time,
            company_id: &top.company_id,
            response_format: &top.response_format,
            checksum: &top.checksum,
            feature_gates: JsonOf(&self.feature_gates),
            dynamic_configs: JsonOf(&self.dynamic_configs),
            layer_configs: JsonOf(&self.layer_configs),
            condition_map: JsonOf(&self.condition_map),
            param_stores: JsonOf(&self.param_stores),
            rest: &top.rest,
        };
        // Serialization of texts and raw JSON cannot fail.
        serde_json::to_vec(&payload).unwrap_or_default()
    }

    fn entities(&self, kind: Kind) -> Option<&Entities> {
        match kind {
            Kind::FeatureGate => Some(&self.feature_gates),
            Kind::DynamicConfig => Some(&self.dynamic_configs),
            Kind::LayerConfig => Some(&self.layer_configs),
            Kind::ParamStore => Some(&self.param_stores),
            Kind::Condition => Some(&self.condition_map),
            _ => None,
        }
    }

    fn entities_mut(&mut self, kind: Kind) -> Option<&mut Entities> {
        match kind {
            Kind::FeatureGate => Some(&mut self.feature_gates),
            Kind::DynamicConfig => Some(&mut self.dynamic_configs),
            Kind::LayerConfig => Some(&mut self.layer_configs),
            Kind::ParamStore => Some(&mut self.param_stores),
            Kind::Condition => Some(&mut self.condition_map),
            _ => None,
        }
    }

    /// Adds an entity. If the checksums match, it is the previous entity, otherwise that of the
    /// envelope.
    fn take_in(&mut self, kind: Kind, envelope: Envelope, previous: Option<&Self>) {
        let Envelope {
            name,
            checksum,
            data,
            ..
        } = envelope;
        let known = previous
            .and_then(|previous| previous.entities(kind)?.get_key_value(name.as_str()))
            .filter(|(_, known)| !checksum.is_empty() && *known.checksum == *checksum);
        let Some(entities) = self.entities_mut(kind) else {
            return;
        };
        if let Some((name, known)) = known {
            entities.insert(Arc::clone(name), known.clone());
            return;
        }
        let json = data
            .ok_or(translate::EntityProblem::NoData)
            .and_then(|data| entity_to_json(kind, &data));
        match json {
            Ok(json) => {
                let entity = Entity {
                    checksum: checksum.into(),
                    json: json.into(),
                };
                entities.insert(name.into(), entity);
            }
            Err(problem) => {
                notice::give(&Notice::MalformedEntity {
                    what: &format!("{kind:?}"),
                    name: &shown(&name),
                    problem: &shown(problem),
                });
                entities.remove(name.as_str());
            }
        }
    }

    fn delete(&mut self, deletions: &Deletions) -> Result<(), ProtoError> {
        let entities = [
            (&mut self.feature_gates, &deletions.feature_gates),
            (&mut self.dynamic_configs, &deletions.dynamic_configs),
            (&mut self.layer_configs, &deletions.layer_configs),
            (&mut self.param_stores, &deletions.param_stores),
            (&mut self.condition_map, &deletions.condition_map),
        ];
        for (entities, names) in entities {
            for name in names {
                entities.remove(name.as_str());
            }
        }
        let fields = [
            ("experiment_to_layer", &deletions.experiment_to_layer),
            ("sdk_configs", &deletions.sdk_configs),
            ("cmab_configs", &deletions.cmab_configs),
            ("override_rules", &deletions.override_rules),
            ("overrides", &deletions.overrides),
        ];
        for (field, names) in fields {
            if let Some(top) = self.top.as_mut().filter(|_| !names.is_empty()) {
                Arc::make_mut(top).delete_within(field, names)?;
            }
        }
        Ok(())
    }

    fn verify(&self, announced: &Checksums) -> Result<(), ProtoError> {
        let collections = [
            ("feature_gates", &self.feature_gates),
            ("dynamic_configs", &self.dynamic_configs),
            ("layer_configs", &self.layer_configs),
            ("param_stores", &self.param_stores),
            ("condition_map", &self.condition_map),
        ];
        for (name, entities) in collections {
            let sum = entities.values().fold(0_u64, |sum, entity| {
                sum.wrapping_add(u64::from(entity.checksum.parse::<u32>().unwrap_or(0)))
            });
            if announced.field_checksums.get(name) != Some(&sum) {
                return Err(ProtoError::Checksum(name));
            }
        }
        Ok(())
    }
}

impl TopLevel {
    fn read(envelope: &Envelope) -> Result<Self, ProtoError> {
        let message: messages::TopLevel = decoded(envelope).map_err(ProtoError::TopLevel)?;
        let mut rest: Fields = serde_json::from_slice(&message.rest)
            .map_err(|error| ProtoError::TopLevel(shown(error)))?;
        if !rest.contains_key("experiment_to_layer") {
            let problem = "expected `experiment_to_layer` in it, found none";
            return Err(ProtoError::TopLevel(problem.to_owned()));
        }
        rest.retain(|name, _| !OWN_FIELDS.contains(&name.as_str()));
        Ok(Self {
            has_updates: message.has_updates,
            time: message.time,
            company_id: message.company_id,
            response_format: message.response_format,
            checksum: message.checksum,
            rest,
        })
    }

    fn delete_within(&mut self, field: &str, names: &[String]) -> Result<(), ProtoError> {
        let Some(json) = self.rest.get_mut(field) else {
            return Ok(());
        };
        let problem = |error: serde_json::Error| ProtoError::Instruction(shown(error));
        let mut entries: Fields = serde_json::from_str(json.get()).map_err(problem)?;
        entries.retain(|name, _| !names.contains(name));
        *json = serde_json::value::to_raw_value(&entries).map_err(problem)?;
        Ok(())
    }
}

/// Entities as a JSON object.
struct JsonOf<'a>(&'a Entities);

impl Serialize for JsonOf<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, entity)| (&**name, &*entity.json)))
    }
}

/// Splits the next record off the front: its length, then this many bytes.
fn next_record(bytes: &mut Bytes) -> Option<Bytes> {
    let length = prost::decode_length_delimiter(&mut *bytes).ok()?;
    (length <= bytes.remaining()).then(|| bytes.split_to(length))
}

fn decoded<M: Message + Default>(envelope: &Envelope) -> Result<M, String> {
    let data = envelope.data.clone().ok_or("expected data, found none")?;
    M::decode(data).map_err(shown)
}

fn instruction<M: Message + Default>(envelope: &Envelope) -> Result<M, ProtoError> {
    decoded(envelope).map_err(ProtoError::Instruction)
}
