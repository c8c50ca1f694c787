//! Every bound of the local Statsig, in one place.
//!
//! What is kept is dropped oldest first once a bound is reached; what is received beyond a bound is
//! refused.

use std::time::Duration;

/// Largest accepted specs file, in bytes.
pub const MAX_SPECS_BYTES: usize = 64 * 1024 * 1024;

/// Largest accepted ID-lists file, in bytes.
pub const MAX_ID_LISTS_BYTES: usize = 64 * 1024 * 1024;

/// Largest accepted event body as sent, in bytes.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// Largest accepted event body once decompressed, in bytes.
pub const MAX_DECODED_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Largest request line with headers that is accepted in any case, in bytes. Twice as much is
/// refused in any case; what lies between depends on how it arrives.
pub const MAX_REQUEST_HEAD_BYTES: usize = 64 * 1024;

/// Connections served at a time. For a new one, the server closes the connection that is idle
/// longest. If none is idle, it closes the one with the longest request, if that is a
/// [`LONG_REQUEST`]. Otherwise the new one waits.
pub const MAX_CONNECTIONS: usize = 256;

/// How long a new connection may take to send the headers of its first request.
pub const FIRST_REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// How long a connection may wait for its next request. Clients give up theirs earlier, mostly
/// after 90 s.
pub const IDLE_LIMIT: Duration = Duration::from_secs(120);

/// How long a body may take to arrive.
pub const BODY_LIMIT: Duration = Duration::from_secs(30);

/// A request of this duration may be broken off to make room for a new connection.
pub const LONG_REQUEST: Duration = Duration::from_secs(60);

/// How many characters of a text from outside an answer or a [`Notice`](crate::Notice) shows.
pub const SHOWN_CHARS: usize = 200;

/// Events kept.
pub const MAX_KEPT_EVENTS: usize = 20_000;

/// Total JSON text of the events kept, in bytes. The newest event is kept even if it alone is
/// larger.
pub const MAX_KEPT_EVENT_BYTES: usize = 32 * 1024 * 1024;

/// Batches (headers and `statsigMetadata` of a `log_event` request) kept.
pub const MAX_KEPT_BATCHES: usize = 1_000;

/// Requests kept.
pub const MAX_KEPT_REQUESTS: usize = 1_000;

/// Total text of each of: batches and requests kept, in bytes.
pub const MAX_KEPT_OTHER_BYTES: usize = 16 * 1024 * 1024;

/// Largest accepted file of faults, in bytes.
pub const MAX_FAULTS_BYTES: usize = 1024 * 1024;

/// Largest bomb (see [`Fault::bomb`](crate::Fault::bomb)), in mebibytes after decompression.
pub const MAX_BOMB_MIB: u32 = 4096;

/// Faults waiting for one endpoint.
pub const MAX_QUEUED_FAULTS: usize = 100;

/// How long an upstream may take to answer, and to bring the first specs.
pub const UPSTREAM_LIMIT: Duration = Duration::from_secs(10);

/// Local Statsigs that events are sent on through, one behind the other.
pub const MAX_HOPS: usize = 16;

/// Largest answer of an upstream to events that is read, in bytes.
pub const MAX_UPSTREAM_ANSWER_BYTES: usize = 64 * 1024;

/// The pause between two heartbeats of a stream of specs.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(30);

/// How often the files are looked at.
pub const FILE_POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How long [`shutdown`](crate::LocalStatsig::shutdown) waits for requests that are being answered.
pub const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(1);
