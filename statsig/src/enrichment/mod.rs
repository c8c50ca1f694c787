//! The errors of [`Statsig::enrich`](crate::Statsig::enrich), which asks a forward proxy for the ID
//! lists of one user, so that the client need not hold the lists.

mod http;

use std::fmt;

pub(crate) use self::http::Enrichment;
use crate::cause::Cause;
use crate::error::StatsigError;
use crate::transport::TransportError;
use crate::user::StatsigUser;

/// The ID lists of a user are unknown. Contains the unchanged user.
///
/// ```
/// use statsig::StatsigUser;
/// use statsig::enrichment::EnrichError;
///
/// /// Continues with the ID lists in memory.
/// fn user_of(result: Result<StatsigUser, EnrichError>) -> StatsigUser {
///     result.unwrap_or_else(EnrichError::into_user)
/// }
/// ```
#[derive(Clone, thiserror::Error)]
#[error("the ID lists of the user are unknown: {failure}")]
pub struct EnrichError {
    user: StatsigUser,
    #[source]
    failure: EnrichFailure,
}

impl EnrichError {
    pub(crate) fn new(user: StatsigUser, failure: impl Into<EnrichFailure>) -> Self {
        Self {
            user,
            failure: failure.into(),
        }
    }

    /// The user, unchanged.
    #[must_use]
    pub fn user(&self) -> &StatsigUser {
        &self.user
    }

    /// The user, unchanged.
    #[must_use]
    pub fn into_user(self) -> StatsigUser {
        self.user
    }

    /// The reason.
    #[must_use]
    pub fn failure(&self) -> &EnrichFailure {
        &self.failure
    }

    /// Whether there was no answer in time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(&self.failure, EnrichFailure::Transport(error) if error.is_timeout())
    }
}

/// Without the user: an error is often logged.
impl fmt::Debug for EnrichError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrichError")
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

/// Why the ID lists of a user are unknown.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrichFailure {
    /// The client does not run.
    #[error(transparent)]
    Client(#[from] StatsigError),
    /// The network is disabled by option.
    #[error("the network is disabled by option")]
    NetworkDisabled,
    /// There was no response.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The response has a status other than success.
    #[error("expected a success status, found {status}{}", status_hint(*.status))]
    #[non_exhaustive]
    Status {
        /// The status code.
        status: u16,
    },
    /// The response does not answer this request.
    #[error("expected `id_lists` in the answer, found something else: {source}")]
    #[non_exhaustive]
    Unreadable {
        /// The problem.
        source: Cause,
    },
}

impl EnrichFailure {
    /// Whether another attempt may succeed.
    fn is_temporary(&self) -> bool {
        match self {
            Self::Transport(error) => !error.is_final(),
            Self::Status { status } => *status == 408 || !(400..500).contains(status),
            Self::Client(_) | Self::NetworkDisabled | Self::Unreadable { .. } => false,
        }
    }
}

fn status_hint(status: u16) -> &'static str {
    match status {
        401 | 403 => "; check the SDK key",
        404 => "; only a forward proxy answers this, see the option `user_enrichment_url`",
        _ => "",
    }
}
