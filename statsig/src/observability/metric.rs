//! The table of the SDK's metrics, from which exporters are made.

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
        "Duration of the initialization";
    CONFIG_PROPAGATION_DIFF = Distribution "config_propagation_diff" in "ms":
        "Time from the creation of specs by the service to their use here, except for the first ones";
    CONFIG_NO_UPDATE = Counter "config_no_update" in "1":
        "Syncs without changes";
    CONFIG_SYNC_LATENCY = Distribution "config_sync_overall.latency" in "ms":
        "Duration of a round of syncing specs, with all attempts";
    NETWORK_REQUEST_LATENCY = Distribution "network_request.latency" in "ms":
        "Duration of a request for specs or ID lists";
    ID_LIST_MANIFEST_SUCCESS = Counter "id_list_manifest_download_success" in "1":
        "Successful downloads of the ID lists' manifest";
    ID_LIST_MANIFEST_FAILURE = Counter "id_list_manifest_download_failure" in "1":
        "Failed downloads of the ID lists' manifest";
    ID_LISTS_SYNC_LATENCY = Distribution "id_lists_sync_overall.latency" in "ms":
        "Duration of a round of syncing ID lists";
    ID_LISTS_NOT_STORED = Counter "id_list_data_store_write_failure" in "1":
        "Failed writes of ID lists to the data store";
    EVENTS_REQUEST_LATENCY = Distribution "events_request.latency" in "ms":
        "Duration of a post of events";
    EVENTS_SENT = Counter "events_successfully_sent_count" in "1":
        "Events that the service accepted";
    EVENTS_DROPPED = Counter "events_dropped_count" in "1":
        "Dropped events by reason";
    EVENTS_PENDING = Gauge "events_pending" in "1":
        "Events waiting or being posted";
    SYNC_AGE = Gauge "config_sync_age" in "ms":
        "Time since the last successful sync of specs";
    MEMO_HITS = Counter "memo_hits_count" in "1":
        "Evaluations answered by the cache";
    MEMO_MISSES = Counter "memo_misses_count" in "1":
        "Cacheable evaluations that were not in the cache";
    MEMO_HIT_RATE = Gauge "memo_hit_rate" in "1":
        "The share of hits since the last report, between 0 and 1";
    TYPED_MISMATCHES = Counter "typed.mismatch" in "1":
        "Served values that did not fit the field of a parameter struct";
    SCHEMA_DRIFTS = Gauge "schema_drifts" in "1":
        "Differences between parameter structs and the specs in use, by severity";
    #[cfg(feature = "proto")]
    DELTAS_CHECKSUM_VALIDATION = Counter "deltas_checksum_validation.count" in "1":
        "Specs made from a delta and checked against its checksums";
    GRPC_RECEIVED_MESSAGE = Counter "grpc_received_message" in "1":
        "Messages of a stream of specs";
    GRPC_RECONNECTED = Counter "grpc_reconnected" in "1":
        "Recoveries of a broken stream of specs";
    GRPC_STREAMING_FAILED = Distribution "grpc_streaming_failed_with_retry_ct" in "1":
        "Failures in a row of a stream of specs, measured at each failure";
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
