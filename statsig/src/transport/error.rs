//! Why there is no response.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use crate::cause::Cause;

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The limit of the request passed.
    #[error("expected a response within {} ms, found none", limit.as_millis())]
    TimedOut {
        /// The request's limit.
        limit: Duration,
    },
    /// The connection failed, or broke off before the response was complete.
    #[error("the connection failed: {source}")]
    #[non_exhaustive]
    Connection {
        /// The cause, without the URL, which may hold the SDK key.
        source: Cause,
    },
    /// A redirect that the SDK does not follow: to another origin, or of a `POST` that would become
    /// a `GET`.
    #[error(
        "expected an answer, found a redirect to {target} (status {status}); check the URL in the options, or log in to the network"
    )]
    Redirected {
        /// The status of the response.
        status: u16,
        /// The target, without parts that may be secret, or `nowhere`.
        target: String,
    },
    /// A page of HTML. The service never sends one, so the answer comes from another server.
    #[error(
        "expected an answer of the service, found a page of HTML (status {status}); check the URL in the options, or log in to the \
         network"
    )]
    Html {
        /// The status of the response.
        status: u16,
    },
    /// The response is larger than the limit.
    #[error("expected a response of at most {limit} bytes, found more")]
    TooLarge {
        /// The request's limit in bytes.
        limit: usize,
    },
    /// The body has an encoding that the request did not offer, or is broken.
    #[error("the response cannot be decompressed: {source}")]
    #[non_exhaustive]
    Encoding {
        /// The cause, without the URL, which may hold the SDK key.
        source: Cause,
    },
    /// The file with certificates to trust cannot be used; retrying does not help.
    #[error("expected certificates in PEM in {}, found {}; check `ca_cert_path`", path.display(), source)]
    #[non_exhaustive]
    CertificateBundle {
        /// The file.
        path: PathBuf,
        /// The problem.
        source: Cause,
    },
    /// The request cannot be sent at all; retrying does not help.
    #[error("the request cannot be sent: {source}")]
    #[non_exhaustive]
    Unusable {
        /// The cause, without the URL, which may hold the SDK key.
        source: Cause,
    },
}

impl TransportError {
    /// A [`Connection`](Self::Connection) error, from an error or a text without the URL.
    pub fn connection(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Connection {
            source: Cause::new(cause),
        }
    }

    /// An [`Encoding`](Self::Encoding) error, from an error or a text.
    pub fn encoding(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Encoding {
            source: Cause::new(cause),
        }
    }

    /// An [`Unusable`](Self::Unusable) error, from an error or a text.
    pub fn unusable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unusable {
            source: Cause::new(cause),
        }
    }

    /// Whether the time limit of the request passed.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::TimedOut { .. })
    }

    /// Whether the same request would fail again in the same way.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::TooLarge { .. } | Self::CertificateBundle { .. } | Self::Unusable { .. } => true,
            Self::TimedOut { .. }
            | Self::Connection { .. }
            | Self::Redirected { .. }
            | Self::Html { .. }
            | Self::Encoding { .. } => false,
        }
    }
}
