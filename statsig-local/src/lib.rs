//! A local Statsig for offline development, examples and tests.
//!
//! [`LocalStatsig`] speaks the HTTP protocol of the real service on a port of this machine. It
//! serves specs and ID lists from files or texts, receives events and shows them, and makes
//! requests fail on demand. Any Statsig server SDK can use it: set the three URLs.
//!
//! ```
//! use statsig::testing::Specs;
//! use statsig_local::{Endpoint, Fault, LocalStatsig};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), statsig_local::LocalError> {
//! let specs = Specs::new().gate("beta", |g| g.everyone()).to_json();
//! let local = LocalStatsig::builder()
//!     .specs_json(specs.expect("a valid project"))
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
//! The server checks the file every [half second](limits::FILE_POLL_INTERVAL). It serves a changed
//! file if the file is JSON with the required top-level fields (`has_updates`, `time`,
//! `feature_gates`, `dynamic_configs`, `layer_configs`, `condition_map`). Otherwise a [`Notice`]
//! describes the problem, and the server continues to serve the previous contents.
//!
//! A client describes its specs by `sinceTime` and `checksum`. It ignores an answer that is
//! strictly older, or that has the same checksum. The server answers `{"has_updates":false}` if the
//! client's time is not before the file's time and the client's checksum, if it sends one, is the
//! served checksum. Otherwise the server sends the file's text verbatim.
//!
//! You need not change `time` or `checksum` when you edit: **after an edit that keeps both, the
//! server sends the text with a `checksum` made from its content**, and changes nothing else, as
//! long as `time` and the file's own `checksum` stay. A client that sends no checksum then always
//! gets the text, because the server cannot know whether it has the text before the edit or after.
//! Only an edit that sets `time` *back* requires a restart of running clients. The notice about the
//! load says so.
//!
//! # As a forward proxy
//!
//! With [`forward_proxy`](LocalStatsigBuilder::forward_proxy), or `--forward-proxy` on the command
//! line, the server answers as a Statsig forward proxy. With the feature `grpc` it also streams
//! specs, with or without this option. Give [`url`](LocalStatsig::url) to the SDK's
//! `GrpcForwardProxy`; the port is the same.
//!
//! # In front of another Statsig
//!
//! With `LocalStatsigBuilder::upstream` (feature `upstream`), or `--upstream URL` on the command
//! line, the server serves the specs and ID lists of an upstream: Statsig, a forward proxy or
//! another local Statsig. It serves SDKs with the same SDK key. It downloads specs and ID lists as
//! an SDK does, and serves the last valid ones during an outage of the upstream. Requests for ID
//! lists get 503 until the upstream's lists have arrived, so that SDKs keep their lists.
//!
//! It forwards events, with the headers that describe them, before it acknowledges them, and the
//! SDK gets the upstream's answer. If the upstream cannot be reached, the answer is 502, so that
//! the SDK keeps the events and retries. The server queues no events. If upstreams form a circle,
//! events that come back get 508.
//!
//! The server does not forward error reports of SDKs, requests for the ID lists of a user, and
//! streams of specs; it answers these itself. It does not serve other SDK keys, specs in the binary
//! form, or deltas. The lines of ID lists may differ from the upstream's (the members are the
//! same). The server keeps nothing on disk, so it starts only while the upstream is reachable.
//!
//! # Who may send requests
//!
//! A web page in a browser on this machine can send requests to this server, even under a host name
//! of the page's own domain. For this reason the server answers only requests for `localhost`, for
//! a loopback address, or for the address on which it listens (any address, if it listens on all of
//! them). [`allowed_host`](LocalStatsigBuilder::allowed_host), or `--allow-host NAME` on the
//! command line, allows another name, such as the name of a container. The server refuses requests
//! from web pages of other origins. A refused request gets 403, is not recorded, and shows as a
//! [`Notice`].
//!
//! The server serves [256 connections](limits::MAX_CONNECTIONS) at a time, including kept-alive
//! ones. For a new connection it closes the one that is idle longest. So the number of SDKs has no
//! limit, only the number of requests at the same time.
//!
//! # Client SDKs in web pages
//!
//! [`allowed_origin`](LocalStatsigBuilder::allowed_origin), or `--allow-origin ORIGIN` on the
//! command line, lets the pages of an origin log events. They can read and change nothing else.
//! Give [`client_api_url`](LocalStatsig::client_api_url) to the client SDK. The server does not
//! evaluate: let the client SDK start from values of a server SDK (`get_client_init_response`).
//!
//! ```js
//! const networkConfig = { api: "http://127.0.0.1:8765/v1" };
//! const client = new StatsigClient("client-key", values.user, { networkConfig });
//! client.dataAdapter.setData(JSON.stringify(values));
//! client.initializeSync(); // without a request
//! ```
//!
//! # Control endpoints
//!
//! For scripts and tests in other languages that use the program `statsig-local`:
//!
//! | request | effect |
//! |---|---|
//! | `GET /_local/events` | `{"events": [{"batch", "receivedAt", "event"}], "forgotten": n}` |
//! | `DELETE /_local/events` | forgets events and batches |
//! | `GET /_local/requests` | `{"requests": [{"number", "endpoint", …}]}`, SDK keys masked |
//! | `GET /_local/faults` | the faults that wait |
//! | `PUT /_local/faults` | replaces them, in the format below |
//! | `DELETE /_local/faults` | clears them |
//!
//! # Faults from a file
//!
//! `--faults FILE` (or [`faults_file`](LocalStatsigBuilder::faults_file)) makes requests fail as a
//! script says. Requests to an endpoint use its faults in the order of the file. After the last
//! fault, requests succeed again. When the file changes, the script starts over. The control
//! endpoint has the same format:
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
//! | `endpoint` | which requests fail, from the list below |
//! | `fault` | what happens, from the table below |
//! | `delay_ms` | milliseconds to wait before; default 0 |
//! | `times` | the number of requests; default: all, until faults are cleared or replaced |
//!
//! The endpoints are `specs`, `specs_stream` (gRPC), `id_lists` (the manifest), `id_list_file`,
//! `log_event` and `user_enrichment`.
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

mod access;
mod activity;
mod bodies;
mod body;
mod builder;
mod clock;
mod connection;
mod control;
mod error;
mod event_line;
mod events;
mod faults;
mod files;
mod headers;
mod id_lists;
pub mod limits;
mod notice;
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

pub use builder::LocalStatsigBuilder;
pub use error::LocalError;
pub use events::{ReceivedBatch, ReceivedEvent};
pub use faults::Fault;
pub use headers::Headers;
pub use notice::Notice;
pub use requests::{Endpoint, ReceivedRequest};
pub use server::LocalStatsig;
pub use specs::SpecsSummary;
#[cfg(feature = "upstream")]
pub use upstream::Upstream;
