//! Faults on demand: the script of each endpoint, and what the client sees.

use std::sync::Mutex;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::bodies;
use crate::error::LocalError;
use crate::limits::{MAX_BODY_BYTES, MAX_BOMB_MIB, MAX_FAULTS_BYTES, MAX_QUEUED_FAULTS};
use crate::requests::Endpoint;
use crate::sync::lock;

/// A fault of requests to one [`Endpoint`].
///
/// Without [`times`](Fault::times), a fault lasts until faults are cleared. Faults of one endpoint
/// apply in the order of injection: the second begins when the first is used up.
///
/// ```
/// use statsig_local::Fault;
/// use std::time::Duration;
///
/// let two_slow_failures = Fault::status(503).delayed(Duration::from_millis(20)).times(2);
/// # let _ = two_slow_failures;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    kind: FaultKind,
    delay_ms: u64,
    times: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultKind {
    Pass,
    Delay,
    Status(u16),
    DropConnection,
    LoseAnswer,
    Truncate,
    Stall,
    Corrupt,
    Empty,
    Html,
    WrongEncoding,
    /// Mebibytes after decompression.
    Bomb(u32),
}

impl Fault {
    /// Answers with this status (200–599) instead of handling the request.
    #[must_use]
    pub fn status(code: u16) -> Self {
        Self::new(FaultKind::Status(code))
    }

    /// Closes the connection without an answer and without handling the request.
    #[must_use]
    pub fn drop_connection() -> Self {
        Self::new(FaultKind::DropConnection)
    }

    /// Handles the request (events are kept), then closes the connection without an answer.
    #[must_use]
    pub fn lose_answer() -> Self {
        Self::new(FaultKind::LoseAnswer)
    }

    /// Handles the request, announces the whole answer, sends half of it and closes the connection.
    #[must_use]
    pub fn truncate() -> Self {
        Self::new(FaultKind::Truncate)
    }

    /// Handles the request and answers with the same number of bytes, all of them wrong: neither
    /// JSON nor gzip.
    #[must_use]
    pub fn corrupt() -> Self {
        Self::new(FaultKind::Corrupt)
    }

    /// Handles the request, announces the whole answer, sends half of it, and then sends nothing
    /// more.
    #[must_use]
    pub fn stall() -> Self {
        Self::new(FaultKind::Stall)
    }

    /// Handles the request and answers with its status and an empty body.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(FaultKind::Empty)
    }

    /// Answers with status 200 and a web page instead of handling the request, as a captive portal
    /// does.
    #[must_use]
    pub fn html() -> Self {
        Self::new(FaultKind::Html)
    }

    /// Handles the request and answers with a body whose encoding is not the one in its header.
    #[must_use]
    pub fn wrong_encoding() -> Self {
        Self::new(FaultKind::WrongEncoding)
    }

    /// Answers with status 200 and a small gzip body that grows to this many mebibytes (1–4096)
    /// when it is decompressed.
    #[must_use]
    pub fn bomb(mebibytes: u32) -> Self {
        Self::new(FaultKind::Bomb(mebibytes))
    }

    /// Handles the request without a fault, for scripts in which some requests succeed before
    /// others fail.
    #[must_use]
    pub fn pass() -> Self {
        Self::new(FaultKind::Pass)
    }

    /// Handles the request correctly after a delay.
    #[must_use]
    pub fn delay(delay: Duration) -> Self {
        Self::new(FaultKind::Delay).delayed(delay)
    }

    /// Waits before everything else. Default: no wait.
    #[must_use]
    pub fn delayed(mut self, delay: Duration) -> Self {
        self.delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Applies to this many requests. Default: to all until faults are cleared.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            delay_ms: 0,
            times: None,
        }
    }
}

/// A fault for an endpoint as in the control endpoints, such as
/// `{"endpoint": "specs", "fault": {"status": 500}, "delay_ms": 20, "times": 2}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScriptedFault {
    endpoint: Endpoint,
    #[serde(rename = "fault")]
    kind: FaultKind,
    #[serde(default)]
    delay_ms: u64,
    times: Option<u32>,
}

impl ScriptedFault {
    fn check(&self) -> Result<(), LocalError> {
        let problem = match (self.kind, self.times) {
            (FaultKind::Status(code), _) if !(200..600).contains(&code) => {
                format!("status {code}; expected 200 to 599")
            }
            (FaultKind::Bomb(size), _) if !(1..=MAX_BOMB_MIB).contains(&size) => {
                format!("a bomb of {size} MiB; expected 1 to {MAX_BOMB_MIB}")
            }
            (_, Some(0)) => {
                "zero times; expected at least one, or none for `until cleared`".to_owned()
            }
            _ => return Ok(()),
        };
        Err(LocalError::InvalidFault(problem))
    }
}

/// Faults as in the control endpoints and files: `{"faults": […]}`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireFaults {
    pub(crate) faults: Vec<ScriptedFault>,
}

impl WireFaults {
    /// Reads a file of faults.
    pub(crate) fn parse(text: &str, origin: &str) -> Result<Self, LocalError> {
        LocalError::check_size(text, MAX_FAULTS_BYTES, origin)?;
        serde_json::from_str(text).map_err(|error| LocalError::syntax(origin, &error))
    }
}

/// The faults that wait, in the order of injection.
#[derive(Debug, Default)]
pub(crate) struct FaultScript(Mutex<Vec<ScriptedFault>>);

impl FaultScript {
    pub(crate) fn inject(&self, endpoint: Endpoint, fault: Fault) -> Result<(), LocalError> {
        let fault = ScriptedFault {
            endpoint,
            kind: fault.kind,
            delay_ms: fault.delay_ms,
            times: fault.times,
        };
        push(&mut lock(&self.0), fault)
    }

    /// Replaces all faults. If one of the new ones is invalid, replaces none.
    pub(crate) fn replace(&self, faults: Vec<ScriptedFault>) -> Result<(), LocalError> {
        let mut next = Vec::new();
        for fault in faults {
            push(&mut next, fault)?;
        }
        *lock(&self.0) = next;
        Ok(())
    }

    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    /// The fault for the request that has just arrived.
    pub(crate) fn next(&self, endpoint: Endpoint) -> Option<ScriptedFault> {
        let mut script = lock(&self.0);
        let place = script.iter().position(|fault| fault.endpoint == endpoint)?;
        let first = script.get_mut(place)?;
        let fault = first.clone();
        if let Some(times) = &mut first.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                script.remove(place);
            }
        }
        Some(fault)
    }

    pub(crate) fn pending(&self) -> Vec<ScriptedFault> {
        lock(&self.0).clone()
    }
}

fn push(script: &mut Vec<ScriptedFault>, fault: ScriptedFault) -> Result<(), LocalError> {
    fault.check()?;
    let of_endpoint = script.iter().filter(|it| it.endpoint == fault.endpoint);
    if of_endpoint.count() >= MAX_QUEUED_FAULTS {
        return Err(LocalError::TooManyFaults);
    }
    script.push(fault);
    Ok(())
}

/// The answer to a request under a fault; `None` closes the connection without an answer.
pub(crate) async fn answer(fault: ScriptedFault, request: Request, next: Next) -> Option<Response> {
    tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    Some(match fault.kind {
        FaultKind::Pass | FaultKind::Delay => next.run(request).await,
        FaultKind::Status(code) => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            instead(request, (status, "injected by statsig-local")).await
        }
        FaultKind::Html => instead(request, Html(bodies::PAGE)).await,
        FaultKind::Bomb(size) => {
            let made = tokio::task::spawn_blocking(move || bodies::bomb(size)).await;
            let gzip = (header::CONTENT_ENCODING, "gzip");
            instead(request, ([gzip], made.unwrap_or_default())).await
        }
        FaultKind::DropConnection => return None,
        FaultKind::LoseAnswer => {
            next.run(request).await;
            return None;
        }
        FaultKind::Truncate => rewrite(next.run(request).await, bodies::truncated).await,
        FaultKind::Stall => rewrite(next.run(request).await, bodies::stalled).await,
        FaultKind::Corrupt => rewrite(next.run(request).await, bodies::corrupted).await,
        FaultKind::Empty => {
            let (mut parts, _) = next.run(request).await.into_parts();
            parts.headers.remove(header::CONTENT_ENCODING);
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::empty())
        }
        FaultKind::WrongEncoding => {
            let mut response = next.run(request).await;
            let is_gzip = response.headers().contains_key(header::CONTENT_ENCODING);
            let other = HeaderValue::from_static(if is_gzip { "br" } else { "gzip" });
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, other);
            response
        }
    })
}

/// Answers a request that is read but not handled.
async fn instead(request: Request, answer: impl IntoResponse) -> Response {
    // If the answer comes while a client still sends, the client may see a broken connection.
    let _ = axum::body::to_bytes(request.into_body(), MAX_BODY_BYTES).await;
    answer.into_response()
}

async fn rewrite(response: Response, change: fn(Bytes) -> Body) -> Response {
    let (mut parts, body) = response.into_parts();
    // The body comes from this server and is already in memory, so it needs no limit.
    let body = axum::body::to_bytes(body, usize::MAX)
        .await
        .unwrap_or_default();
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    Response::from_parts(parts, change(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_an_endpoint_apply_in_turn() {
        let script = FaultScript::default();
        script
            .inject(Endpoint::Specs, Fault::status(500).times(2))
            .unwrap();
        script.inject(Endpoint::Specs, Fault::corrupt()).unwrap();
        let kinds: Vec<_> = (0..4)
            .map(|_| script.next(Endpoint::Specs).unwrap().kind)
            .collect();
        assert_eq!(
            kinds,
            [
                FaultKind::Status(500),
                FaultKind::Status(500),
                FaultKind::Corrupt,
                FaultKind::Corrupt
            ]
        );
        assert_eq!(script.next(Endpoint::LogEvent), None);
        script.clear();
        assert_eq!(script.next(Endpoint::Specs), None);
    }

    #[test]
    fn impossible_faults_are_refused() {
        let script = FaultScript::default();
        for (fault, text) in [
            (
                Fault::status(99),
                "invalid fault: status 99; expected 200 to 599",
            ),
            (
                Fault::status(600),
                "invalid fault: status 600; expected 200 to 599",
            ),
            (Fault::corrupt().times(0), "invalid fault: zero times"),
            (
                Fault::bomb(0),
                "invalid fault: a bomb of 0 MiB; expected 1 to",
            ),
        ] {
            let error = script.inject(Endpoint::Specs, fault).unwrap_err();
            assert!(error.to_string().starts_with(text), "{error}");
        }
    }

    #[test]
    fn files_of_faults_are_read_in_order_and_problems_have_a_place() {
        let text = r#"{"faults": [
            {"endpoint": "specs", "fault": "pass", "times": 1},
            {"endpoint": "specs", "fault": {"bomb": 200}, "delay_ms": 5, "times": 1}
        ]}"#;
        let WireFaults { faults } = WireFaults::parse(text, "faults.json").unwrap();
        let script = FaultScript::default();
        script.replace(faults).unwrap();
        let kinds = [(); 2].map(|()| script.next(Endpoint::Specs).unwrap().kind);
        assert_eq!(kinds, [FaultKind::Pass, FaultKind::Bomb(200)]);
        assert_eq!(script.next(Endpoint::Specs), None);

        let wrong = "{\"faults\": [\n  {\"endpoint\": \"specs\", \"fault\": \"slow\"}]}";
        let error = WireFaults::parse(wrong, "faults.json").unwrap_err();
        assert!(error.to_string().starts_with("faults.json:2:"), "{error}");
        let long = " ".repeat(MAX_FAULTS_BYTES + 1);
        let error = WireFaults::parse(&long, "faults.json").unwrap_err();
        assert!(matches!(error, LocalError::TooLarge { .. }), "{error}");
    }

    #[test]
    fn the_queue_of_an_endpoint_is_bounded() {
        let script = FaultScript::default();
        for _ in 0..MAX_QUEUED_FAULTS {
            script.inject(Endpoint::Specs, Fault::corrupt()).unwrap();
        }
        let error = script
            .inject(Endpoint::Specs, Fault::corrupt())
            .unwrap_err();
        assert!(matches!(error, LocalError::TooManyFaults));
        script.inject(Endpoint::LogEvent, Fault::corrupt()).unwrap();
    }
}
