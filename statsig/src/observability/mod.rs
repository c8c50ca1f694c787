//! How to observe the SDK.
//!
//! | for | use |
//! |---|---|
//! | callbacks about evaluations and new specs | [`Statsig::subscribe`](crate::Statsig::subscribe) |
//! | monitoring of the SDK's health | an [`ObservabilityClient`]: your own, the exporter of the feature `metrics`, or that of the package `statsig-opentelemetry` |
//! | the application's log | [`tracing`] events and spans, see [below](#tracing) |
//! | traces of evaluations | [`evaluation_telemetry`](crate::StatsigOptionsBuilder::evaluation_telemetry) |
//! | data for Statsig | `statsig::diagnostics` events, see [below](#what-statsig-gets) |
//!
#![doc = include_str!("metrics.md")]
//!
//! # Tracing
//!
//! The SDK installs no subscriber. Its events and spans have these targets:
//!
//! | target | events (levels) | spans (level debug) |
//! |---|---|---|
//! | `statsig::client` | misuse, code of the application that panics, a runtime that ends, forks (error); SDK keys that cannot work, unknown names, parameters of the wrong type, stored assignments that cannot be kept (warn); a successful start (info) | |
//! | `statsig::evaluation` | `feature_flag.evaluation` (info), only with `evaluation_telemetry` | |
//! | `statsig::events` | batches that fail or are refused, lost events, events lost on disk, a spool that is full or cannot be used (warn, error); events of an earlier process found (info); failed attempts (debug) | `post_events` |
//! | `statsig::network` | the end of each request (debug) | `request` |
//! | `statsig::observability` | slow or panicking observability clients (warn, error) | |
//! | `statsig::schemas` | parameter structs that differ from the specs (error, warn), and agree again (info) | |
//! | `statsig::supervisor` | actors that crashed and are started again (error) | |
//! | `statsig::sync` | failing and recovering syncs, malformed entities of specs (warn, info, debug) | `fetch_specs`, `compile_specs`, `sync_id_lists` |
//!
//! Other targets that begin with `statsig::` may change at any time. SDK keys are never shown; URLs
//! are shown without query.
//!
//! `feature_flag.evaluation` follows OpenTelemetry's semantic conventions: `feature_flag.key`,
//! `feature_flag.provider.name`, `feature_flag.result.variant` (the group, or else the rule),
//! `feature_flag.result.value` (of a gate), `feature_flag.result.reason`, `feature_flag.version`,
//! `error.type`; in addition `statsig.rule_id` and `statsig.reason`. It contains no user data.
//!
//! # What Statsig gets
//!
//! One `statsig::diagnostics` event describes the initialization, and one about every tenth sync.
//! The specs set the rates;
//! [`disable_diagnostics`](crate::StatsigOptionsBuilder::disable_diagnostics) stops them. The SDK
//! posts no reports of its own errors.

pub(crate) mod client;
pub(crate) mod diagnostics;
pub(crate) mod evaluation_log;
mod metric;
#[cfg(feature = "metrics")]
mod metrics_exporter;
pub(crate) mod observer;
pub(crate) mod reporter;
mod sdk_error;
pub(crate) mod sdk_event;
pub(crate) mod subscriptions;

pub use client::{ObservabilityClient, Tag};
pub use metric::{METRICS, Metric, MetricKind};
#[cfg(feature = "metrics")]
pub use metrics_exporter::MetricsExporter;
pub use sdk_event::SdkEvent;
pub use subscriptions::SubscriptionId;
