//! The content of `statsig::diagnostics` events: initialization and syncs as markers. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::events::event::{EventMetadata, OtherEvent};
use crate::facts::RequestEnded;
use crate::specs::settings::DiagnosticsRates;
use crate::transport::Endpoint;

/// Markers of one context; further ones are left out.
pub(crate) const MAX_MARKERS: usize = 50;
/// A rate is the number of events to send out of this many.
const RATE_BASE: u64 = 10_000;

/// The activity that an event ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Initialization,
    SpecsSync,
    IdListsSync,
}

/// The markers of the current context: the initialization, or a sync after it.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    is_initialized: bool,
    /// Points in time, as JSON objects.
    markers: Vec<Value>,
    /// Failed requests in a row, by endpoint.
    attempts: BTreeMap<&'static str, u32>,
}

impl Diagnostics {
    pub(crate) fn initialize_started(&mut self, at_ms: u64) {
        self.is_initialized = false;
        self.add(json!({"key": "overall", "action": "start", "timestamp": at_ms}));
    }

    pub(crate) fn initialize_ended(
        &mut self,
        at_ms: u64,
        success: bool,
        config_spec_ready: bool,
        source: &str,
    ) {
        self.add(json!({
            "key": "overall", "action": "end", "timestamp": at_ms,
            "success": success, "configSpecReady": config_spec_ready, "source": source,
        }));
    }

    /// A request for specs or ID lists ended. Other requests have no markers.
    pub(crate) fn request_ended(&mut self, request: &RequestEnded) {
        let key = match request.endpoint {
            Endpoint::Specs => "download_config_specs",
            Endpoint::IdLists => "get_id_list_sources",
            Endpoint::IdListFile => "get_id_list",
            _ => return,
        };
        let success = request.is_success();
        let failures = self.attempts.entry(key).or_default();
        let attempt = *failures;
        *failures = if success { 0 } else { attempt + 1 };
        let code = request.status.map(|status| status.to_string());
        let code = code.as_deref().unwrap_or("None");
        let error = (!success)
            .then(|| json!({"name": "NetworkError", "message": request.problem(), "code": code}));
        self.add(json!({
            "key": key, "action": "start", "timestamp": request.started_ms,
            "step": "network_request", "attempt": attempt, "url": request.url,
        }));
        self.add(json!({
            "key": key, "action": "end", "timestamp": request.ended_ms,
            "step": "network_request", "attempt": attempt, "url": request.url,
            "statusCode": request.status, "success": success, "sdkRegion": request.region,
            "contentType": request.content_type, "error": error,
        }));
    }

    /// Downloaded specs were processed.
    pub(crate) fn specs_processed(&mut self, started_ms: u64, ended_ms: u64, success: bool) {
        let (key, step) = ("download_config_specs", "process");
        self.add(json!({"key": key, "action": "start", "timestamp": started_ms, "step": step}));
        self.add(json!({
            "key": key, "action": "end", "timestamp": ended_ms, "step": step, "success": success,
        }));
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
        let rate = match ended {
            Ended::Initialization => rates.initialize(),
            Ended::SpecsSync => rates.specs_sync(),
            // Part of the initialization, whose event contains it.
            Ended::IdListsSync if !self.is_initialized => return None,
            Ended::IdListsSync => rates.id_lists_sync(),
        };
        let is_initialized = std::mem::replace(&mut self.is_initialized, true);
        let context = if is_initialized || ended == Ended::SpecsSync {
            "config_sync"
        } else {
            "initialize"
        };
        let markers = std::mem::take(&mut self.markers);
        let is_in_sample = random * (RATE_BASE as f64) < rate as f64;
        (is_in_sample && !markers.is_empty()).then(|| OtherEvent {
            name: "statsig::diagnostics".into(),
            user: None,
            value: None,
            metadata: Some(EventMetadata::from([
                ("context".to_owned(), context.into()),
                (
                    "markers".to_owned(),
                    Value::from(markers).to_string().into(),
                ),
            ])),
            time_ms: now_ms,
        })
    }

    /// Adds a marker without its absent fields.
    fn add(&mut self, mut marker: Value) {
        if let Value::Object(fields) = &mut marker {
            fields.retain(|_, value| !value.is_null());
        }
        if self.markers.len() < MAX_MARKERS {
            self.markers.push(marker);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        diagnostics.initialize_ended(31, true, true, "Network");
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
