//! Errors of specs adapters and data stores.

use std::error::Error;
use std::time::Duration;

use crate::cause::Cause;
use crate::error::StatsigError;
use crate::transport::TransportError;
use crate::transport::retry::{self, MAX_RETRY_AFTER};

/// Why an adapter returned no payload. No variant contains the SDK key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The network is disabled by option.
    #[error("the network is disabled by option")]
    NetworkDisabled,
    /// There was no response.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The response has a status other than success.
    #[error("expected a success status, found {status}{}", status_hint(*.status))]
    Status {
        /// The status code.
        status: u16,
        /// The pause that the server asks for. The client waits at most 5 minutes.
        retry_after: Option<Duration>,
    },
    /// The data store failed.
    #[error(transparent)]
    DataStore(#[from] DataStoreError),
    /// The data store holds no specs.
    #[error("expected specs in the data store, found none")]
    NothingStored,
    /// The adapter did not answer in time.
    #[error("expected specs within {} ms, found none", limit.as_millis())]
    TimedOut {
        /// How long the SDK waited.
        limit: Duration,
    },
    /// The response cannot be read as specs.
    #[error("{source}")]
    #[non_exhaustive]
    Unreadable {
        /// What was expected and found.
        source: Cause,
    },
    /// A stream of specs is broken. The adapter reopens it.
    #[error("{source}")]
    #[non_exhaustive]
    Stream {
        /// What went wrong.
        source: Cause,
    },
    /// The adapter panicked, so there is no answer.
    #[error("the specs adapter ended without an answer")]
    Abandoned,
    /// Another error, for your own adapters.
    #[error("{source}")]
    #[non_exhaustive]
    Other {
        /// What went wrong.
        source: Cause,
    },
}

impl FetchError {
    /// A [`Status`](Self::Status) that asks for no pause.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status {
            status,
            retry_after: None,
        }
    }

    /// [`Unreadable`](Self::Unreadable), from an error or from a text in one line.
    pub fn unreadable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unreadable {
            source: Cause::new(cause),
        }
    }

    /// [`Stream`](Self::Stream), from an error or from a text in one line.
    pub fn stream(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Stream {
            source: Cause::new(cause),
        }
    }

    /// [`Other`](Self::Other), from an error or from a text in one line.
    ///
    /// ```
    /// use std::error::Error;
    /// use statsig::sources::FetchError;
    ///
    /// let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    /// let error = FetchError::other("the cache is away").with_source(refused);
    /// assert_eq!(error.to_string(), "the cache is away");
    /// assert!(error.source().is_some_and(|cause| cause.is::<std::io::Error>()));
    /// ```
    pub fn other(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Other {
            source: Cause::new(cause),
        }
    }

    /// Adds the error that caused it, for [`source`](Error::source). The text does not change. It
    /// has no effect on variants without a cause.
    #[must_use]
    pub fn with_source(mut self, error: impl Error + Send + Sync + 'static) -> Self {
        if let Self::Unreadable { source, .. }
        | Self::Stream { source, .. }
        | Self::Other { source, .. } = &mut self
        {
            *source = Cause::saying(&source.to_string(), error);
        }
        self
    }

    /// Whether the server does not accept the SDK key (401, 403).
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        matches!(
            self,
            Self::Status {
                status: 401 | 403,
                ..
            }
        )
    }

    /// Whether there was no answer in time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(
            self,
            Self::TimedOut { .. } | Self::Transport(TransportError::TimedOut { .. })
        )
    }

    /// Whether the same request may succeed a moment later. False after a refusal (401, 403, 429),
    /// and when the server asks for a pause.
    #[must_use]
    pub fn is_worth_retrying(&self) -> bool {
        self.is_temporary() && !self.asks_for_pause()
    }

    /// Whether a server refuses requests (401, 403, 429).
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Status { status, .. } if retry::is_refusal(*status))
    }

    /// Whether the client must send fewer requests: the server refuses them, or sends
    /// `Retry-After`.
    pub(crate) fn asks_for_pause(&self) -> bool {
        self.is_refusal() || self.retry_after().is_some()
    }

    /// Whether a server gets too many requests.
    pub(crate) fn asks_for_fewer_requests(&self) -> bool {
        matches!(self, Self::Status { status, retry_after } if *status == 429 || retry_after.is_some())
    }

    /// The pause that a server asks for.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => retry_after.map(|pause| pause.min(MAX_RETRY_AFTER)),
            _ => None,
        }
    }

    /// Whether the same request may succeed later, or at another server.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::Status { status, .. } => retry::is_worth_retrying(*status),
            Self::Transport(error) => !error.is_final(),
            Self::DataStore(DataStoreError::Failed { .. })
            | Self::TimedOut { .. }
            | Self::Other { .. } => true,
            Self::DataStore(DataStoreError::BytesNotImplemented)
            | Self::NetworkDisabled
            | Self::NothingStored
            | Self::Stream { .. }
            | Self::Unreadable { .. }
            | Self::Abandoned => false,
        }
    }
}

/// What callers branch on. The causes hold the information, so these methods are here.
impl StatsigError {
    /// Whether a server refused the SDK key (status 401 or 403).
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        fetch_error_in(self).is_some_and(FetchError::is_unauthorized)
    }

    /// Whether a time limit passed: of the initialisation, of the shutdown or of a download.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::InitTimeout { .. } | Self::ShutdownTimedOut { .. } => true,
            _ => fetch_error_in(self).is_some_and(FetchError::is_timeout),
        }
    }
}

fn fetch_error_in(error: &StatsigError) -> Option<&FetchError> {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.find_map(|cause| cause.downcast_ref())
}

/// Why an operation of a [`DataStore`](crate::sources::DataStore) failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DataStoreError {
    /// The store keeps text only. The SDK then reads and writes text.
    #[error("the data store keeps text only")]
    BytesNotImplemented,
    /// The store failed.
    #[error("the data store failed: {source}")]
    #[non_exhaustive]
    Failed {
        /// What went wrong, without secrets.
        source: Cause,
    },
}

impl DataStoreError {
    /// A failure, from an error or from a text in one line, without secrets. The client masks SDK
    /// keys in the text and cuts it to 1,000 characters.
    ///
    /// ```
    /// use statsig::sources::DataStoreError;
    ///
    /// let error = DataStoreError::failed("no connection");
    /// assert_eq!(error.to_string(), "the data store failed: no connection");
    /// ```
    pub fn failed(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed {
            source: Cause::new(cause),
        }
    }

    /// Adds the error that caused it, for [`source`](Error::source). The text does not change.
    ///
    /// ```
    /// use std::error::Error;
    /// use statsig::sources::DataStoreError;
    ///
    /// let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    /// let error = DataStoreError::failed("cannot connect").with_source(refused);
    /// assert!(error.source().is_some_and(|cause| cause.is::<std::io::Error>()));
    /// ```
    #[must_use]
    pub fn with_source(mut self, error: impl Error + Send + Sync + 'static) -> Self {
        if let Self::Failed { source, .. } = &mut self {
            *source = Cause::saying(&source.to_string(), error);
        }
        self
    }
}

fn status_hint(status: u16) -> &'static str {
    match status {
        301..=303 | 307 | 308 => {
            "; redirects to another origin are not followed, as the SDK key must not go there: check the URL"
        }
        401 | 403 => "; check the SDK key",
        407 => "; check user and password for the proxy",
        404 => "; check the specs URL, or that of the ID lists",
        429 => "; too many requests were made with this SDK key, or from this address",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_retried() {
        let cases = [
            (FetchError::status(403), false),
            (FetchError::status(401), false),
            (FetchError::status(429), false),
            (FetchError::status(503), true),
            (
                FetchError::Status {
                    status: 503,
                    retry_after: Some(Duration::ZERO),
                },
                false,
            ),
            (FetchError::NetworkDisabled, false),
            (FetchError::Abandoned, false),
            (TransportError::TooLarge { limit: 5 }.into(), false),
            (
                FetchError::TimedOut {
                    limit: Duration::from_secs(3),
                },
                true,
            ),
        ];
        for (error, expected) in cases {
            assert_eq!(error.is_worth_retrying(), expected, "{error}");
        }
    }

    #[test]
    fn errors_say_what_was_found_and_what_to_check() {
        assert_eq!(
            FetchError::status(403).to_string(),
            "expected a success status, found 403; check the SDK key"
        );
    }

    #[test]
    fn errors_answer_what_callers_branch_on_and_keep_their_source() {
        assert!(FetchError::status(401).is_unauthorized());
        assert!(!FetchError::status(429).is_unauthorized());
        let limit = Duration::from_secs(3);
        assert!(FetchError::TimedOut { limit }.is_timeout());
        assert!(FetchError::Transport(TransportError::TimedOut { limit }).is_timeout());
        let cause = || std::io::Error::other("cause");
        let kept = [
            FetchError::unreadable("x").with_source(cause()),
            FetchError::stream("x").with_source(cause()),
            FetchError::other("x").with_source(cause()),
            DataStoreError::failed("x").with_source(cause()).into(),
        ];
        for error in kept {
            let source = error.source().expect("a source");
            assert!(source.is::<std::io::Error>(), "{error}");
        }
    }
}
