//! Whether and how the client records its session.

use std::collections::BTreeMap;

use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use super::names::Names;
use crate::entity_kind::EntityKind;
use crate::evaluation::{Outcome, Series};
use crate::specs::compiled::CompiledSpecs;
use crate::specs::for_clients::{PrivacySettings, RecordingTrigger, SessionReplay};

/// The session recording keys of a response.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub(super) struct SessionRecording<'a> {
    can_record_session: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    recording_blocked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passes_session_recording_targeting: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_recording_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_recording_event_triggers: Option<Triggers<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_recording_exposure_triggers: Option<Triggers<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_recording_privacy_settings: Option<&'a PrivacySettings>,
}

impl<'a> SessionRecording<'a> {
    /// `draw` is uniform from 0 to 1. All rates use the same draw.
    pub(super) fn new(
        specs: &CompiledSpecs,
        replay: &'a SessionReplay,
        names: Names<'a>,
        series: &mut Series<'_>,
        draw: f64,
    ) -> Self {
        let targeting = replay.targeting_gate.as_deref();
        let passes_targeting = targeting.map(|gate| passes(specs, series, gate));
        let is_drawn = replay.sampling_rate.is_none_or(|rate| draw <= rate);
        let triggers = |triggers: &'a Option<BTreeMap<String, RecordingTrigger>>, names| {
            triggers.as_ref().map(|triggers| Triggers {
                triggers,
                names,
                draw,
            })
        };
        Self {
            can_record_session: replay.recording_blocked != Some(true)
                && passes_targeting != Some(false)
                && is_drawn,
            recording_blocked: replay.recording_blocked,
            passes_session_recording_targeting: passes_targeting,
            session_recording_rate: replay.sampling_rate,
            session_recording_event_triggers: triggers(
                &replay.session_recording_event_triggers,
                None,
            ),
            session_recording_exposure_triggers: triggers(
                &replay.session_recording_exposure_triggers,
                Some(names),
            ),
            session_recording_privacy_settings: replay.session_recording_privacy_settings.as_ref(),
        }
    }
}

impl<'a> SessionRecording<'a> {
    /// The same settings as if every draw selected recording. Two responses that differ only by
    /// draws have this in common.
    pub(super) fn without_draws(&self) -> Self {
        let drawn = |triggers: Triggers<'a>| Triggers {
            draw: 0.0,
            ..triggers
        };
        Self {
            can_record_session: self.recording_blocked != Some(true)
                && self.passes_session_recording_targeting != Some(false),
            session_recording_event_triggers: self.session_recording_event_triggers.map(drawn),
            session_recording_exposure_triggers: self
                .session_recording_exposure_triggers
                .map(drawn),
            ..*self
        }
    }
}

/// An unknown gate does not pass, nor does a gate whose evaluation fails.
fn passes(specs: &CompiledSpecs, series: &mut Series<'_>, gate: &str) -> bool {
    specs.find(gate).is_some_and(|gate| {
        let evaluation = series.evaluate(EntityKind::Gate, gate);
        evaluation.outcome != Outcome::TooDeep && evaluation.value
    })
}

/// The triggers of a recording.
#[derive(Debug, Clone, Copy)]
struct Triggers<'a> {
    triggers: &'a BTreeMap<String, RecordingTrigger>,
    /// Hashes the names of gates. Names of events stay plain.
    names: Option<Names<'a>>,
    draw: f64,
}

#[derive(Debug, serde::Serialize)]
struct Trigger<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passes_sampling: Option<bool>,
}

impl Serialize for Triggers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.triggers.iter().map(|(name, trigger)| {
            let name = match &self.names {
                Some(names) => names.hashed(name),
                None => name.clone(),
            };
            let shown = Trigger {
                values: trigger.values.as_ref(),
                passes_sampling: trigger.sampling_rate.map(|rate| self.draw <= rate),
            };
            (name, shown)
        }))
    }
}
