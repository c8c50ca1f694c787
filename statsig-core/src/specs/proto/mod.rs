//! Specs in the service's binary form, a sequence of protobuf messages. This module converts them
//! to the service's JSON, so that one compiler is sufficient. Deltas apply to the previous specs.

mod as_json;
#[cfg(any(test, feature = "testing"))]
pub mod encode;
mod messages;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use prost::Message;
use prost::bytes::{Buf, Bytes};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use self::messages::{Checksums, Deletions, Envelope, Kind};
use crate::mask::shown;
use crate::notice::{self, Notice};

/// The collections of entities, by the kind of their envelopes.
const COLLECTIONS: [(Kind, &str); 5] = [
    (Kind::FeatureGate, "feature_gates"),
    (Kind::DynamicConfig, "dynamic_configs"),
    (Kind::LayerConfig, "layer_configs"),
    (Kind::Condition, "condition_map"),
    (Kind::ParamStore, "param_stores"),
];

/// The fields of the top-level message. Its JSON part supplies neither these nor the collections.
const OWN_FIELDS: [&str; 5] = [
    "has_updates",
    "time",
    "company_id",
    "response_format",
    "checksum",
];

fn is_own_field(name: &str) -> bool {
    OWN_FIELDS.contains(&name) || COLLECTIONS.iter().any(|(_, field)| *field == name)
}

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
#[derive(Debug, Clone, Serialize)]
pub struct ProtoSpecs {
    #[serde(flatten)]
    top: Option<Arc<TopLevel>>,
    /// Contains all [`COLLECTIONS`].
    #[serde(flatten)]
    collections: BTreeMap<&'static str, Entities>,
    /// The specs came with checksums, and the checksums match.
    #[serde(skip)]
    is_verified: bool,
}

type Entities = BTreeMap<Arc<str>, Entity>;
type Fields = BTreeMap<String, Box<RawValue>>;

#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
struct Entity {
    #[serde(skip)]
    checksum: Arc<str>,
    json: Arc<RawValue>,
}

#[derive(Debug, Clone, Serialize)]
struct TopLevel {
    #[serde(flatten)]
    message: messages::TopLevel,
    #[serde(flatten)]
    rest: Fields,
}

impl ProtoSpecs {
    /// Decodes decompressed specs. `previous` are the specs in use, if they came in this form.
    /// Malformed entities are left out.
    pub fn read(bytes: impl Into<Bytes>, previous: Option<&Self>) -> Result<Self, ProtoError> {
        let mut bytes = bytes.into();
        let mut specs = Self {
            top: None,
            collections: COLLECTIONS
                .map(|(_, field)| (field, Entities::new()))
                .into(),
            is_verified: false,
        };
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
                kind => specs.take_in(kind, envelope, previous),
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
        self.top.as_ref().map_or(0, |top| top.message.time)
    }

    /// The checksum of these specs, if they have one.
    #[must_use]
    pub fn checksum(&self) -> Option<&str> {
        let top = self.top.as_ref()?;
        Some(top.message.checksum.as_str()).filter(|checksum| !checksum.is_empty())
    }

    /// The specs as the service's JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        if self.top.is_none() {
            return Vec::new();
        }
        // Serialization of texts and raw JSON cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
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
        let Some((_, field)) = COLLECTIONS.iter().find(|(of, _)| *of == kind) else {
            return;
        };
        let known = previous
            .and_then(|previous| {
                previous
                    .collections
                    .get(field)?
                    .get_key_value(name.as_str())
            })
            .filter(|(_, known)| !checksum.is_empty() && *known.checksum == *checksum);
        let entities = self.collections.entry(field).or_default();
        if let Some((name, known)) = known {
            entities.insert(Arc::clone(name), known.clone());
            return;
        }
        let data = data.ok_or_else(|| "expected data, found none".to_owned());
        match data.and_then(|data| entity_to_json(kind, &data)) {
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
        let fields = [
            ("feature_gates", &deletions.feature_gates),
            ("dynamic_configs", &deletions.dynamic_configs),
            ("layer_configs", &deletions.layer_configs),
            ("param_stores", &deletions.param_stores),
            ("condition_map", &deletions.condition_map),
            ("experiment_to_layer", &deletions.experiment_to_layer),
            ("sdk_configs", &deletions.sdk_configs),
            ("cmab_configs", &deletions.cmab_configs),
            ("override_rules", &deletions.override_rules),
            ("overrides", &deletions.overrides),
        ];
        for (field, names) in fields.into_iter().filter(|(_, names)| !names.is_empty()) {
            if let Some(entities) = self.collections.get_mut(field) {
                for name in names {
                    entities.remove(name.as_str());
                }
            } else if let Some(top) = &mut self.top {
                Arc::make_mut(top).delete_within(field, names)?;
            }
        }
        Ok(())
    }

    fn verify(&self, announced: &Checksums) -> Result<(), ProtoError> {
        for (name, entities) in &self.collections {
            let sum = entities.values().fold(0_u64, |sum, entity| {
                sum.wrapping_add(u64::from(entity.checksum.parse::<u32>().unwrap_or(0)))
            });
            if announced.field_checksums.get(*name) != Some(&sum) {
                return Err(ProtoError::Checksum(name));
            }
        }
        Ok(())
    }
}

impl TopLevel {
    fn read(envelope: &Envelope) -> Result<Self, ProtoError> {
        let mut message: messages::TopLevel = decoded(envelope).map_err(ProtoError::TopLevel)?;
        let mut rest: Fields = serde_json::from_slice(&std::mem::take(&mut message.rest))
            .map_err(|error| ProtoError::TopLevel(shown(error)))?;
        if !rest.contains_key("experiment_to_layer") {
            let problem = "expected `experiment_to_layer` in it, found none";
            return Err(ProtoError::TopLevel(problem.to_owned()));
        }
        rest.retain(|name, _| !is_own_field(name));
        Ok(Self { message, rest })
    }

    fn delete_within(&mut self, field: &str, names: &[String]) -> Result<(), ProtoError> {
        let Some(json) = self.rest.get_mut(field) else {
            return Ok(());
        };
        let problem = |error: serde_json::Error| ProtoError::Instruction(shown(error));
        let mut entries: Fields = serde_json::from_str(json.get()).map_err(problem)?;
        entries.retain(|name, _| !names.contains(name));
        *json = to_raw_value(&entries).map_err(problem)?;
        Ok(())
    }
}

/// The JSON of an entity, or why it has none.
fn entity_to_json(kind: Kind, data: &[u8]) -> Result<Box<RawValue>, String> {
    let malformed = |error: prost::DecodeError| format!("malformed protobuf: {error}");
    let json = match kind {
        Kind::Condition => to_raw_value(&messages::Condition::decode(data).map_err(malformed)?),
        Kind::ParamStore => {
            return serde_json::from_slice(data)
                .map_err(|error| format!("malformed JSON within: {error}"));
        }
        _ => {
            let mut spec = messages::Spec::decode(data).map_err(malformed)?;
            for rule in &mut spec.rules {
                let old_form = f64::from(rule.pass_percentage);
                rule.pass_percentage_float.get_or_insert(old_form);
            }
            to_raw_value(&spec)
        }
    };
    json.map_err(|error| error.to_string())
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
