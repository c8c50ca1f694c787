//! A network in memory.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use statsig_core::authoring::Specs;

use super::answer::Answer;
use super::id_lists::{self, ServedIdLists, file_answer, in_query};
use super::or_fail;
use crate::events::seal;
use crate::offline::SpecsInput;
use crate::transport::{BoxFuture, Endpoint, Request, Response, Transport, TransportError};

/// A request as sent.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The time since the transport was created.
    pub at: Duration,
    /// The request itself. Unlike its `Debug`, its fields hide nothing.
    pub request: Request,
}

/// A batch of events as posted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PostedBatch {
    /// The time since the transport was created.
    pub at: Duration,
    /// The earlier attempts, from the header.
    pub retries: u32,
    /// The events.
    pub events: Vec<Value>,
    /// The SDK's metadata (`statsigMetadata`).
    pub metadata: Value,
    /// Whether the answer was a success. `None` while there is no answer.
    pub is_accepted: Option<bool>,
}

/// A [`Transport`] in memory. It returns scripted answers, and records the requests.
///
/// By default, it accepts events. Specs requests get status 404 until
/// [`serve_specs`](Self::serve_specs) provides specs. The manifest has no ID lists until
/// [`set_id_list_file`](Self::set_id_list_file) adds some;
/// [`Statsig::enrich`](crate::Statsig::enrich) gets its answers from the same lists. Requests for
/// [`Endpoint::Other`] get status 404.
///
/// ```
/// use statsig::testing::{Answer, Endpoint, ScriptedTransport};
///
/// let network = ScriptedTransport::new();
/// network.serve_specs(r#"{"has_updates": true, "time": 5}"#);
/// network.next(Endpoint::Specs, Answer::status(500)); // the next request fails, later ones are served
/// network.always(Endpoint::Events, Answer::hang()); // from now on
/// ```
#[derive(Debug)]
pub struct ScriptedTransport {
    start: Instant,
    state: Mutex<NetworkState>,
}

#[derive(Debug, Default)]
struct NetworkState {
    specs: Option<String>,
    /// How many described projects were served.
    projects: u64,
    id_lists: ServedIdLists,
    next: HashMap<Endpoint, VecDeque<Answer>>,
    always: HashMap<Endpoint, Answer>,
    requests: Vec<RecordedRequest>,
    batches: Vec<PostedBatch>,
}

impl ScriptedTransport {
    /// A network without specs. It accepts events.
    ///
    /// ```
    /// use statsig::testing::ScriptedTransport;
    ///
    /// let network = ScriptedTransport::new();
    /// assert!(network.batches().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            state: Mutex::default(),
        }
    }

    /// Serves these specs from now on, as the service does: a client that already has them gets
    /// `has_updates: false`.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use statsig::{Event, Statsig, StatsigOptions, StatsigUser};
    /// # use statsig::testing::{Answer, Endpoint, ScriptedTransport, Specs};
    /// # let mut builder = tokio::runtime::Builder::new_current_thread();
    /// # let runtime = builder.enable_all().start_paused(true).build().unwrap();
    /// # runtime.block_on(async {
    /// let network = Arc::new(ScriptedTransport::new());
    /// network.serve_specs(Specs::new().gate("a_gate", |g| g.everyone()));
    /// let options = StatsigOptions::builder().transport(network.clone()).build()?;
    /// let statsig = Statsig::new("secret-key", options);
    /// statsig.initialize().await?;
    /// assert!(statsig.check_gate(&StatsigUser::with_user_id("a-user"), "a_gate"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// [`Specs`](super::Specs) without a time count as newer than all that were served before.
    /// Their ID lists are served, too.
    ///
    /// # Panics
    /// If Statsig would not accept the described project. The message says what is wrong.
    #[track_caller]
    pub fn serve_specs(&self, specs: impl Into<SpecsInput>) {
        let mut specs = specs.into();
        let mut state = self.state();
        if let SpecsInput::Project(project) = &mut specs {
            state.projects += 1;
            let time = Specs::DEFAULT_TIME_MS.saturating_add(state.projects);
            project.time_ms.get_or_insert(time);
        }
        for (list, ids) in specs.id_lists() {
            state.id_lists.set(list, id_lists::lines(&ids));
        }
        state.specs = Some(or_fail(specs.into_json()));
    }

    /// Serves an ID list with these lines from now on, as the service does: in ranges, and named in
    /// the manifest. A line is `+` or `-` and the first eight characters of base64 SHA-256.
    ///
    /// A text that begins with the previous one is the same file, with more lines. Any other text
    /// is a new file.
    ///
    /// ```
    /// use statsig::testing::{Answer, Endpoint, ScriptedTransport};
    ///
    /// let network = ScriptedTransport::new();
    /// network.set_id_list_file("employees", "+Z/hEKLio\n");
    /// ```
    pub fn set_id_list_file(&self, list: impl Into<String>, lines: impl Into<String>) {
        self.state().id_lists.set(list.into(), lines.into());
    }

    /// Removes an ID list from the manifest.
    ///
    /// ```
    /// use statsig::testing::{Answer, Endpoint, ScriptedTransport};
    ///
    /// let network = ScriptedTransport::new();
    /// network.set_id_list_file("employees", "+Z/hEKLio\n");
    /// network.remove_id_list("employees");
    /// ```
    pub fn remove_id_list(&self, list: &str) {
        self.state().id_lists.remove(list);
    }

    /// Scripts the answer to the next request to this endpoint. Further calls script the requests
    /// after it.
    ///
    /// ```
    /// use statsig::testing::{Answer, Endpoint, ScriptedTransport};
    ///
    /// let network = ScriptedTransport::new();
    /// network.next(Endpoint::Specs, Answer::status(500)); // for the first request
    /// network.next(Endpoint::Specs, Answer::hang()); // for the second
    /// ```
    pub fn next(&self, endpoint: Endpoint, answer: Answer) {
        self.state()
            .next
            .entry(endpoint)
            .or_default()
            .push_back(answer);
    }

    /// Scripts the answer to all further requests to this endpoint.
    ///
    /// ```
    /// use statsig::testing::{Answer, Endpoint, ScriptedTransport};
    ///
    /// let network = ScriptedTransport::new();
    /// network.always(Endpoint::Events, Answer::refuse_connection());
    /// ```
    pub fn always(&self, endpoint: Endpoint, answer: Answer) {
        self.state().always.insert(endpoint, answer);
    }

    /// Removes the scripted answers of this endpoint.
    ///
    /// ```
    /// use statsig::testing::{Answer, Endpoint, ScriptedTransport};
    ///
    /// let network = ScriptedTransport::new();
    /// network.always(Endpoint::Events, Answer::refuse_connection());
    /// network.recover(Endpoint::Events); // the endpoint accepts events again
    /// ```
    pub fn recover(&self, endpoint: Endpoint) {
        let mut state = self.state();
        state.next.remove(&endpoint);
        state.always.remove(&endpoint);
    }

    /// The requests to this endpoint so far.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use statsig::{Event, Statsig, StatsigOptions, StatsigUser};
    /// # use statsig::testing::{Answer, Endpoint, ScriptedTransport, Specs};
    /// # let mut builder = tokio::runtime::Builder::new_current_thread();
    /// # let runtime = builder.enable_all().start_paused(true).build().unwrap();
    /// # runtime.block_on(async {
    /// let network = Arc::new(ScriptedTransport::new());
    /// network.serve_specs(Specs::new().gate("a_gate", |g| g.everyone()));
    /// let options = StatsigOptions::builder().transport(network.clone()).build()?;
    /// let statsig = Statsig::new("secret-key", options);
    /// statsig.initialize().await?;
    /// assert_eq!(network.requests(Endpoint::Specs).len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn requests(&self, endpoint: Endpoint) -> Vec<RecordedRequest> {
        let state = self.state();
        let requests = state.requests.iter();
        requests
            .filter(|recorded| recorded.request.endpoint == endpoint)
            .cloned()
            .collect()
    }

    /// The batches posted so far, accepted or not, in order.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use statsig::{Event, Statsig, StatsigOptions, StatsigUser};
    /// # use statsig::testing::{Answer, Endpoint, ScriptedTransport, Specs};
    /// # let mut builder = tokio::runtime::Builder::new_current_thread();
    /// # let runtime = builder.enable_all().start_paused(true).build().unwrap();
    /// # runtime.block_on(async {
    /// let network = Arc::new(ScriptedTransport::new());
    /// network.serve_specs(Specs::new().gate("a_gate", |g| g.everyone()));
    /// let options = StatsigOptions::builder().transport(network.clone()).build()?;
    /// let statsig = Statsig::new("secret-key", options);
    /// statsig.initialize().await?;
    /// statsig.log_event(&StatsigUser::with_user_id("a-user"), Event::new("visit"));
    /// statsig.flush_events().await?;
    /// assert_eq!(network.batches()[0].is_accepted, Some(true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn batches(&self) -> Vec<PostedBatch> {
        self.state().batches.clone()
    }

    /// The accepted events so far, in the order of the posts. Without `statsig::diagnostics`, which
    /// the SDK sends at random: those are in the [batches](Self::batches).
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use statsig::{Event, Statsig, StatsigOptions, StatsigUser};
    /// # use statsig::testing::{Answer, Endpoint, ScriptedTransport, Specs};
    /// # let mut builder = tokio::runtime::Builder::new_current_thread();
    /// # let runtime = builder.enable_all().start_paused(true).build().unwrap();
    /// # runtime.block_on(async {
    /// let network = Arc::new(ScriptedTransport::new());
    /// network.serve_specs(Specs::new().gate("a_gate", |g| g.everyone()));
    /// let options = StatsigOptions::builder().transport(network.clone()).build()?;
    /// let statsig = Statsig::new("secret-key", options);
    /// statsig.initialize().await?;
    /// statsig.log_event(&StatsigUser::with_user_id("a-user"), Event::new("visit"));
    /// statsig.flush_events().await?;
    /// assert_eq!(network.events()[0]["eventName"], "visit");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        let state = self.state();
        let accepted = state
            .batches
            .iter()
            .filter(|batch| batch.is_accepted == Some(true));
        let events = accepted.flat_map(|batch| &batch.events);
        events
            .filter(|event| event["eventName"] != "statsig::diagnostics")
            .cloned()
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, NetworkState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the request and returns the answer; for events, also the index of the recorded
    /// batch.
    fn receive(&self, request: &Request) -> (Answer, Option<usize>) {
        let at = self.start.elapsed();
        let endpoint = request.endpoint;
        let mut state = self.state();
        state.requests.push(RecordedRequest {
            at,
            request: request.clone(),
        });
        let batch = (endpoint == Endpoint::Events).then(|| {
            state.batches.push(decode_batch(at, request));
            state.batches.len() - 1
        });
        let scripted = state.next.get_mut(&endpoint).and_then(VecDeque::pop_front);
        let answer = scripted
            .or_else(|| state.always.get(&endpoint).cloned())
            .unwrap_or_else(|| match endpoint {
                Endpoint::Specs => specs_answer(state.specs.as_deref(), &request.url),
                Endpoint::IdLists => Answer::json(state.id_lists.manifest()),
                Endpoint::IdListFile => file_answer(&state.id_lists, request),
                Endpoint::Events => Answer::response(202, r#"{"success":true}"#),
                Endpoint::UserEnrichment => state
                    .id_lists
                    .memberships(&request.body)
                    .map_or_else(|| Answer::status(400), Answer::json),
                Endpoint::Other => Answer::status(404),
            });
        (answer, batch)
    }

    fn note_answer(&self, batch: Option<usize>, is_accepted: bool) {
        let mut state = self.state();
        if let Some(batch) = batch.and_then(|batch| state.batches.get_mut(batch)) {
            batch.is_accepted = Some(is_accepted);
        }
    }
}

impl Default for ScriptedTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl Transport for ScriptedTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let (answer, batch) = self.receive(&request);
            let outcome = async {
                if !answer.delay.is_zero() {
                    tokio::time::sleep(answer.delay).await;
                }
                let limit = request.max_response_bytes;
                match answer.result {
                    Some(Ok(response)) if response.body.len() > limit => {
                        Err(TransportError::TooLarge { limit })
                    }
                    Some(result) => result,
                    None => std::future::pending().await,
                }
            };
            let limit = request.timeout;
            let result = tokio::time::timeout(limit, outcome).await;
            let result = result.unwrap_or(Err(TransportError::TimedOut { limit }));
            let is_accepted =
                matches!(&result, Ok(response) if (200..300).contains(&response.status));
            self.note_answer(batch, is_accepted);
            result
        })
    }
}

/// The service's answer to a specs request with this URL.
fn specs_answer(specs: Option<&str>, url: &str) -> Answer {
    let Some(specs) = specs else {
        return Answer::status(404);
    };
    let known = in_query(url, "sinceTime");
    let offered = serde_json::from_str::<Value>(specs)
        .ok()
        .and_then(|specs| specs.get("time")?.as_u64());
    match (known, offered) {
        (Some(known), Some(offered)) if offered <= known => {
            Answer::json(format!(r#"{{"has_updates":false,"time":{known}}}"#))
        }
        _ => Answer::json(specs),
    }
}

fn decode_batch(at: Duration, request: &Request) -> PostedBatch {
    let plain = seal::decompress(&request.body).unwrap_or_default();
    let mut body: Value = serde_json::from_slice(&plain).unwrap_or_default();
    let mut take = |key: &str| body.get_mut(key).map(Value::take).unwrap_or_default();
    let retries = request.headers.get("statsig-retry-count");
    PostedBatch {
        at,
        retries: retries.and_then(|count| count.parse().ok()).unwrap_or(0),
        events: match take("events") {
            Value::Array(events) => events,
            _ => Vec::new(),
        },
        metadata: take("statsigMetadata"),
        is_accepted: None,
    }
}
