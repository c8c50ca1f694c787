//! Turns facts into reports: measurements, errors and diagnostics events. Pure.

use std::borrow::Cow;
use std::time::Duration;

use url::{Position, Url};

use super::diagnostics::{Diagnostics, Ended};
use super::metric;
use super::reporter::{Reporter, Tags};
use super::sdk_error::SdkError;
use crate::counters::{DropReason, EventStats};
use crate::facts::{Fact, Processed, RequestEnded, SpecsFormat, SpecsProcessed, SyncEnded};
use crate::initialize_details::InitializeDetails;
use crate::results::SpecsSource;
use crate::transport::identity::{SDK_TYPE, SDK_VERSION};
use crate::transport::{Endpoint, address};

/// A reading of the client's counters.
#[derive(Debug, Default)]
pub(crate) struct Health {
    pub(crate) events: EventStats,
    pub(crate) memo_hits: u64,
    pub(crate) memo_misses: u64,
    /// Served values that did not fit their field.
    pub(crate) typed_mismatches: u64,
    /// The time since the last successful sync of specs.
    pub(crate) sync_age_ms: Option<u64>,
}

/// Accumulates the facts that reports need.
#[derive(Debug, Default)]
pub(crate) struct Observer {
    diagnostics: Diagnostics,
    /// The last request for specs if it failed, and the number of failures in a row.
    failed_request: Option<RequestEnded>,
    failed_requests: u32,
    round: SyncRound,
    source_api: String,
    id_lists: IdListRequests,
    reported: Health,
}

/// The current round of syncing specs.
#[derive(Debug, Default)]
struct SyncRound {
    was_processed: bool,
    process_failed: bool,
    format: SpecsFormat,
    deltas_used: bool,
}

/// Requests of the current round of syncing ID lists.
#[derive(Debug, Default)]
struct IdListRequests {
    /// Whether the request succeeded. `None` without a request.
    has_manifest: Option<bool>,
    files: u64,
    failed_files: u64,
}

impl Observer {
    pub(crate) fn note(&mut self, fact: Fact, reporter: &mut Reporter<'_>) {
        match fact {
            Fact::InitializeStarted { at_ms } => self.diagnostics.initialize_started(at_ms),
            Fact::InitializeEnded { at_ms, details } => {
                self.initialize_ended(at_ms, details, reporter);
            }
            Fact::RequestEnded(request) => self.request_ended(request, reporter),
            Fact::SpecsProcessed(specs) => self.specs_processed(specs, reporter),
            Fact::SyncEnded(sync) => self.sync_ended(sync, reporter),
            Fact::SchemasChecked { errors, warnings } => {
                for (severity, drifts) in [("error", errors), ("warning", warnings)] {
                    let tags = vec![("severity", severity.into())];
                    reporter.measure(metric::SCHEMA_DRIFTS, drifts as f64, tags);
                }
            }
            Fact::StreamMessage => reporter.count(metric::GRPC_RECEIVED_MESSAGE, 1),
            Fact::StreamReopened => reporter.count(metric::GRPC_RECONNECTED, 1),
            Fact::StreamFailed { failures } => {
                reporter.count(metric::GRPC_STREAMING_FAILED, failures.into());
            }
            #[cfg(feature = "proto")]
            Fact::DeltaChecked { fits } => {
                let result = if fits { "success" } else { "failure" };
                let tags = vec![("result", result.into())];
                reporter.measure(metric::DELTAS_CHECKSUM_VALIDATION, 1.0, tags);
            }
            Fact::IdListsSynced { duration } => self.id_lists_synced(duration, reporter),
            Fact::IdListsNotStored => reporter.count(metric::ID_LISTS_NOT_STORED, 1),
            Fact::ActorCrashed { actor, why } => reporter.fail(&SdkError::crash(actor, &why)),
        }
    }

    /// Reports what changed since the last call.
    pub(crate) fn look(&mut self, health: Health, reporter: &mut Reporter<'_>) {
        let before = std::mem::replace(&mut self.reported, health);
        let health = &self.reported;
        let dropped = health.events.dropped.since(&before.events.dropped);
        for reason in DropReason::ALL {
            let events = dropped.of(reason);
            if events == 0 {
                continue;
            }
            if let Some(error) = SdkError::lost_events(reason) {
                reporter.fail(&error);
            }
            let tags = vec![("reason", reason.name().into())];
            reporter.measure(metric::EVENTS_DROPPED, events as f64, tags);
        }
        let mut growth = |metric, now: u64, before: u64| {
            let more = now.saturating_sub(before);
            if more > 0 {
                reporter.count(metric, more);
            }
            more
        };
        let (events, mismatches) = (health.events, health.typed_mismatches);
        growth(
            metric::EVENTS_SENT,
            events.delivered,
            before.events.delivered,
        );
        growth(
            metric::TYPED_MISMATCHES,
            mismatches,
            before.typed_mismatches,
        );
        let hits = growth(metric::MEMO_HITS, health.memo_hits, before.memo_hits);
        let misses = growth(metric::MEMO_MISSES, health.memo_misses, before.memo_misses);
        if hits + misses > 0 {
            let rate = hits as f64 / (hits + misses) as f64;
            reporter.measure(metric::MEMO_HIT_RATE, rate, Tags::new());
        }
        reporter.count(metric::EVENTS_PENDING, events.pending);
        if let Some(age_ms) = health.sync_age_ms {
            reporter.count(metric::SYNC_AGE, age_ms);
        }
    }

    fn initialize_ended(
        &mut self,
        at_ms: u64,
        details: InitializeDetails,
        reporter: &mut Reporter<'_>,
    ) {
        let (success, source) = (details.init_success, details.source.to_string());
        let is_populated = details.source != SpecsSource::NoValues;
        let source_api = details.spec_source_api.unwrap_or_default();
        let tags = vec![
            ("init_success", bool_tag(success)),
            ("source", source.clone().into()),
            ("store_populated", bool_tag(is_populated)),
            ("sdk_key", reporter.shown_key()),
            ("sdk_type", SDK_TYPE.into()),
            ("sdk_version", SDK_VERSION.into()),
            ("init_source_api", source_api.into()),
        ];
        reporter.measure(metric::INITIALIZATION, millis(details.duration), tags);
        let is_ready = details.is_config_spec_ready;
        (self.diagnostics).initialize_ended(at_ms, success, is_ready, &source);
        self.end_context(Ended::Initialization, reporter);
        if let Some(problem) = &details.failure_details {
            reporter.fail(&SdkError::initialization(&problem.to_string()));
        }
    }

    fn request_ended(&mut self, request: RequestEnded, reporter: &mut Reporter<'_>) {
        self.diagnostics.request_ended(&request);
        measure_request(&request, reporter);
        let success = request.is_success();
        match request.endpoint {
            Endpoint::Specs if success => {
                self.failed_request = None;
                self.failed_requests = 0;
                self.round.format = request.format();
                self.round.deltas_used = request.deltas_used;
            }
            // It is an error only if the round of syncing ends with it.
            Endpoint::Specs => {
                self.failed_request = Some(request);
                self.failed_requests += 1;
                return;
            }
            Endpoint::IdLists => self.id_lists.has_manifest = Some(success),
            Endpoint::IdListFile if success => self.id_lists.files += 1,
            Endpoint::IdListFile => self.id_lists.failed_files += 1,
            _ => {}
        }
        if !success {
            reporter.fail(&SdkError::request(&request, 1));
        }
    }

    fn specs_processed(&mut self, specs: SpecsProcessed, reporter: &mut Reporter<'_>) {
        self.source_api = specs.source_api.as_deref().unwrap_or_default().to_owned();
        let success = !matches!(specs.outcome, Processed::Refused { .. });
        self.round.was_processed = true;
        self.round.process_failed = !success;
        if specs.source == SpecsSource::Network {
            self.diagnostics
                .specs_processed(specs.started_ms, specs.ended_ms, success);
        }
        match specs.outcome {
            Processed::Applied {
                previous_source: SpecsSource::Uninitialized | SpecsSource::Loading,
                ..
            } => {}
            Processed::Applied {
                lcut,
                previous_lcut,
                ..
            } => {
                let format = response_format(self.round.format);
                let tags = vec![
                    ("source", specs.source.to_string().into()),
                    ("source_api", self.source_api.clone().into()),
                    ("response_format", format.into()),
                    ("lcut", lcut.to_string().into()),
                    ("prev_lcut", previous_lcut.to_string().into()),
                ];
                let diff = specs.ended_ms.saturating_sub(lcut) as f64;
                reporter.measure(metric::CONFIG_PROPAGATION_DIFF, diff, tags);
            }
            Processed::Unchanged => self.no_update(&specs.source, reporter),
            Processed::Refused { problem } => {
                reporter.fail(&SdkError::refused_specs(&problem));
            }
        }
    }

    fn no_update(&self, source: &SpecsSource, reporter: &mut Reporter<'_>) {
        let tags = vec![
            ("source", source.to_string().into()),
            ("source_api", self.source_api.clone().into()),
        ];
        reporter.measure(metric::CONFIG_NO_UPDATE, 1.0, tags);
    }

    fn sync_ended(&mut self, sync: SyncEnded, reporter: &mut Reporter<'_>) {
        let round = std::mem::take(&mut self.round);
        let has_failed = sync.error.is_some();
        // Unchanged bytes are not processed.
        if !has_failed && !round.was_processed {
            self.no_update(&sync.source, reporter);
        }
        let process_success = sync.network_success && !round.process_failed;
        let tags = vec![
            ("source_api", self.source_api.clone().into()),
            ("format", format_tag(round.format).into()),
            ("error", sync.error.unwrap_or_default().into()),
            ("network_success", bool_tag(sync.network_success)),
            ("process_success", bool_tag(process_success)),
            ("deltas_used", bool_tag(round.deltas_used)),
        ];
        reporter.measure(metric::CONFIG_SYNC_LATENCY, millis(sync.duration), tags);
        if has_failed && let Some(request) = self.failed_request.take() {
            let error = SdkError::request(&request, std::mem::take(&mut self.failed_requests));
            reporter.fail(&error);
        }
        if !sync.is_initial {
            self.end_context(Ended::SpecsSync, reporter);
        }
    }

    fn id_lists_synced(&mut self, duration: Duration, reporter: &mut Reporter<'_>) {
        let requests = std::mem::take(&mut self.id_lists);
        let has_manifest = requests.has_manifest == Some(true);
        if has_manifest {
            reporter.count(metric::ID_LIST_MANIFEST_SUCCESS, 1);
        } else if requests.has_manifest.is_some() {
            reporter.count(metric::ID_LIST_MANIFEST_FAILURE, 1);
        }
        let (files, failed) = (requests.files, requests.failed_files);
        let tags = vec![
            ("id_list_manifest_success", bool_tag(has_manifest)),
            ("succeed_single_id_list_number", files.to_string().into()),
            ("failed_single_id_list_number", failed.to_string().into()),
        ];
        reporter.measure(metric::ID_LISTS_SYNC_LATENCY, millis(duration), tags);
        self.end_context(Ended::IdListsSync, reporter);
    }

    fn end_context(&mut self, ended: Ended, reporter: &mut Reporter<'_>) {
        let (rates, now_ms, random) = (reporter.rates, reporter.now_ms, reporter.random);
        let event = self.diagnostics.end(ended, rates, now_ms, random);
        reporter.event = event.filter(|_| reporter.is_diagnosed);
    }
}

fn measure_request(request: &RequestEnded, reporter: &mut Reporter<'_>) {
    let status = request.status.map(|status| status.to_string());
    let mut tags = vec![
        ("status_code", status.map_or("none".into(), Cow::from)),
        ("is_success", bool_tag(request.is_success())),
    ];
    let latency = millis(request.duration);
    let (service, path) = service_and_path(&request.url);
    match request.endpoint {
        Endpoint::Specs | Endpoint::IdLists | Endpoint::IdListFile => {
            tags.extend([
                ("request_path", path.into()),
                ("sdk_key", reporter.shown_key()),
                ("source_service", service.into()),
                ("deltas_used", bool_tag(request.deltas_used)),
            ]);
            reporter.measure(metric::NETWORK_REQUEST_LATENCY, latency, tags);
        }
        Endpoint::Events => reporter.measure(metric::EVENTS_REQUEST_LATENCY, latency, tags),
        _ => {}
    }
}

/// Scheme, host and any prefix of the path; then `/v<digits>/<endpoint>` without what follows.
fn service_and_path(url: &str) -> (String, String) {
    let Ok(url) = Url::parse(url) else {
        return (url.to_owned(), String::new());
    };
    let service = &url[..Position::BeforePath];
    let segments: Vec<&str> = url.path().split('/').collect();
    let is_version = |segment: &&str| address::is_version(segment);
    let Some(at) = segments.iter().position(is_version) else {
        return (service.to_owned(), url.path().to_owned());
    };
    let (prefix, versioned) = segments.split_at(at);
    let endpoint: Vec<&str> = versioned.iter().take(2).copied().collect();
    (
        format!("{service}{}", prefix.join("/")),
        format!("/{}", endpoint.join("/")),
    )
}

fn format_tag(format: SpecsFormat) -> &'static str {
    match format {
        SpecsFormat::Json => "json",
        SpecsFormat::PlainText => "plain_text",
        SpecsFormat::Protobuf => "protobuf",
        SpecsFormat::Unknown => "unknown",
    }
}

fn response_format(format: SpecsFormat) -> &'static str {
    match format {
        SpecsFormat::Protobuf => "Protobuf",
        SpecsFormat::Json | SpecsFormat::PlainText | SpecsFormat::Unknown => "JSON",
    }
}

fn bool_tag(value: bool) -> Cow<'static, str> {
    Cow::Borrowed(if value { "true" } else { "false" })
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_reported_as_service_and_path() {
        let cases = [
            (
                "https://h:8443/v2/download_config_specs/*****",
                ("https://h:8443", "/v2/download_config_specs"),
            ),
            (
                "http://h/a/b/v1/log_event",
                ("http://h/a/b", "/v1/log_event"),
            ),
            ("http://h/specs", ("http://h", "/specs")),
            ("nonsense", ("nonsense", "")),
        ];
        for (url, (service, path)) in cases {
            let found = service_and_path(url);
            assert_eq!(found, (service.to_owned(), path.to_owned()), "{url}");
        }
    }
}
