//! Why there is no response.

use std::path::PathBuf;
use std::time::Duration;

use crate::mask::shown_problem;

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
    #[error("the connection failed: {}", shown_problem(problem))]
    Connection {
        /// What the HTTP library says, without the URL.
        problem: String,
    },
    /// A redirect that the SDK does not follow: to another origin, or of a `POST` that would become a `GET`.
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
    /// The body is compressed in a way that was not asked for, or is broken.
    #[error("the response cannot be decompressed: {}", shown_problem(problem))]
    Encoding {
        /// What was expected and found.
        problem: String,
    },
    /// The file with certificates to trust cannot be used; retrying does not help.
    #[error("expected certificates in PEM in {}, found {}; check `ca_cert_path`", path.display(), shown_problem(problem))]
    CertificateBundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The request cannot be sent at all; retrying does not help.
    #[error("the request cannot be sent: {}", shown_problem(problem))]
    Unusable {
        /// Why.
        problem: String,
    },
}

impl TransportError {
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
