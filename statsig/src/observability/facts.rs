//! What happens to the SDK, as those tell it to whom it happens. Everything that the SDK reports about itself is made of these.

use std::time::Duration;

use crate::results::SpecsSource;
#[cfg(any(feature = "grpc", feature = "proto"))]
use crate::sources::news::SourceNews;
use crate::text::SharedStr;
use crate::transport::Endpoint;

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Fact {
    /// `initialize` was called.
    InitializeStarted {
        at_ms: u64,
    },
    InitializeEnded(InitializeEnded),
    RequestEnded(RequestEnded),
    SpecsProcessed(SpecsProcessed),
    SyncEnded(SyncEnded),
    /// Structs of parameters were checked against new specs.
    SchemasChecked {
        errors: usize,
        warnings: usize,
    },
    #[cfg(any(feature = "grpc", feature = "proto"))]
    Source(SourceNews),
    /// A round of syncing ID lists ended.
    IdListsSynced {
        duration: Duration,
    },
    /// ID lists could not be written to the data store.
    IdListsNotStored,
    /// An actor ended unexpectedly.
    ActorCrashed {
        actor: &'static str,
        why: String,
    },
}

#[derive(Debug)]
pub(crate) struct InitializeEnded {
    pub(crate) at_ms: u64,
    pub(crate) duration: Duration,
    pub(crate) success: bool,
    pub(crate) is_config_spec_ready: bool,
    pub(crate) source: SpecsSource,
    pub(crate) source_api: Option<String>,
    /// Why there are no specs.
    pub(crate) failure: Option<String>,
}

/// One request and its answer, retries not included.
#[derive(Debug, Clone)]
pub(crate) struct RequestEnded {
    pub(crate) endpoint: Endpoint,
    /// Without query, and with the SDK key masked.
    pub(crate) url: String,
    pub(crate) started_ms: u64,
    pub(crate) ended_ms: u64,
    pub(crate) duration: Duration,
    /// `None` when there was no answer.
    pub(crate) status: Option<u16>,
    /// Why there was no answer.
    pub(crate) error: Option<String>,
    /// The same request cannot succeed later.
    pub(crate) is_final: bool,
    pub(crate) region: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content_encoding: Option<String>,
    /// The specs that came are a difference to others.
    pub(crate) deltas_used: bool,
}

impl RequestEnded {
    pub(crate) fn is_success(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }

    /// The form of the specs that came, by the name that metrics have for it.
    pub(crate) fn format(&self) -> SpecsFormat {
        let says = |header: &Option<String>, value: &str| {
            let text = header.as_deref().unwrap_or_default();
            text.to_ascii_lowercase().contains(value)
        };
        let content = |value| says(&self.content_type, value);
        if content("application/octet-stream") && says(&self.content_encoding, "statsig-br") {
            SpecsFormat::Protobuf
        } else if content("application/json") || content("+json") {
            SpecsFormat::Json
        } else if content("text/plain") {
            SpecsFormat::PlainText
        } else {
            SpecsFormat::Unknown
        }
    }

    /// What went wrong, in a few words.
    pub(crate) fn problem(&self) -> String {
        match (&self.error, self.status) {
            (Some(error), _) => error.clone(),
            (None, Some(status)) => format!("status {status}"),
            (None, None) => "no answer".to_owned(),
        }
    }
}

/// In which form specs came, as their source says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum SpecsFormat {
    Json,
    PlainText,
    Protobuf,
    /// It did not say.
    #[default]
    Unknown,
}

/// Specs were read, compiled and applied, found to be no news, or refused.
#[derive(Debug)]
pub(crate) struct SpecsProcessed {
    pub(crate) started_ms: u64,
    pub(crate) ended_ms: u64,
    pub(crate) source: SpecsSource,
    pub(crate) source_api: Option<SharedStr>,
    pub(crate) outcome: Processed,
}

#[derive(Debug)]
pub(crate) enum Processed {
    Applied {
        /// The specs' own time, epoch milliseconds.
        lcut: u64,
        previous_lcut: u64,
        previous_source: SpecsSource,
    },
    Unchanged,
    Refused {
        problem: String,
    },
}

/// A round of syncing specs ended, with all its attempts.
#[derive(Debug)]
pub(crate) struct SyncEnded {
    pub(crate) at_ms: u64,
    /// The first one, as part of initialising.
    pub(crate) is_initial: bool,
    pub(crate) duration: Duration,
    pub(crate) source: SpecsSource,
    /// Whether a payload was had.
    pub(crate) network_success: bool,
    /// Why specs could not be brought up to date.
    pub(crate) error: Option<String>,
}
