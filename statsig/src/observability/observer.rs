//! Turns facts into reports: measurements, errors and diagnostics events. Pure.

use std::borrow::Cow;
use std::time::Duration;

use url::{Position, Url};

use super::diagnostics::{Diagnostics, Ended};
use super::health::{Health, since};
use super::metric::{self, Tags};
use super::reporter::Reporter;
use super::sdk_error::SdkError;
use crate::facts::{
    Fact, InitializeEnded, Processed, RequestEnded, SpecsFormat, SpecsProcessed, SyncEnded,
};
use crate::results::SpecsSource;
use crate::transport::identity::{SDK_TYPE, SDK_VERSION};
use crate::transport::{Endpoint, address};

/// Accumulates the facts that reports need.
#[derive(Debug, Default)]
pub(crate) struct Observer {
    diagnostics: Diagnostics,
    /// The last request for specs if it failed, and the number of failures in a row.
    failed_request: Option<RequestEnded>,
    failed_requests: u32,
    /// About the current round of syncing.
    was_processed: bool,
    process_failed: bool,
    format: SpecsFormat,
    deltas_used: bool,
    source_api: String,
    id_lists: IdListRequests,
    reported: Health,
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
            Fact::InitializeEnded(ended) => {
                self.initialize_ended(ended, reporter);
            }
            Fact::RequestEnded(request) => self.request_ended(request, reporter),
            Fact::SpecsProcessed(specs) => self.specs_processed(specs, reporter),
            Fact::SyncEnded(sync) => self.sync_ended(&sync, reporter),
            Fact::SchemasChecked { errors, warnings } => {
                for (severity, drifts) in [("error", errors), ("warning", warnings)] {
                    let tags = vec![("severity", severity.into())];
                    reporter.measure(metric::SCHEMA_DRIFTS, drifts as f64, tags);
                }
            }
            Fact::StreamMessage => reporter.count(metric::GRPC_RECEIVED_MESSAGE),
            Fact::StreamReopened => reporter.count(metric::GRPC_RECONNECTED),
            Fact::StreamFailed { failures } => {
                let failures = failures.into();
                reporter.measure(metric::GRPC_STREAMING_FAILED, failures, Tags::new());
            }
            #[cfg(feature = "proto")]
            Fact::DeltaChecked { fits } => {
                let result = if fits { "success" } else { "failure" };
                let tags = vec![("result", result.into())];
                reporter.measure(metric::DELTAS_CHECKSUM_VALIDATION, 1.0, tags);
            }
            Fact::IdListsSynced { duration } => {
                self.id_lists_synced(duration, reporter);
            }
            Fact::IdListsNotStored => {
                reporter.count(metric::ID_LISTS_NOT_STORED);
            }
            Fact::ActorCrashed { actor, why } => {
                reporter.fail(&SdkError::crash(actor, &why));
            }
        }
    }

    /// Reports what changed since the last call.
    pub(crate) fn look(&mut self, health: Health, reporter: &mut Reporter<'_>) {
        let before = std::mem::replace(&mut self.reported, health);
        let dropped = since(&self.reported.dropped, &before.dropped);
        for (reason, _) in &dropped {
            if let Some(error) = SdkError::lost_events(reason) {
                reporter.fail(&error);
            }
        }
        for (reason, events) in dropped {
            let tags = vec![("reason", reason.into())];
            reporter.measure(metric::EVENTS_DROPPED, events as f64, tags);
        }
        self.measure_health(&before, reporter);
    }

    fn measure_health(&self, before: &Health, reporter: &mut Reporter<'_>) {
        let health = &self.reported;
        let mut count = |metric, now: u64, then: u64| {
            let more = now.saturating_sub(then);
            if more > 0 {
                reporter.measure(metric, more as f64, Tags::new());
            }
            more
        };
        count(metric::EVENTS_SENT, health.delivered, before.delivered);
        count(
            metric::TYPED_MISMATCHES,
            health.typed_mismatches,
            before.typed_mismatches,
        );
        let hits = count(metric::MEMO_HITS, health.memo_hits, before.memo_hits);
        let misses = count(metric::MEMO_MISSES, health.memo_misses, before.memo_misses);
        if hits + misses > 0 {
            let rate = hits as f64 / (hits + misses) as f64;
            reporter.measure(metric::MEMO_HIT_RATE, rate, Tags::new());
        }
        reporter.measure(metric::EVENTS_PENDING, health.pending as f64, Tags::new());
        if let Some(age_ms) = health.sync_age_ms {
            reporter.measure(metric::SYNC_AGE, age_ms as f64, Tags::new());
        }
    }

    fn initialize_ended(&mut self, ended: InitializeEnded, reporter: &mut Reporter<'_>) {
        let source = ended.source.to_string();
        let tags = vec![
            ("init_success", bool_tag(ended.success)),
            ("source", source.clone().into()),
            (
                "store_populated",
                bool_tag(ended.source != SpecsSource::NoValues),
            ),
            ("sdk_key", reporter.shown_key()),
            ("sdk_type", SDK_TYPE.into()),
            ("sdk_version", SDK_VERSION.into()),
            (
                "init_source_api",
                ended.source_api.unwrap_or_default().into(),
            ),
        ];
        reporter.measure(metric::INITIALIZATION, millis(ended.duration), tags);
        self.diagnostics.initialize_ended(
            ended.at_ms,
            ended.success,
            ended.is_config_spec_ready,
            source,
        );
        self.end_context(Ended::Initialization, reporter);
        if let Some(problem) = &ended.failure {
            let error = SdkError::initialization(problem);
            reporter.fail(&error);
        }
    }

    fn request_ended(&mut self, request: RequestEnded, reporter: &mut Reporter<'_>) {
        self.diagnostics.request_ended(&request);
        measure_request(&request, reporter);
        match (request.endpoint, request.is_success()) {
            (Endpoint::IdLists, success) => self.id_lists.has_manifest = Some(success),
            (Endpoint::IdListFile, true) => self.id_lists.files += 1,
            (Endpoint::IdListFile, false) => self.id_lists.failed_files += 1,
            _ => {}
        }
        match (request.endpoint, request.is_success()) {
            (Endpoint::Specs, true) => {
                self.failed_request = None;
                self.failed_requests = 0;
                self.format = request.format();
                self.deltas_used = request.deltas_used;
            }
            // It is an error only if the round of syncing ends with it.
            (Endpoint::Specs, false) => {
                self.failed_request = Some(request);
                self.failed_requests += 1;
            }
            (_, true) => {}
            (_, false) => reporter.fail(&SdkError::request(&request, 1)),
        }
    }

    fn specs_processed(&mut self, specs: SpecsProcessed, reporter: &mut Reporter<'_>) {
        self.was_processed = true;
        self.source_api = specs.source_api.as_deref().unwrap_or_default().to_owned();
        let success = !matches!(specs.outcome, Processed::Refused { .. });
        self.process_failed = !success;
        if specs.source == SpecsSource::Network {
            self.diagnostics
                .specs_processed(specs.started_ms, specs.ended_ms, success);
        }
        match specs.outcome {
            Processed::Applied {
                lcut,
                previous_lcut,
                previous_source,
            } => {
                let is_first = matches!(
                    previous_source,
                    SpecsSource::Uninitialized | SpecsSource::Loading
                );
                if !is_first {
                    let tags = vec![
                        ("source", specs.source.to_string().into()),
                        ("source_api", self.source_api.clone().into()),
                        ("response_format", response_format(self.format).into()),
                        ("lcut", lcut.to_string().into()),
                        ("prev_lcut", previous_lcut.to_string().into()),
                    ];
                    let diff = specs.ended_ms.saturating_sub(lcut) as f64;
                    reporter.measure(metric::CONFIG_PROPAGATION_DIFF, diff, tags);
                }
            }
            Processed::Unchanged => self.no_update(&specs.source, reporter),
            Processed::Refused { problem } => {
                let error = SdkError::refused_specs(&problem);
                reporter.fail(&error);
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

    fn sync_ended(&mut self, sync: &SyncEnded, reporter: &mut Reporter<'_>) {
        let was_processed = std::mem::take(&mut self.was_processed);
        let process_failed = std::mem::take(&mut self.process_failed);
        let format = std::mem::take(&mut self.format);
        let deltas_used = std::mem::take(&mut self.deltas_used);
        // Unchanged bytes are not processed.
        if sync.error.is_none() && !was_processed {
            self.no_update(&sync.source, reporter);
        }
        let tags = vec![
            ("source_api", self.source_api.clone().into()),
            ("format", format_tag(format).into()),
            ("error", sync.error.clone().unwrap_or_default().into()),
            ("network_success", bool_tag(sync.network_success)),
            (
                "process_success",
                bool_tag(sync.network_success && !process_failed),
            ),
            ("deltas_used", bool_tag(deltas_used)),
        ];
        reporter.measure(metric::CONFIG_SYNC_LATENCY, millis(sync.duration), tags);
        if sync.error.is_some()
            && let Some(request) = self.failed_request.take()
        {
            let error = SdkError::request(&request, std::mem::take(&mut self.failed_requests));
            reporter.fail(&error);
        }
        if !sync.is_initial {
            self.end_context(Ended::SpecsSync, reporter);
        }
    }

    fn id_lists_synced(&mut self, duration: Duration, reporter: &mut Reporter<'_>) {
        let requests = std::mem::take(&mut self.id_lists);
        if let Some(success) = requests.has_manifest {
            let manifest = if success {
                metric::ID_LIST_MANIFEST_SUCCESS
            } else {
                metric::ID_LIST_MANIFEST_FAILURE
            };
            reporter.count(manifest);
        }
        let has_manifest = requests.has_manifest.unwrap_or(false);
        let tags = vec![
            ("id_list_manifest_success", bool_tag(has_manifest)),
            (
                "succeed_single_id_list_number",
                requests.files.to_string().into(),
            ),
            (
                "failed_single_id_list_number",
                requests.failed_files.to_string().into(),
            ),
        ];
        reporter.measure(metric::ID_LISTS_SYNC_LATENCY, millis(duration), tags);
        self.end_context(Ended::IdListsSync, reporter);
    }

    fn end_context(&mut self, ended: Ended, reporter: &mut Reporter<'_>) {
        let event = self
            .diagnostics
            .end(ended, reporter.rates, reporter.now_ms, reporter.random);
        reporter.event = event.filter(|_| reporter.is_diagnosed);
    }
}

fn measure_request(request: &RequestEnded, reporter: &mut Reporter<'_>) {
    let status = request
        .status
        .map_or_else(|| "none".to_owned(), |status| status.to_string());
    let mut tags = vec![
        ("status_code", status.into()),
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
    match segments
        .iter()
        .position(|segment| address::is_version(segment))
    {
        Some(at) => {
            let (prefix, versioned) = segments.split_at(at);
            let endpoint: Vec<&str> = versioned.iter().take(2).copied().collect();
            (
                format!("{service}{}", prefix.join("/")),
                format!("/{}", endpoint.join("/")),
            )
        }
        None => (service.to_owned(), url.path().to_owned()),
    }
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
