//! The content of `statsig::diagnostics` events: initialization and syncs as markers. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::events::event::{EventMetadata, OtherEvent};
use crate::facts::RequestEnded;
use crate::specs::settings::DiagnosticsRates;
use crate::transport::Endpoint;

/// Markers of one context; further ones are left out.
pub(crate) const MAX_MARKERS: usize = 50;
/// A rate is the number of events to send out of this many.
const RATE_BASE: u64 = 10_000;

/// The activity that the markers describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Context {
    #[default]
    Initialize,
    ConfigSync,
}

/// The event that ends a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Initialization,
    SpecsSync,
    IdListsSync,
}

/// The markers of the current context.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    context: Context,
    markers: Vec<Marker>,
    /// Failed requests in a row, by endpoint.
    attempts: BTreeMap<&'static str, u32>,
}

/// A point in time. Absent fields are left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    key: &'static str,
    action: &'static str,
    timestamp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<MarkerError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sdk_region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config_spec_ready: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct MarkerError {
    name: &'static str,
    message: String,
    code: String,
}

impl Diagnostics {
    pub(crate) fn initialize_started(&mut self, at_ms: u64) {
        self.context = Context::Initialize;
        self.add(Marker::start("overall", None, at_ms));
    }

    pub(crate) fn initialize_ended(
        &mut self,
        at_ms: u64,
        success: bool,
        config_spec_ready: bool,
        source: String,
    ) {
        self.add(Marker {
            success: Some(success),
            config_spec_ready: Some(config_spec_ready),
            source: Some(source),
            ..Marker::end("overall", None, at_ms)
        });
    }

    /// A request for specs or ID lists ended. Other requests have no markers.
    pub(crate) fn request_ended(&mut self, request: &RequestEnded) {
        let key = match request.endpoint {
            Endpoint::Specs => "download_config_specs",
            Endpoint::IdLists => "get_id_list_sources",
            Endpoint::IdListFile => "get_id_list",
            _ => return,
        };
        let step = Some("network_request");
        let failures = self.attempts.entry(key).or_default();
        let attempt = Some(*failures);
        let success = request.is_success();
        *failures = if success { 0 } else { *failures + 1 };
        self.add(Marker {
            attempt,
            url: Some(request.url.clone()),
            ..Marker::start(key, step, request.started_ms)
        });
        self.add(Marker {
            attempt,
            url: Some(request.url.clone()),
            status_code: request.status,
            success: Some(success),
            sdk_region: request.region.clone(),
            content_type: request.content_type.clone(),
            error: (!success).then(|| MarkerError {
                name: "NetworkError",
                message: request.problem(),
                code: request
                    .status
                    .map_or_else(|| "None".to_owned(), |status| status.to_string()),
            }),
            ..Marker::end(key, step, request.ended_ms)
        });
    }

    /// Downloaded specs were processed.
    pub(crate) fn specs_processed(&mut self, started_ms: u64, ended_ms: u64, success: bool) {
        let (key, step) = ("download_config_specs", Some("process"));
        self.add(Marker::start(key, step, started_ms));
        self.add(Marker {
            success: Some(success),
            ..Marker::end(key, step, ended_ms)
        });
    }

    /// Ends the context. Returns its event, if there are markers and the event is in the sample.
    /// `random` is between 0 and 1.
    pub(crate) fn end(
        &mut self,
        ended: Ended,
        rates: &DiagnosticsRates,
        now_ms: u64,
        random: f64,
    ) -> Option<OtherEvent> {
        match ended {
            Ended::Initialization => {}
            Ended::SpecsSync => self.context = Context::ConfigSync,
            // Part of the initialization, whose event contains it.
            Ended::IdListsSync if self.context == Context::Initialize => return None,
            Ended::IdListsSync => {}
        }
        let context = match self.context {
            Context::Initialize => "initialize",
            Context::ConfigSync => "config_sync",
        };
        self.context = Context::ConfigSync;
        let markers = std::mem::take(&mut self.markers);
        let rate = match ended {
            Ended::Initialization => rates.initialize(),
            Ended::SpecsSync => rates.specs_sync(),
            Ended::IdListsSync => rates.id_lists_sync(),
        };
        let is_in_sample = random * (RATE_BASE as f64) < rate as f64;
        if markers.is_empty() || !is_in_sample {
            return None;
        }
        let markers = serde_json::to_string(&markers).unwrap_or_default();
        Some(OtherEvent {
            name: "statsig::diagnostics".into(),
            user: None,
            value: None,
            metadata: Some(EventMetadata::from([
                ("context".to_owned(), context.into()),
                ("markers".to_owned(), markers.into()),
            ])),
            time_ms: now_ms,
        })
    }

    fn add(&mut self, marker: Marker) {
        if self.markers.len() < MAX_MARKERS {
            self.markers.push(marker);
        }
    }
}

impl Marker {
    fn start(key: &'static str, step: Option<&'static str>, timestamp: u64) -> Self {
        Self {
            key,
            action: "start",
            timestamp,
            step,
            ..Self::default()
        }
    }

    fn end(key: &'static str, step: Option<&'static str>, timestamp: u64) -> Self {
        Self {
            action: "end",
            ..Self::start(key, step, timestamp)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;

    fn request(endpoint: Endpoint, status: u16) -> RequestEnded {
        RequestEnded {
            endpoint,
            url: "https://host/v2/download_config_specs/secre*****.json".to_owned(),
            started_ms: 10,
            ended_ms: 20,
            duration: Duration::from_millis(10),
            status: Some(status),
            error: None,
            is_final: false,
            region: Some("az-westus".to_owned()),
            content_type: Some("application/json".to_owned()),
            content_encoding: None,
            deltas_used: false,
        }
    }

    fn markers(event: Option<OtherEvent>) -> (String, Value) {
        let metadata = event.unwrap().metadata.unwrap();
        let markers = metadata["markers"].as_str().unwrap();
        let context = metadata["context"].as_str().unwrap();
        (context.to_owned(), serde_json::from_str(markers).unwrap())
    }

    #[test]
    fn initialising_leaves_the_markers_of_the_protocol() {
        let mut diagnostics = Diagnostics::default();
        diagnostics.initialize_started(1);
        diagnostics.request_ended(&request(Endpoint::Specs, 500));
        diagnostics.request_ended(&request(Endpoint::Specs, 200));
        diagnostics.request_ended(&request(Endpoint::Events, 200));
        diagnostics.specs_processed(20, 30, true);
        diagnostics.initialize_ended(31, true, true, "Network".to_owned());
        let rates = DiagnosticsRates::default();
        let event = diagnostics.end(Ended::Initialization, &rates, 32, 0.999);
        let (context, markers) = markers(event);
        let url = "https://host/v2/download_config_specs/secre*****.json";
        assert_eq!(context, "initialize");
        assert_eq!(
            markers,
            json!([
                {"key": "overall", "action": "start", "timestamp": 1},
                {"key": "download_config_specs", "action": "start", "timestamp": 10, "attempt": 0, "step": "network_request",
                 "url": url},
                {"key": "download_config_specs", "action": "end", "timestamp": 20, "attempt": 0, "step": "network_request",
                 "url": url, "statusCode": 500, "success": false, "sdkRegion": "az-westus", "contentType": "application/json",
                 "error": {"name": "NetworkError", "message": "status 500", "code": "500"}},
                {"key": "download_config_specs", "action": "start", "timestamp": 10, "attempt": 1, "step": "network_request",
                 "url": url},
                {"key": "download_config_specs", "action": "end", "timestamp": 20, "attempt": 1, "step": "network_request",
                 "url": url, "statusCode": 200, "success": true, "sdkRegion": "az-westus", "contentType": "application/json"},
                {"key": "download_config_specs", "action": "start", "timestamp": 20, "step": "process"},
                {"key": "download_config_specs", "action": "end", "timestamp": 30, "step": "process", "success": true},
                {"key": "overall", "action": "end", "timestamp": 31, "success": true, "configSpecReady": true, "source": "Network"},
            ])
        );
    }

    #[test]
    fn later_contexts_are_syncs_and_each_begins_empty() {
        let mut diagnostics = Diagnostics::default();
        let rates = DiagnosticsRates::default();
        diagnostics.initialize_started(1);
        assert!(
            diagnostics
                .end(Ended::Initialization, &rates, 2, 0.0)
                .is_some()
        );
        assert!(diagnostics.end(Ended::SpecsSync, &rates, 3, 0.0).is_none());
        diagnostics.request_ended(&request(Endpoint::Specs, 200));
        let (context, markers) = markers(diagnostics.end(Ended::SpecsSync, &rates, 4, 0.0));
        assert_eq!(context, "config_sync");
        assert_eq!(markers.as_array().unwrap().len(), 2);
    }

    #[test]
    fn rates_decide_and_what_is_not_in_the_sample_is_forgotten() {
        let mut diagnostics = Diagnostics::default();
        let rates = DiagnosticsRates::default();
        // One in ten syncs.
        for (random, is_sent) in [(0.0999, true), (0.1, false), (0.9, false)] {
            diagnostics.request_ended(&request(Endpoint::Specs, 200));
            let event = diagnostics.end(Ended::SpecsSync, &rates, 4, random);
            assert_eq!(event.is_some(), is_sent, "{random}");
        }
        let silent = rates.merged(json!({"initialize": 0}).as_object().unwrap());
        diagnostics.initialize_started(1);
        let event = diagnostics.end(Ended::Initialization, &silent, 2, 0.0);
        assert!(event.is_none());
    }

    #[test]
    fn syncs_of_id_lists_have_a_rate_of_their_own_and_are_part_of_initialising() {
        let mut diagnostics = Diagnostics::default();
        let rates = DiagnosticsRates::default();
        diagnostics.initialize_started(1);
        diagnostics.request_ended(&request(Endpoint::IdLists, 200));
        let event = diagnostics.end(Ended::IdListsSync, &rates, 2, 0.0);
        assert!(event.is_none());
        let (_, initial) = markers(diagnostics.end(Ended::Initialization, &rates, 3, 0.0));
        assert_eq!(initial[1]["key"], "get_id_list_sources");
        // One in a hundred.
        for (random, is_sent) in [(0.0099, true), (0.01, false)] {
            diagnostics.request_ended(&request(Endpoint::IdListFile, 200));
            let event = diagnostics.end(Ended::IdListsSync, &rates, 4, random);
            assert_eq!(event.is_some(), is_sent, "{random}");
        }
    }

    #[test]
    fn a_context_holds_fifty_markers() {
        let mut diagnostics = Diagnostics::default();
        for _ in 0..40 {
            diagnostics.request_ended(&request(Endpoint::Specs, 500));
        }
        let rates = DiagnosticsRates::default();
        let (_, markers) = markers(diagnostics.end(Ended::SpecsSync, &rates, 4, 0.0));
        assert_eq!(markers.as_array().unwrap().len(), MAX_MARKERS);
    }
}
