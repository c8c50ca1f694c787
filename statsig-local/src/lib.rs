//! A local Statsig for offline development, examples and tests.
//!
//! [`LocalStatsig`] speaks the HTTP protocol of the real service on a port of this machine: it serves specs and ID lists from
//! files or texts, receives events and shows them, and makes requests fail on demand. Any Statsig server SDK can use it; it
//! needs nothing but the three URLs.
//!
//! ```
//! use statsig_local::{Endpoint, Fault, LocalStatsig};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), statsig_local::LocalError> {
//! let local = LocalStatsig::builder()
//!     .specs_json(
//!         r#"{"has_updates": true, "time": 1767981029384, "feature_gates": {}, "dynamic_configs": {},
//!             "layer_configs": {}, "condition_map": {}, "experiment_to_layer": {}}"#,
//!     )
//!     .id_list("employees", ["u-1", "u-2"])
//!     .on_event(|event| println!("{event}"))
//!     .start()
//!     .await?;
//!
//! // Give these to the SDK under test.
//! assert!(local.specs_url().ends_with("/v2/download_config_specs"));
//! assert!(local.id_lists_url().ends_with("/v1/get_id_lists"));
//! assert!(local.log_event_url().ends_with("/v1/log_event"));
//!
//! // The next two downloads fail, then all is well again.
//! local.inject(Endpoint::Specs, Fault::status(503).times(2))?;
//!
//! assert!(local.events().is_empty());
//! local.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Editing the specs file
//!
//! The file is looked at every [half second](limits::FILE_POLL_INTERVAL). A changed file is served if it is JSON with the
//! required top-level fields (`has_updates`, `time`, `feature_gates`, `dynamic_configs`, `layer_configs`, `condition_map`);
//! otherwise a [`Notice`] says what is wrong with it, and what was served before still is.
//!
//! A client names what it has by `sinceTime` and `checksum`, and ignores an answer that is strictly older or has the checksum it
//! already has. It is told `{"has_updates":false}` if its time is at least the file's and its checksum, if it sent one, is
//! the one served; otherwise it gets the file's text verbatim.
//!
//! You need not touch `time` or `checksum` when you edit: **after an edit that keeps both, the text is served with a `checksum`
//! made from its content**, and nothing else changed, for as long as `time` and the file's own `checksum` stay. A client that sends
//! no checksum is then always sent the text, because it cannot be told apart from one that has the text before the edit. Only
//! setting `time` *back* needs a restart of running clients, and loading says so.
//!
//! # As a forward proxy
//!
//! With [`forward_proxy`](LocalStatsigBuilder::forward_proxy), or `--forward-proxy` on the command line, it answers as a Statsig
//! forward proxy does. It forwards nothing: what it serves is its own. With the feature `grpc` it also streams specs, whether it
//! answers as a proxy or not: the SDK's `GrpcForwardProxy` takes [`url`](LocalStatsig::url), the same port.
//!
//! # Control endpoints
//!
//! For scripts and tests in other languages, next to the program `statsig-local`:
//!
//! | request | effect |
//! |---|---|
//! | `GET /_local/events` | `{"events": [{"batch", "receivedAt", "event"}], "forgotten": n}` |
//! | `DELETE /_local/events` | forgets events and batches |
//! | `GET /_local/requests` | `{"requests": [{"number", "endpoint", "method", "path", "query", "headers", …}]}`, SDK keys masked |
//! | `GET /_local/faults` | the faults that wait |
//! | `PUT /_local/faults` | replaces them: `{"faults": [{"endpoint": "specs", "fault": {"status": 503}, "delay_ms": 50, "times": 2}]}` |
//! | `DELETE /_local/faults` | clears them |
//!
//! Endpoints are `specs`, `specs_stream`, `id_lists`, `id_list_file`, `log_event`, `sdk_exception` and `user_enrichment`; faults are `{"status": code}`, `"delay"`,
//! `"drop_connection"`, `"lose_answer"`, `"truncate"` and `"corrupt"`, see [`Fault`].

#![doc(test(attr(deny(warnings))))]

mod body;
mod clock;
mod connection;
mod control;
mod error;
mod events;
mod faults;
mod files;
mod headers;
mod id_lists;
pub mod limits;
mod notice;
mod record;
mod requests;
mod ring;
mod routes;
mod server;
mod shared;
mod specs;
#[cfg(feature = "grpc")]
mod stream;
mod sync;

pub use error::LocalError;
pub use events::{ReceivedBatch, ReceivedEvent};
pub use faults::Fault;
pub use headers::Headers;
pub use notice::Notice;
pub use requests::{Endpoint, ReceivedException, ReceivedRequest};
pub use server::{LocalStatsig, LocalStatsigBuilder};
pub use specs::SpecsSummary;
