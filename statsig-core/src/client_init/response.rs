//! The parts of a response that all formats share.

use serde::ser::{Serialize, Serializer};

use super::about_user::EvaluatedKeys;
use super::param_stores::ParamStores;
use super::session::SessionRecording;
use crate::identity::{SDK_TYPE, SDK_VERSION};
use crate::user::logged::LoggedUser;

/// The data for the client besides the entities.
#[derive(Debug, serde::Serialize)]
pub(super) struct Content<'a> {
    pub(super) param_stores: ParamStores<'a>,
    pub(super) evaluated_keys: EvaluatedKeys<'a>,
    #[serde(flatten)]
    pub(super) session_recording: Option<SessionRecording<'a>>,
}

/// The metadata of a response. The default is the metadata of a response without content.
#[derive(Debug, Default, serde::Serialize)]
pub(super) struct Frame<'a> {
    pub(super) time: u64,
    pub(super) has_updates: bool,
    pub(super) hash_used: &'static str,
    #[serde(serialize_with = "or_empty")]
    pub(super) user: Option<LoggedUser<'a>>,
    #[serde(rename = "sdkParams")]
    pub(super) sdk_params: Empty,
    #[serde(rename = "sdkInfo", serialize_with = "or_empty")]
    pub(super) sdk_info: Option<SdkInfo<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pa_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) full_checksum: Option<String>,
}

/// An empty object: `{}`.
#[derive(Debug, Default, serde::Serialize)]
pub(super) struct Empty {}

/// The SDK that made the response.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SdkInfo<'a> {
    sdk_type: &'static str,
    sdk_version: &'static str,
    session_id: &'a str,
}

impl<'a> SdkInfo<'a> {
    pub(super) fn new(session_id: &'a str) -> Self {
        Self {
            sdk_type: SDK_TYPE,
            sdk_version: SDK_VERSION,
            session_id,
        }
    }
}

#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn or_empty<T: Serialize, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => value.serialize(serializer),
        None => Empty {}.serialize(serializer),
    }
}
