//! All limits of the local Statsig.
//!
//! The record drops its oldest items when it reaches a limit. The server refuses input beyond a
//! limit.

use std::time::Duration;

/// Largest accepted specs file, in bytes.
pub const MAX_SPECS_BYTES: usize = 64 * 1024 * 1024;

/// Largest accepted ID-lists file, in bytes.
pub const MAX_ID_LISTS_BYTES: usize = 64 * 1024 * 1024;

/// Largest accepted event body as sent, in bytes.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// Largest accepted event body once decompressed, in bytes.
pub const MAX_DECODED_BODY_BYTES: usize = 32 * 1024 * 1024;

/// The largest request line with headers that the server always accepts, in bytes. It always
/// refuses twice as much. Between the two, the result depends on how the bytes arrive.
pub const MAX_REQUEST_HEAD_BYTES: usize = 64 * 1024;

/// Connections served at a time. For a new one, the server closes the connection that is idle
/// longest. If none is idle, it closes the one with the longest request, if that is a
/// [`LONG_REQUEST`]. Otherwise the new one waits.
pub const MAX_CONNECTIONS: usize = 256;

/// How long a new connection may take to send the headers of its first request.
pub const FIRST_REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// How long a connection may wait for its next request. Most clients close idle connections
/// earlier, after 90 s.
pub const IDLE_LIMIT: Duration = Duration::from_secs(120);

/// How long a body may take to arrive.
pub const BODY_LIMIT: Duration = Duration::from_secs(30);

/// The server may abort a request of this duration to make room for a new connection.
pub const LONG_REQUEST: Duration = Duration::from_secs(60);

/// How many characters of an external text an answer or a [`Notice`](crate::Notice) shows.
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

/// Total text of the kept batches, and of the kept requests, in bytes.
pub const MAX_KEPT_OTHER_BYTES: usize = 16 * 1024 * 1024;

/// Largest accepted file of faults, in bytes.
pub const MAX_FAULTS_BYTES: usize = 1024 * 1024;

/// Largest bomb (see [`Fault::bomb`](crate::Fault::bomb)), in mebibytes after decompression.
pub const MAX_BOMB_MIB: u32 = 4096;

/// Faults waiting for one endpoint.
pub const MAX_QUEUED_FAULTS: usize = 100;

/// How long an upstream may take to answer, and to deliver the first specs.
pub const UPSTREAM_LIMIT: Duration = Duration::from_secs(10);

/// The largest number of local Statsigs in a chain of upstreams.
pub const MAX_HOPS: usize = 16;

/// The largest part of an upstream's answer to events that is read, in bytes.
pub const MAX_UPSTREAM_ANSWER_BYTES: usize = 64 * 1024;

/// The pause between two heartbeats of a stream of specs.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(30);

/// The interval at which the server checks its files.
pub const FILE_POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How long [`shutdown`](crate::LocalStatsig::shutdown) waits for requests in progress.
pub const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(1);
