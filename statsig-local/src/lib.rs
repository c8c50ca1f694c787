//! A local Statsig for offline development, examples and tests.
//!
//! [`LocalStatsig`] speaks the HTTP protocol of the real service on a port of this machine: it
//! serves specs and ID lists from files or texts, receives events and shows them, and makes
//! requests fail on demand. Any Statsig server SDK can use it; it needs nothing but the three URLs.
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
//! The file is looked at every [half second](limits::FILE_POLL_INTERVAL). A changed file is served
//! if it is JSON with the required top-level fields (`has_updates`, `time`, `feature_gates`,
//! `dynamic_configs`, `layer_configs`, `condition_map`); otherwise a [`Notice`] says what is wrong
//! with it, and what was served before still is.
//!
//! A client names what it has by `sinceTime` and `checksum`, and ignores an answer that is strictly
//! older or has the checksum it already has. It gets `{"has_updates":false}` if its time is at
//! least the file's and its checksum, if it sent one, is the one served; otherwise it gets the
//! file's text verbatim.
//!
//! You need not touch `time` or `checksum` when you edit: **after an edit that keeps both, the text
//! is served with a `checksum` made from its content**, and nothing else changed, for as long as
//! `time` and the file's own `checksum` stay. A client that sends no checksum is then always sent
//! the text, because it cannot be told apart from one that has the text before the edit. Only
//! setting `time` *back* needs a restart of running clients, and loading says so.
//!
//! # As a forward proxy
//!
//! With [`forward_proxy`](LocalStatsigBuilder::forward_proxy), or `--forward-proxy` on the command
//! line, it answers as a Statsig forward proxy does. With the feature `grpc` it also streams specs,
//! whether it answers as a proxy or not: the SDK's `GrpcForwardProxy` takes
//! [`url`](LocalStatsig::url), the same port.
//!
//! # In front of another Statsig
//!
//! With `LocalStatsigBuilder::upstream` (feature `upstream`), or `--upstream URL` on
//! the command line, it serves what Statsig, a forward proxy or another local Statsig serves, to
//! SDKs with the same SDK key. It downloads specs and ID lists as an SDK does, and serves the last
//! good ones during an outage of the upstream. Requests for ID lists get 503 until the upstream's
//! lists have arrived, so that SDKs keep their lists.
//!
//! It forwards events, with the headers that describe them, before it acknowledges them, and the
//! SDK gets the upstream's answer. If the upstream cannot be reached, the answer is 502, so that
//! the SDK keeps the events and retries. No events wait here. If upstreams form a circle, events
//! that come back get 508.
//!
//! Not passed on: error reports of SDKs, questions about memberships and streams of specs, all of
//! which end here; other SDK keys; specs in the binary form, deltas; the lines of ID lists as they
//! are upstream (the members are the same). Nothing is kept on disk, so that it starts only while
//! the upstream can be reached.
//!
//! # Who may send requests
//!
//! A web page in a browser on this machine can send requests to this server, also under a host name
//! of its own. So the server answers only requests for `localhost`, for a loopback address, or for
//! the address that it is bound to (any address, if it is bound to all of them).
//! [`allowed_host`](LocalStatsigBuilder::allowed_host), or `--allow-host NAME` on the command line,
//! allows another name, such as the name of a container. Requests from web pages of other origins
//! are refused. A refused request gets 403, is not recorded, and shows as a [`Notice`].
//!
//! The server serves [256 connections](limits::MAX_CONNECTIONS) at a time, kept-alive ones
//! included. For a new one it closes the connection that is idle longest. So the number of SDKs is
//! not limited, only the number of their requests at one time.
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
//! | `PUT /_local/faults` | replaces them, in the format below |
//! | `DELETE /_local/faults` | clears them |
//!
//! # Faults from a file
//!
//! `--faults FILE` (or [`faults_file`](LocalStatsigBuilder::faults_file)) makes requests fail as a
//! script says. Requests to an endpoint take its faults in the order of the file; once they are
//! used up, all is well. When the file changes, the script starts over. The control endpoint takes
//! the same format:
//!
//! ```json
//! {"faults": [
//!   {"endpoint": "specs", "fault": "pass", "times": 1},
//!   {"endpoint": "specs", "fault": {"status": 503}, "delay_ms": 50, "times": 2},
//!   {"endpoint": "id_list_file", "fault": "truncate"}
//! ]}
//! ```
//!
//! | field | meaning |
//! |---|---|
//! | `endpoint` | `specs`, `specs_stream` (gRPC), `id_lists` (the manifest), `id_list_file`, `log_event` or `user_enrichment` |
//! | `fault` | what happens, from the table below |
//! | `delay_ms` | milliseconds to wait before; default 0 |
//! | `times` | to how many requests it happens; default: to all, until faults are cleared or replaced |
//!
//! | fault | the client sees |
//! |---|---|
//! | `"pass"` | the right answer |
//! | `"delay"` | the right answer, after `delay_ms` |
//! | `{"status": 503}` | this status (200–599); the request is not handled |
//! | `"drop_connection"` | a connection that closes without an answer; the request is not handled |
//! | `"lose_answer"` | the same, but the request was handled |
//! | `"truncate"` | half of the answer, then the end of the connection |
//! | `"stall"` | half of the answer, then nothing |
//! | `"corrupt"` | an answer of the right length, with every byte wrong |
//! | `"empty"` | the right status and an empty body |
//! | `"html"` | status 200 and a web page, as from a captive portal |
//! | `"wrong_encoding"` | a body that is not in the encoding that its header says |
//! | `{"bomb": 200}` | a small gzip body that grows to 200 MiB (1–4096) |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings))))]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod activity;
mod bodies;
mod body;
mod clock;
mod connection;
mod control;
mod error;
mod events;
mod faults;
mod files;
mod headers;
#[cfg(feature = "upstream")]
mod hops;
mod hosts;
mod id_lists;
pub mod limits;
mod notice;
mod own_events;
mod record;
#[cfg(feature = "upstream")]
mod relay;
mod requests;
mod ring;
mod routes;
mod server;
mod shared;
mod specs;
#[cfg(feature = "grpc")]
mod stream;
mod sync;
#[cfg(feature = "upstream")]
mod upstream;

pub use error::LocalError;
pub use events::{ReceivedBatch, ReceivedEvent};
pub use faults::Fault;
pub use headers::Headers;
pub use notice::Notice;
pub use requests::{Endpoint, ReceivedRequest};
pub use server::{LocalStatsig, LocalStatsigBuilder};
pub use specs::SpecsSummary;
#[cfg(feature = "upstream")]
pub use upstream::Upstream;
