//! Events of the SDK itself. Components report them; all reports about the SDK are made of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::initialize_details::InitializeDetails;
use crate::results::SpecsSource;
use crate::text::SharedStr;
use crate::transport::Endpoint;

/// An event of the SDK itself.
#[derive(Debug, PartialEq)]
pub(crate) enum Fact {
    /// `initialize` was called.
    InitializeStarted {
        at_ms: u64,
    },
    InitializeEnded {
        at_ms: u64,
        details: InitializeDetails,
    },
    RequestEnded(RequestEnded),
    SpecsProcessed(SpecsProcessed),
    SyncEnded(SyncEnded),
    /// Parameter structs were checked against new specs.
    SchemasChecked {
        errors: usize,
        warnings: usize,
    },
    /// A stream of specs delivered a message.
    StreamMessage,
    /// A stream of specs delivered its first message since it broke.
    StreamReopened,
    /// A stream of specs broke or did not open, for so many times in a row.
    StreamFailed {
        failures: u32,
    },
    /// The checksums of a delta were compared with the resulting specs.
    #[cfg(feature = "proto")]
    DeltaChecked {
        fits: bool,
    },
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

/// Receives the facts of a component that knows nothing else of the client. Must not block.
#[derive(Clone)]
pub(crate) struct FactSink(Arc<dyn Fn(Fact) + Send + Sync>);

impl FactSink {
    pub(crate) fn new(receive: impl Fn(Fact) + Send + Sync + 'static) -> Self {
        Self(Arc::new(receive))
    }

    pub(crate) fn report(&self, fact: Fact) {
        (self.0)(fact);
    }
}

/// Ignores all facts.
impl Default for FactSink {
    fn default() -> Self {
        Self::new(|_| ())
    }
}

impl fmt::Debug for FactSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactSink")
    }
}

/// One request and its answer, retries not included.
#[derive(Debug, PartialEq)]
pub(crate) struct RequestEnded {
    pub(crate) endpoint: Endpoint,
    /// Without query; the SDK key is masked.
    pub(crate) url: String,
    pub(crate) started_ms: u64,
    pub(crate) ended_ms: u64,
    pub(crate) duration: Duration,
    /// `None` without an answer.
    pub(crate) status: Option<u16>,
    /// Why there was no answer.
    pub(crate) error: Option<String>,
    /// The same request cannot succeed later.
    pub(crate) is_final: bool,
    pub(crate) region: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content_encoding: Option<String>,
    /// The received specs are a delta.
    pub(crate) deltas_used: bool,
}

impl RequestEnded {
    pub(crate) fn is_success(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }

    /// The format of the received specs.
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

    /// The failure in a few words.
    pub(crate) fn problem(&self) -> String {
        match (&self.error, self.status) {
            (Some(error), _) => error.clone(),
            (None, Some(status)) => format!("status {status}"),
            (None, None) => "no answer".to_owned(),
        }
    }
}

/// The format of specs, as their source declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum SpecsFormat {
    Json,
    PlainText,
    Protobuf,
    /// Not declared.
    #[default]
    Unknown,
}

/// Specs were processed: applied, unchanged or refused.
#[derive(Debug, PartialEq)]
pub(crate) struct SpecsProcessed {
    pub(crate) started_ms: u64,
    pub(crate) ended_ms: u64,
    pub(crate) source: SpecsSource,
    pub(crate) source_api: Option<SharedStr>,
    pub(crate) outcome: Processed,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Processed {
    Applied {
        /// The time in the specs, in epoch milliseconds.
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
#[derive(Debug, PartialEq)]
pub(crate) struct SyncEnded {
    pub(crate) at_ms: u64,
    /// It was the first round, a part of the initialization.
    pub(crate) is_initial: bool,
    pub(crate) duration: Duration,
    pub(crate) source: SpecsSource,
    /// Whether a source delivered a payload.
    pub(crate) network_success: bool,
    /// Why the specs are not up to date.
    pub(crate) error: Option<String>,
}
