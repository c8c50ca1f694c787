//! Encodes JSON specs in the binary form, like the service.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::HashMap;

use prost::Message;
use prost::bytes::Bytes;
use serde_json::{Map, Value};

use super::as_json::{CONDITION_TYPES, ENTITIES, OPERATORS};
use super::messages::{
    AnyValue, Checksums, Condition, Deletions, Envelope, IdType, Kind, ReturnValue, Rule, Spec,
    TopLevel, any_value, id_type, return_value,
};
use super::{COLLECTIONS, is_own_field};

/// A stream under construction.
#[derive(Default)]
pub(super) struct Stream(pub(super) Vec<u8>);

impl Stream {
    pub(super) fn envelope(mut self, envelope: &Envelope) -> Self {
        self.0.extend(envelope.encode_length_delimited_to_vec());
        self
    }

    pub(super) fn mark(self, kind: Kind) -> Self {
        self.envelope(&Envelope {
            kind: kind as i32,
            ..Envelope::default()
        })
    }

    pub(super) fn entity(
        self,
        kind: Kind,
        name: &str,
        checksum: &str,
        data: Option<Vec<u8>>,
    ) -> Self {
        self.envelope(&Envelope {
            kind: kind as i32,
            name: name.to_owned(),
            checksum: checksum.to_owned(),
            data: data.map(Bytes::from),
        })
    }

    pub(super) fn top_level(self, top: &TopLevel) -> Self {
        self.entity(Kind::TopLevel, "", "", Some(top.encode_to_vec()))
    }

    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "only the tests of this module delete")
    )]
    pub(super) fn deletions(self, deletions: &Deletions) -> Self {
        self.entity(Kind::Deletions, "", "", Some(deletions.encode_to_vec()))
    }

    pub(super) fn checksums(self, sums: &[(&str, u64)]) -> Self {
        let sums = sums.iter().map(|(name, sum)| ((*name).to_owned(), *sum));
        let checksums = Checksums {
            field_checksums: sums.collect::<HashMap<_, _>>(),
        };
        self.entity(Kind::Checksums, "", "", Some(checksums.encode_to_vec()))
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.mark(Kind::Done).0
    }
}

/// Encodes a complete response, without checksums of entities.
#[must_use]
pub fn response(specs: &Value) -> Vec<u8> {
    stream(Stream::default(), specs, "").done()
}

/// Encodes a complete response in which each entity has this checksum.
#[must_use]
pub fn numbered(specs: &Value, checksum: &str) -> Vec<u8> {
    stream(Stream::default(), specs, checksum).done()
}

/// Encodes a response that adds these entities, each with this checksum, to the specs in use.
/// `sums` must not be zero.
#[must_use]
pub fn delta(specs: &Value, checksum: &str, sums: &[(&str, u64)]) -> Vec<u8> {
    let mut all = COLLECTIONS.map(|(_, field)| (field, 0)).to_vec();
    all.extend(sums);
    let start = Stream::default().mark(Kind::CopyPrevious);
    stream(start, specs, checksum).checksums(&all).done()
}

fn stream(start: Stream, specs: &Value, checksum: &str) -> Stream {
    let specs = specs.as_object().unwrap();
    let mut stream = start.top_level(&top_level(specs));
    for (kind, field) in COLLECTIONS {
        let entities = specs.get(field).and_then(Value::as_object);
        for (name, entity) in entities.into_iter().flatten() {
            let data = match kind {
                Kind::ParamStore => entity.to_string().into_bytes(),
                Kind::Condition => condition(entity),
                _ => spec(entity),
            };
            stream = stream.entity(kind, name, checksum, Some(data));
        }
    }
    stream
}

fn top_level(specs: &Map<String, Value>) -> TopLevel {
    let text = |field: &str| {
        let text = specs.get(field).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let mut rest = specs.clone();
    rest.retain(|field, _| !is_own_field(field));
    TopLevel {
        has_updates: specs["has_updates"].as_bool().unwrap(),
        time: specs["time"].as_u64().unwrap(),
        company_id: text("company_id"),
        response_format: text("response_format"),
        checksum: text("checksum"),
        rest: Value::Object(rest).to_string().into(),
    }
}

pub(super) fn spec(spec: &Value) -> Vec<u8> {
    let rules = spec["rules"].as_array().unwrap();
    let message = Spec {
        salt: text(&spec["salt"]),
        enabled: spec["enabled"].as_bool().unwrap(),
        default_value: Some(returned(&spec["defaultValue"])),
        entity: number_of(&ENTITIES, &spec["entity"]),
        id_type: Some(id_type_of(&spec["idType"])),
        version: spec["version"]
            .as_u64()
            .map_or(0, |version| u32::try_from(version).unwrap()),
        rules: rules.iter().map(rule).collect(),
        is_active: spec["isActive"].as_bool(),
        explicit_parameters: texts(&spec["explicitParameters"]),
        has_shared_params: spec["hasSharedParams"].as_bool(),
        target_app_ids: texts(&spec["targetAppIDs"]),
        use_new_layer_eval: spec["useNewLayerEval"].as_bool(),
        forward_all_exposures: spec["forwardAllExposures"].as_bool(),
        fields_used: texts(&spec["fieldsUsed"]),
    };
    message.encode_to_vec()
}

fn rule(rule: &Value) -> Rule {
    Rule {
        name: text(&rule["name"]),
        pass_percentage: 0,
        id: text(&rule["id"]),
        salt: rule["salt"].as_str().map(str::to_owned),
        conditions: texts(&rule["conditions"]),
        id_type: Some(id_type_of(&rule["idType"])),
        return_value: Some(returned(&rule["returnValue"])),
        group_name: rule["groupName"].as_str().map(str::to_owned),
        config_delegate: rule["configDelegate"].as_str().map(str::to_owned),
        is_experiment_group: rule["isExperimentGroup"].as_bool(),
        sampling_rate: rule["samplingRate"].as_u64().map(|rate| rate as f32),
        pass_percentage_float: rule["passPercentage"].as_f64(),
    }
}

pub(super) fn condition(condition: &Value) -> Vec<u8> {
    let target = &condition["targetValue"];
    let target_value = (!target.is_null()).then(|| AnyValue {
        value: Some(match target {
            Value::Bool(value) => any_value::Value::Bool(*value),
            Value::String(text) => any_value::Value::Text(text.clone()),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => any_value::Value::Signed(number),
                (_, Some(number)) => any_value::Value::Unsigned(number),
                _ => any_value::Value::Double(number.as_f64().unwrap()),
            },
            other => any_value::Value::Json(other.to_string().into()),
        }),
    });
    let additional = &condition["additionalValues"];
    let message = Condition {
        condition_type: number_of(&CONDITION_TYPES, &condition["type"]),
        id_type: Some(id_type_of(&condition["idType"])),
        target_value,
        operator: condition["operator"]
            .is_string()
            .then(|| number_of(&OPERATORS, &condition["operator"])),
        field: condition["field"].as_str().map(str::to_owned),
        additional_values: additional
            .is_object()
            .then(|| additional.to_string().into()),
    };
    message.encode_to_vec()
}

fn returned(value: &Value) -> ReturnValue {
    ReturnValue {
        value: Some(match value {
            Value::Bool(value) => return_value::Value::Bool(*value),
            other => return_value::Value::Json(other.to_string().into()),
        }),
    }
}

fn id_type_of(name: &Value) -> IdType {
    let value = match name.as_str().unwrap() {
        "userID" => id_type::Value::Known(1),
        "stableID" => id_type::Value::Known(2),
        other => id_type::Value::Custom(other.to_owned()),
    };
    IdType { value: Some(value) }
}

fn number_of(names: &[&str], name: &Value) -> i32 {
    let name = name.as_str().unwrap();
    let index = names.iter().position(|known| *known == name);
    // A text without a number counts as unknown.
    i32::try_from(index.unwrap_or(9_999)).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn texts(values: &Value) -> Vec<String> {
    values.as_array().into_iter().flatten().map(text).collect()
}

/// Compresses the stream for transport.
#[must_use]
pub fn compressed(stream: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    let params = brotli::enc::BrotliEncoderParams::default();
    brotli::BrotliCompress(&mut &stream[..], &mut body, &params).unwrap();
    body
}
