//! Why the SDK refuses specs.

use crate::authoring::InvalidSpecs;
use crate::cause::Cause;

/// Why the SDK refused a specs payload. The specs in use stay in use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecsError {
    /// The payload is larger than the limit.
    #[error(
        "expected specs of at most {limit} bytes, found {found} bytes; raise `max_specs_bytes` if this is intended"
    )]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
        /// The size of the payload, in bytes. The payload may be larger still.
        found: usize,
    },
    /// The payload contains only white space.
    #[error("expected specs as JSON, found an empty body")]
    Empty,
    /// The payload is not JSON, or it is not a specs object.
    #[error("expected dcs-v2 specs: {source}")]
    #[non_exhaustive]
    Malformed {
        /// The parser's error, with line and column.
        source: Cause,
    },
    /// The specs are older than those in use. Their source lags behind, or it went back to an
    /// earlier version.
    #[error(
        "expected specs of time {in_use} or later, found older ones of time {found}; the source is behind an earlier source, or \
         went back to an earlier version"
    )]
    Older {
        /// The time of the specs in use, in epoch milliseconds.
        in_use: u64,
        /// The time of the specs that arrived, in epoch milliseconds.
        found: u64,
    },
    /// A source has nothing new, but the client has no specs yet. The client asks the next source.
    #[error("expected a first set of specs, found `has_updates: false`")]
    NothingLoaded,
    /// A test or a tool described a project that the service would not accept.
    #[error(transparent)]
    Authored(#[from] InvalidSpecs),
}
