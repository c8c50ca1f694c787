//! What the SDK tells about itself.

pub(crate) mod client;
pub(crate) mod diagnostics;
mod exceptions;
pub(crate) mod facts;
pub(crate) mod mask;
mod metric;
#[cfg(feature = "metrics")]
mod metrics_exporter;
pub(crate) mod observer;
#[cfg(feature = "opentelemetry")]
mod opentelemetry_exporter;
pub(crate) mod outlet;
pub(crate) mod subscriptions;
pub(crate) mod telemetry;

pub use client::{ObservabilityClient, Tag};
#[cfg(feature = "metrics")]
pub use metrics_exporter::MetricsExporter;
#[cfg(feature = "opentelemetry")]
pub use opentelemetry_exporter::OpenTelemetryExporter;
pub use subscriptions::{SdkEvent, SubscriptionID};
