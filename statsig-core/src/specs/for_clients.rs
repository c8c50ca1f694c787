//! What specs say to client SDKs only: evaluation never reads it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What only client initialize responses need.
#[derive(Debug, Default)]
pub(crate) struct ForClients {
    /// The app of each client SDK key.
    pub app_ids_by_key: Option<BTreeMap<String, Value>>,
    /// The same by the key's djb2, as text.
    pub app_ids_by_hashed_key: Option<BTreeMap<String, Value>>,
    pub session_replay: Option<SessionReplay>,
}

/// Which sessions are recorded, and how.
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

/// What a recording may show: handed on as it is.
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
