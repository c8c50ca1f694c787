//! The body of `log_event`, written from the recorded events.
//!
//! Every event has the same seven keys, with `null` for absent values. All metadata of exposures is
//! text. A user's absent fields and private attributes are left out.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io;

use serde::ser::{Serialize, SerializeMap, Serializer};
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
#[derive(Debug)]
pub(crate) struct BatchContext<'a> {
    pub(crate) session_id: &'a str,
    pub(crate) service_name: Option<&'a str>,
    pub(crate) flushing_interval_ms: u64,
    pub(crate) batch_size: usize,
    pub(crate) max_pending_batches: usize,
    pub(crate) flush_type: &'static str,
    /// The SDK's environment tier, for users without an environment of their own.
    pub(crate) tier: Option<&'a str>,
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
    let mut json = serde_json::Serializer::new(to);
    let mut batch = json.serialize_map(Some(2))?;
    batch.serialize_entry("events", &Events { events, context })?;
    batch.serialize_entry("statsigMetadata", &BatchMetadata(context))?;
    batch.end()
}

struct Events<'a> {
    events: &'a [BatchedEvent],
    context: &'a BatchContext<'a>,
}

impl Serialize for Events<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.events.iter().map(|event| WireEvent {
            event,
            context: self.context,
        }))
    }
}

struct BatchMetadata<'a>(&'a BatchContext<'a>);

impl Serialize for BatchMetadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let context = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("sdkType", SDK_TYPE)?;
        map.serialize_entry("sdkVersion", SDK_VERSION)?;
        map.serialize_entry("sessionID", context.session_id)?;
        if let Some(service_name) = context.service_name {
            map.serialize_entry("service_name", service_name)?;
        }
        map.serialize_entry("flushingIntervalMs", &context.flushing_interval_ms)?;
        map.serialize_entry("batchSize", &context.batch_size)?;
        map.serialize_entry("maxPendingBatches", &context.max_pending_batches)?;
        map.serialize_entry("flushType", context.flush_type)?;
        map.end()
    }
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
        match &event.value {
            None => map.serialize_entry("value", &())?,
            Some(value) => map.serialize_entry("value", value)?,
        }
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

/// Writes a value as JSON text without an intermediate string.
struct AsText<T>(T);

impl<T: Display> Serialize for AsText<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
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
            map.serialize_entry("lcut", &AsText(lcut))?;
        }
        if let Some(received_at) = details.received_at {
            map.serialize_entry("receivedAt", &AsText(received_at))?;
        }
        if let Some(version) = details.version {
            map.serialize_entry("configVersion", &AsText(version))?;
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
