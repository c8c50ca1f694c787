//! Specs in the service's binary form: requests, decoding, and the base of deltas.

use std::fmt;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::{HttpSpecs, exchange};
use crate::facts::{Fact, FactSink};
use crate::files;
use crate::mask::shown;
use crate::process::lock;
use crate::sources::deltas::{DeltaMode, Sync, SyncEnd};
use crate::sources::{FetchError, SpecsPayload, SpecsRequest};
use crate::specs::proto::{ProtoError, ProtoSpecs};
use crate::transport::{Request, Response, TransportError};

/// The content encoding of protobuf compressed with Brotli.
const ENCODING: &str = "statsig-br";
const CONTENT_TYPE: &str = "application/octet-stream";
const BUFFER_BYTES: usize = 16 * 1024;

/// Reads specs in the binary form.
pub(super) struct Binary {
    state: Mutex<DeltaState>,
    facts: FactSink,
}

struct DeltaState {
    /// Decides when to request deltas; `None` means never.
    deltas: Option<DeltaMode>,
    /// The specs read last. Kept only if a delta may start from them.
    read: Option<Arc<ProtoSpecs>>,
    /// A sync with an answer whose result is not known yet.
    answered: Option<Answered>,
}

struct Answered {
    sync: Sync,
    time_in_use: u64,
}

/// The form and the base that one request asks for.
struct Asked {
    sync: Sync,
    /// The specs in use, if they arrived in this form.
    previous: Option<Arc<ProtoSpecs>>,
}

impl Binary {
    pub(super) fn new(deltas: Option<DeltaMode>, facts: FactSink) -> Self {
        let state = DeltaState {
            deltas,
            read: None,
            answered: None,
        };
        Self {
            state: Mutex::new(state),
            facts,
        }
    }

    fn ask(&self, request: &SpecsRequest, now_ms: u64) -> Asked {
        let mut state = lock(&self.state);
        if let Some(answered) = state.answered.take() {
            let end = if request.since_time > answered.time_in_use {
                SyncEnd::Progress
            } else {
                SyncEnd::NoProgress
            };
            state.note(end, answered.sync, now_ms);
        }
        let in_use = |specs: &Arc<ProtoSpecs>| {
            let checksum = request.checksum.as_deref().filter(|text| !text.is_empty());
            specs.time() == request.since_time && specs.checksum() == checksum
        };
        let previous = state.read.clone().filter(in_use);
        let wants_deltas = state.deltas.as_ref().is_some_and(DeltaMode::is_on);
        Asked {
            sync: Sync {
                // A client with other specs in use, or none, cannot apply them.
                for_deltas: wants_deltas && previous.is_some(),
                is_background: request.is_background,
            },
            previous,
        }
    }

    /// Records the result of a sync, as far as it is known after the request.
    fn note(
        &self,
        sync: Sync,
        request: &SpecsRequest,
        fetched: Fetched,
        now_ms: u64,
    ) -> Result<SpecsPayload, FetchError> {
        let mut state = lock(&self.state);
        let (payload, specs) = match fetched {
            Ok(fetched) => fetched,
            Err((end, error)) => {
                state.note(end, sync, now_ms);
                return Err(error);
            }
        };
        if state.deltas.is_some() && specs.is_some() {
            state.read = specs;
        }
        if payload.says_no_updates() {
            state.note(SyncEnd::NoUpdates, sync, now_ms);
        } else {
            state.answered = Some(Answered {
                sync,
                time_in_use: request.since_time,
            });
        }
        Ok(payload)
    }
}

impl DeltaState {
    fn note(&mut self, end: SyncEnd, sync: Sync, now_ms: u64) {
        if let Some(deltas) = &mut self.deltas {
            deltas.ended(end, sync, now_ms);
        }
    }
}

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binary")
            .field("deltas", &lock(&self.state).deltas)
            .finish_non_exhaustive()
    }
}

/// The specs with the binary specs that they were decoded from, or the end of the sync with its
/// error.
type Fetched = Result<(SpecsPayload, Option<Arc<ProtoSpecs>>), (SyncEnd, FetchError)>;

/// Why an answer cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("expected specs compressed with Brotli, found something else ({0})")]
    Compression(String),
    #[error(transparent)]
    TooLarge(TransportError),
    #[error(transparent)]
    Specs(#[from] ProtoError),
    #[error("the runtime is shutting down")]
    Abandoned,
}

impl From<ReadError> for FetchError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLarge(error) => Self::Transport(error),
            ReadError::Abandoned => Self::Abandoned,
            error => Self::unreadable(error),
        }
    }
}

impl HttpSpecs {
    pub(super) async fn fetch_binary(
        &self,
        binary: &Binary,
        request: SpecsRequest,
    ) -> Result<SpecsPayload, FetchError> {
        let Asked { sync, previous } = binary.ask(&request, self.service.now_ms());
        let mut http = self.request(&request);
        announce(&mut http, sync.for_deltas);
        let fetched = self.fetch_either(binary, http, previous).await;
        binary.note(sync, &request, fetched, self.service.now_ms())
    }

    /// The specs in the form that the server chose.
    async fn fetch_either(
        &self,
        binary: &Binary,
        request: Request,
        previous: Option<Arc<ProtoSpecs>>,
    ) -> Fetched {
        let max_bytes = request.max_response_bytes;
        let mut response = (exchange(&self.service, request).await)
            .map_err(|error| (SyncEnd::Unanswered, error))?;
        if !is_binary(&response) {
            return Ok((self.payload(response), None));
        }
        let body = response.body.clone();
        let read = tokio::task::spawn_blocking(move || read(&body, previous.as_deref(), max_bytes))
            .await
            .unwrap_or(Err(ReadError::Abandoned));
        let (json, specs) = read.map_err(|error| {
            let is_mismatch = matches!(error, ReadError::Specs(ProtoError::Checksum(_)));
            let end = if is_mismatch {
                binary.facts.report(Fact::DeltaChecked { fits: false });
                SyncEnd::ChecksumMismatch
            } else {
                SyncEnd::Unusable
            };
            (end, error.into())
        })?;
        if specs.is_verified() {
            binary.facts.report(Fact::DeltaChecked { fits: true });
        }
        response.body = json;
        Ok((self.payload(response), Some(Arc::new(specs))))
    }
}

/// Adds the headers that announce a reader of the binary form.
fn announce(request: &mut Request, deltas: bool) {
    let separator = if request.url.contains('?') { '&' } else { '?' };
    request.url.push(separator);
    request.url.push_str("supports_proto=true");
    if deltas {
        request.url.push_str("&accept_deltas=true");
    }
    request.headers.add("statsig-supports-proto", "true");
    request.headers.add("accept-encoding", ENCODING);
}

fn is_binary(response: &Response) -> bool {
    let says = |header: &str, value: &str| {
        let found = response.headers.get(header).unwrap_or_default();
        found.to_ascii_lowercase().contains(value)
    };
    says("content-type", CONTENT_TYPE) && says("content-encoding", ENCODING)
}

/// The JSON of specs in the binary form, and the base of a delta.
pub(crate) fn read(
    body: &[u8],
    previous: Option<&ProtoSpecs>,
    max_bytes: usize,
) -> Result<(Bytes, ProtoSpecs), ReadError> {
    let plain = brotli_decompressor::Decompressor::new(body, BUFFER_BYTES);
    let plain = files::read_up_to(plain, max_bytes)
        .map_err(|error| ReadError::Compression(shown(error)))?
        .ok_or(ReadError::TooLarge(TransportError::TooLarge {
            limit: max_bytes,
        }))?;
    let specs = ProtoSpecs::read(plain, previous)?;
    Ok((specs.to_json().into(), specs))
}

#[cfg(test)]
mod tests;
