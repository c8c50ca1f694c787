//! The parts of specs for client SDKs. Evaluation does not read them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The data for client initialize responses.
#[derive(Debug, Default)]
pub(crate) struct ForClients {
    /// The app of each client SDK key.
    pub app_ids_by_key: Option<BTreeMap<String, Value>>,
    /// The app of each client SDK key, by the key's djb2 hash as text.
    pub app_ids_by_hashed_key: Option<BTreeMap<String, Value>>,
    pub session_replay: Option<SessionReplay>,
}

/// Whether and how client SDKs record sessions.
#[derive(Debug, Deserialize)]
pub(crate) struct SessionReplay {
    /// The share of sessions, from 0 to 1.
    pub sampling_rate: Option<f64>,
    pub targeting_gate: Option<String>,
    pub recording_blocked: Option<bool>,
    pub session_recording_event_triggers: Option<BTreeMap<String, RecordingTrigger>>,
    pub session_recording_exposure_triggers: Option<BTreeMap<String, RecordingTrigger>>,
    pub session_recording_privacy_settings: Option<PrivacySettings>,
}

/// An event or exposure that starts a recording.
#[derive(Debug, Deserialize)]
pub(crate) struct RecordingTrigger {
    pub values: Option<Value>,
    pub sampling_rate: Option<f64>,
}

/// The privacy settings of a recording. The SDK passes them on unchanged.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct PrivacySettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    privacy_mode: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unmasked_elements: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    masked_elements: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_elements: Option<Value>,
}
