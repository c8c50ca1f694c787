//! The body of `log_event`, written from the recorded events.
//!
//! Every event has the same seven keys, with `null` for absent values. All metadata of exposures is
//! text. A user's absent fields and private attributes are left out.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

use super::event::{
    Exposure, ExposureSubject, OtherEvent, QueuedEvent, SecondaryExposure, SecondaryExposures,
};
use super::sampling::{BatchedEvent, SamplingNote};
use crate::transport::identity::{SDK_TYPE, SDK_VERSION};
use crate::user::logged::LoggedUser;
use crate::user::{Fields, StatsigUser};
use statsig_core::specs::settings::SamplingMode;

/// Values common to all events of a batch.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchContext<'a> {
    #[serde(rename = "sessionID")]
    pub(crate) session_id: &'a str,
    #[serde(rename = "service_name", skip_serializing_if = "Option::is_none")]
    pub(crate) service_name: Option<&'a str>,
    pub(crate) flushing_interval_ms: u64,
    pub(crate) batch_size: usize,
    pub(crate) max_pending_batches: usize,
    pub(crate) flush_type: &'static str,
    /// The SDK's environment tier, for users without an environment of their own.
    #[serde(skip)]
    pub(crate) tier: Option<&'a str>,
    #[serde(skip)]
    pub(crate) global_custom_fields: &'a BTreeMap<String, Value>,
}

impl<'a> BatchContext<'a> {
    fn logged(&self, user: &'a StatsigUser) -> LoggedUser<'a> {
        LoggedUser {
            user,
            tier: self.tier,
            global_custom_fields: self.global_custom_fields,
        }
    }
}

/// Writes `{"events": […], "statsigMetadata": {…}}`.
///
/// # Errors
/// When the writer fails, or a value cannot be expressed in JSON, which no recorded event contains.
pub(crate) fn write_batch(
    to: impl io::Write,
    events: &[BatchedEvent],
    context: &BatchContext<'_>,
) -> Result<(), serde_json::Error> {
    let batch = Batch {
        events: Vec::from_iter(events.iter().map(|event| WireEvent { event, context })),
        statsig_metadata: BatchMetadata {
            sdk_type: SDK_TYPE,
            sdk_version: SDK_VERSION,
            of_batch: context,
        },
    };
    serde_json::to_writer(to, &batch)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Batch<'a> {
    events: Vec<WireEvent<'a>>,
    statsig_metadata: BatchMetadata<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchMetadata<'a> {
    sdk_type: &'a str,
    sdk_version: &'a str,
    #[serde(flatten)]
    of_batch: &'a BatchContext<'a>,
}

struct WireEvent<'a> {
    event: &'a BatchedEvent,
    context: &'a BatchContext<'a>,
}

impl Serialize for WireEvent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(7))?;
        match &self.event.event {
            QueuedEvent::Exposure(exposure) => self.exposure(exposure, &mut map)?,
            QueuedEvent::Other(event) => self.other(event, &mut map)?,
        }
        map.end()
    }
}

impl WireEvent<'_> {
    fn exposure<M: SerializeMap>(&self, exposure: &Exposure, map: &mut M) -> Result<(), M::Error> {
        let name = match exposure.subject {
            ExposureSubject::Gate { .. } | ExposureSubject::NestedGate { .. } => {
                "statsig::gate_exposure"
            }
            ExposureSubject::DynamicConfig { .. } | ExposureSubject::Experiment => {
                "statsig::config_exposure"
            }
            ExposureSubject::LayerParameter { .. } => "statsig::layer_exposure",
        };
        map.serialize_entry("eventName", name)?;
        map.serialize_entry("value", &())?;
        map.serialize_entry("metadata", &ExposureMetadata(exposure))?;
        map.serialize_entry("statsigMetadata", &SamplingMetadata(self.event.sampling))?;
        map.serialize_entry("user", &self.context.logged(&exposure.user))?;
        map.serialize_entry("time", &exposure.time_ms)?;
        map.serialize_entry("secondaryExposures", &Secondary(&exposure.secondary))
    }

    fn other<M: SerializeMap>(&self, event: &OtherEvent, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("eventName", &event.name)?;
        map.serialize_entry("value", &event.value)?;
        map.serialize_entry("metadata", &event.metadata)?;
        map.serialize_entry("statsigMetadata", &())?;
        match &event.user {
            Some(user) => map.serialize_entry("user", &self.context.logged(user))?,
            None => map.serialize_entry("user", &Fields::new())?,
        }
        map.serialize_entry("time", &event.time_ms)?;
        map.serialize_entry("secondaryExposures", &())
    }
}

fn bool_text(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

struct ExposureMetadata<'a>(&'a Exposure);

impl Serialize for ExposureMetadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let exposure = self.0;
        let mut map = serializer.serialize_map(None)?;
        match &exposure.subject {
            ExposureSubject::Gate { value } | ExposureSubject::NestedGate { value } => {
                map.serialize_entry("gate", &exposure.name)?;
                map.serialize_entry("gateValue", bool_text(*value))?;
            }
            ExposureSubject::DynamicConfig { rule_passed } => {
                map.serialize_entry("config", &exposure.name)?;
                if let Some(rule_passed) = rule_passed {
                    map.serialize_entry("rulePassed", bool_text(*rule_passed))?;
                }
            }
            ExposureSubject::Experiment => map.serialize_entry("config", &exposure.name)?,
            ExposureSubject::LayerParameter {
                parameter,
                is_explicit,
                allocated_experiment,
            } => {
                map.serialize_entry("config", &exposure.name)?;
                map.serialize_entry("parameterName", parameter)?;
                map.serialize_entry("isExplicitParameter", bool_text(*is_explicit))?;
                map.serialize_entry("allocatedExperiment", allocated_experiment)?;
            }
        }
        map.serialize_entry("ruleID", &exposure.rule_id)?;
        if matches!(exposure.subject, ExposureSubject::NestedGate { .. }) {
            return map.end();
        }
        let details = &exposure.details;
        map.serialize_entry("reason", &details.reason)?;
        if let Some(lcut) = details.lcut {
            map.serialize_entry("lcut", &format_args!("{lcut}"))?;
        }
        if let Some(received_at) = details.received_at {
            map.serialize_entry("receivedAt", &format_args!("{received_at}"))?;
        }
        if let Some(version) = details.version {
            map.serialize_entry("configVersion", &format_args!("{version}"))?;
        }
        if exposure.is_manual {
            map.serialize_entry("isManualExposure", "true")?;
        }
        if let Some(name) = &exposure.override_config_name {
            map.serialize_entry("overrideConfigName", name)?;
        }
        map.end()
    }
}

struct SamplingMetadata(Option<SamplingNote>);

impl Serialize for SamplingMetadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(note) = self.0 {
            let mode = match note.mode {
                SamplingMode::Off => "off",
                SamplingMode::On => "on",
                SamplingMode::Shadow => "shadow",
            };
            map.serialize_entry("samplingRate", &note.rate)?;
            map.serialize_entry("samplingMode", mode)?;
            let logged = if note.is_in_sample {
                "logged"
            } else {
                "dropped"
            };
            map.serialize_entry("shadowLogged", logged)?;
        }
        map.end()
    }
}

struct Secondary<'a>(&'a SecondaryExposures);

impl Serialize for Secondary<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            SecondaryExposures::Absent => serializer.serialize_none(),
            SecondaryExposures::Empty => serializer.collect_seq([(); 0]),
            SecondaryExposures::List(list) => serializer.collect_seq(list.iter().map(Nested)),
        }
    }
}

struct Nested<'a>(&'a SecondaryExposure);

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("gate", &self.0.gate)?;
        map.serialize_entry("gateValue", bool_text(self.0.value))?;
        map.serialize_entry("ruleID", &self.0.rule_id)?;
        map.end()
    }
}
