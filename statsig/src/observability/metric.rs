//! The table of the SDK's metrics, from which exporters are made.

use std::borrow::Cow;

/// A metric of the SDK's health: its name and how it is measured.
///
/// [`METRICS`] lists them all, so that an exporter can create and describe its instruments.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// The name, such as `statsig.sdk.initialization`.
    pub name: &'static str,
    /// The kind of instrument that records it.
    pub kind: MetricKind,
    /// The unit in UCUM notation: `ms`, or `1` for a number without a unit.
    pub unit: &'static str,
    /// What it measures, in a few words.
    pub description: &'static str,
}

/// The kind of instrument that records a [`Metric`]; each has its method of
/// [`ObservabilityClient`](super::ObservabilityClient).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricKind {
    /// Only grows: [`increment`](super::ObservabilityClient::increment).
    Counter,
    /// The present value: [`gauge`](super::ObservabilityClient::gauge).
    Gauge,
    /// One value of many: [`dist`](super::ObservabilityClient::dist).
    Distribution,
}

/// Names and values of tags.
pub(crate) type Tags = Vec<(&'static str, Cow<'static, str>)>;

/// One value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measurement {
    pub(crate) metric: &'static Metric,
    pub(crate) value: f64,
    pub(crate) tags: Tags,
}

/// Declares the metrics, and a list of all of them.
macro_rules! metrics {
    ($($(#[$attribute:meta])? $constant:ident = $kind:ident $name:literal in $unit:literal: $description:literal;)+) => {
        $(
            $(#[$attribute])?
            pub(crate) const $constant: &Metric = &Metric {
                name: concat!("statsig.sdk.", $name),
                kind: MetricKind::$kind,
                unit: $unit,
                description: $description,
            };
        )+
        /// All metrics that the SDK measures with the features of this build.
        pub const METRICS: &[&Metric] = &[$($(#[$attribute])? $constant),+];
    };
}

metrics! {
    INITIALIZATION = Distribution "initialization" in "ms":
        "How long initialising took";
    CONFIG_PROPAGATION_DIFF = Distribution "config_propagation_diff" in "ms":
        "From the making of specs by the service to their use here; not for the first ones";
    CONFIG_NO_UPDATE = Counter "config_no_update" in "1":
        "Syncs that brought nothing new";
    CONFIG_SYNC_LATENCY = Distribution "config_sync_overall.latency" in "ms":
        "How long a round of syncing specs took, with all its attempts";
    NETWORK_REQUEST_LATENCY = Distribution "network_request.latency" in "ms":
        "How long a request for specs or ID lists took";
    ID_LIST_MANIFEST_SUCCESS = Counter "id_list_manifest_download_success" in "1":
        "Downloads of the manifest of ID lists that succeeded";
    ID_LIST_MANIFEST_FAILURE = Counter "id_list_manifest_download_failure" in "1":
        "Downloads of the manifest of ID lists that failed";
    ID_LISTS_SYNC_LATENCY = Distribution "id_lists_sync_overall.latency" in "ms":
        "How long a round of syncing ID lists took";
    ID_LISTS_NOT_STORED = Counter "id_list_data_store_write_failure" in "1":
        "Sets of ID lists that could not be written to the data store";
    EVENTS_REQUEST_LATENCY = Distribution "events_request.latency" in "ms":
        "How long a post of events took";
    EVENTS_SENT = Counter "events_successfully_sent_count" in "1":
        "Events that the service accepted";
    EVENTS_DROPPED = Counter "events_dropped_count" in "1":
        "Events that were dropped, by reason";
    EVENTS_PENDING = Gauge "events_pending" in "1":
        "Events that wait or are on their way";
    SYNC_AGE = Gauge "config_sync_age" in "ms":
        "Time since specs were last synced successfully";
    MEMO_HITS = Counter "memo_hits_count" in "1":
        "Evaluations that were remembered";
    MEMO_MISSES = Counter "memo_misses_count" in "1":
        "Evaluations that could have been remembered, and were not";
    MEMO_HIT_RATE = Gauge "memo_hit_rate" in "1":
        "The share of hits since the last report, between 0 and 1";
    TYPED_MISMATCHES = Counter "typed.mismatch" in "1":
        "Served values that did not fit the field of a parameter struct";
    SCHEMA_DRIFTS = Gauge "schema_drifts" in "1":
        "Differences between parameter structs and the specs in use, by severity";
    #[cfg(feature = "proto")]
    DELTAS_CHECKSUM_VALIDATION = Counter "deltas_checksum_validation.count" in "1":
        "Specs made from a difference that were compared with its checksums";
    GRPC_RECEIVED_MESSAGE = Counter "grpc_received_message" in "1":
        "Messages that a stream of specs brought";
    GRPC_RECONNECTED = Counter "grpc_reconnected" in "1":
        "Streams of specs that work again after they broke";
    GRPC_STREAMING_FAILED = Distribution "grpc_streaming_failed_with_retry_ct" in "1":
        "Failures in a row of a stream of specs, measured at each of them";
    SDK_EXCEPTIONS = Counter "sdk_exceptions_count" in "1":
        "Errors of the SDK itself, repeats included";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_documented() {
        let documented = include_str!("metrics.md");
        let names: HashSet<_> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), METRICS.len());
        for metric in METRICS {
            let row = format!("| `{}` |", metric.name);
            assert!(documented.contains(&row), "{} has no row", metric.name);
        }
    }
}
