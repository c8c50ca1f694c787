//! Tests of a client with a forward proxy in memory, in simulated time.

mod downloads;
mod starting;
mod streaming;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use statsig::observability::Tag;
use statsig::observability::{ObservabilityClient, SdkEvent};
use statsig::sources::{AdapterContext, SpecsAdapterFactory, StreamEvent};
use statsig::sources::{
    DataStore, DataStoreError, DataStoreResponse, SpecAdapterConfig, SpecsAdapter,
};
use statsig::testing::{Answer, Endpoint, ScriptedTransport, SimulatedClock, Specs};
use statsig::transport::BoxFuture;
use statsig::{Statsig, StatsigError, StatsigOptions, StatsigOptionsBuilder, StatsigUser};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::adapter::GrpcSpecs;
use crate::connection::{Messages, Opener, StreamProblem};
use crate::progress::{FALLBACK_AFTER, FALLBACK_WITHOUT_SPECS};
use crate::proxy::reopening;

const HEARTBEAT: &str = r#"{"has_updates":false}"#;

/// A proxy that is down until it has specs.
#[derive(Debug, Clone)]
struct Proxy(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    start: Instant,
    /// The time of the specs that it has.
    time: Option<u64>,
    is_up: bool,
    /// The first message of a new stream if there are no newer specs.
    first: Option<&'static str>,
    /// The pause that the proxy requests while it is down.
    pause: Option<Duration>,
    /// The attempts to open a stream: the time in milliseconds, and the time of the client's specs.
    attempts: Vec<(u64, u64)>,
    stream: Option<mpsc::UnboundedSender<Bytes>>,
}

impl Proxy {
    fn new(time: Option<u64>) -> Self {
        Self(Arc::new(Mutex::new(State {
            start: Instant::now(),
            time,
            is_up: time.is_some(),
            first: Some(HEARTBEAT),
            pause: None,
            attempts: Vec::new(),
            stream: None,
        })))
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }

    /// Gives the proxy specs of this time. It is up from now on.
    fn has(&self, time: u64) {
        self.with(|state| {
            state.time = Some(time);
            state.is_up = true;
        });
        self.push(specs(time));
    }

    /// Sends this to the client if a stream is open.
    fn push(&self, message: impl Into<Bytes>) {
        self.with(|state| {
            if let Some(stream) = &state.stream {
                let _ = stream.send(message.into());
            }
        });
    }

    fn goes_down(&self) {
        self.with(|state| {
            state.is_up = false;
            state.stream = None;
        });
    }

    fn breaks_the_stream(&self) {
        self.with(|state| state.stream = None);
    }

    fn attempts(&self) -> Vec<(u64, u64)> {
        self.with(|state| state.attempts.clone())
    }

    fn is_listened_to(&self) -> bool {
        self.with(|state| {
            let stream = state.stream.as_ref();
            stream.is_some_and(|stream| !stream.is_closed())
        })
    }
}

impl Opener for Proxy {
    fn open(
        &self,
        since_time: u64,
        _: usize,
    ) -> BoxFuture<'_, Result<Box<dyn Messages>, StreamProblem>> {
        Box::pin(async move {
            self.with(|state| {
                let at = u64::try_from(state.start.elapsed().as_millis()).unwrap();
                state.attempts.push((at, since_time));
                if let Some(pause) = state.pause.filter(|_| !state.is_up) {
                    return Err(StreamProblem::Status {
                        code: "ResourceExhausted".to_owned(),
                        message: "too many streams".to_owned(),
                        pause,
                    });
                }
                if !state.is_up {
                    return Err(StreamProblem::Unconnected {
                        problem: "refused".to_owned(),
                    });
                }
                let (sender, stream) = mpsc::unbounded_channel();
                let first = match state.time {
                    Some(time) if time > since_time => Some(specs(time)),
                    _ => state.first.map(str::to_owned),
                };
                if let Some(first) = first {
                    let _ = sender.send(first.into());
                }
                state.stream = Some(sender);
                Ok(Box::new(Incoming(stream)) as Box<dyn Messages>)
            })
        })
    }
}

struct Incoming(mpsc::UnboundedReceiver<Bytes>);

impl Messages for Incoming {
    fn next(&mut self) -> BoxFuture<'_, Result<Bytes, StreamProblem>> {
        Box::pin(async { self.0.recv().await.ok_or(StreamProblem::Ended) })
    }
}

/// Specs of this time. Their gate `g_<time>` is on.
fn specs(time: u64) -> String {
    let gate = format!("g_{time}");
    let specs = Specs::new()
        .time(time)
        .gate(gate, |g| g.passes_by_default());
    specs.to_json().unwrap()
}

/// Gives each client a stream from the proxy in memory.
#[derive(Debug)]
struct TestProxy {
    proxy: Proxy,
    init_timeout: Duration,
}

impl SpecsAdapterFactory for TestProxy {
    fn make(&self, client: AdapterContext) -> Arc<dyn SpecsAdapter> {
        let opener = Box::new(self.proxy.clone());
        let reopening = reopening(Duration::from_secs(3));
        Arc::new(GrpcSpecs::new(opener, self.init_timeout, reopening, client))
    }
}

/// Records the metrics about the stream.
#[derive(Debug, Default)]
struct StreamMetrics(Mutex<Vec<StreamEvent>>);

impl ObservabilityClient for StreamMetrics {
    fn increment(&self, metric: &'static str, _: f64, _: &[Tag]) {
        let event = match metric {
            "statsig.sdk.grpc_received_message" => StreamEvent::Message,
            "statsig.sdk.grpc_reconnected" => StreamEvent::Reopened,
            _ => return,
        };
        self.0.lock().unwrap().push(event);
    }

    fn gauge(&self, _: &'static str, _: f64, _: &[Tag]) {}

    fn dist(&self, metric: &'static str, value: f64, _: &[Tag]) {
        if metric == "statsig.sdk.grpc_streaming_failed_with_retry_ct" {
            let failures = value as u32;
            self.0
                .lock()
                .unwrap()
                .push(StreamEvent::Failed { failures });
        }
    }
}

struct Lab {
    network: Arc<ScriptedTransport>,
    statsig: Statsig,
    metrics: Arc<StreamMetrics>,
}

impl Lab {
    fn new(proxy: &Proxy) -> Self {
        Self::with(proxy, Duration::from_secs(3), |options| options)
    }

    /// A lab with this limit for the first message.
    fn with(
        proxy: &Proxy,
        init_timeout: Duration,
        set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
    ) -> Self {
        let network = Arc::new(ScriptedTransport::new());
        let metrics = Arc::new(StreamMetrics::default());
        let streamed = TestProxy {
            proxy: proxy.clone(),
            init_timeout,
        };
        let options = StatsigOptions::builder()
            .transport(network.clone())
            .clock(Arc::new(SimulatedClock::new()))
            .observability_client(metrics.clone())
            .specs_adapter(SpecAdapterConfig::made_by(streamed));
        let statsig = Statsig::new("secret-0123456789", set(options).build().unwrap());
        Self {
            network,
            statsig,
            metrics,
        }
    }

    /// The events of the stream since the last call.
    fn events(&self) -> Vec<StreamEvent> {
        std::mem::take(&mut *self.metrics.0.lock().unwrap())
    }

    /// The reason for a gate that only the specs of this time contain.
    fn reason(&self, time: u64) -> String {
        let user = StatsigUser::with_user_id("u");
        let gate = self.statsig.get_feature_gate(&user, &format!("g_{time}"));
        gate.details.reason.to_string()
    }

    fn downloads(&self) -> usize {
        self.network.requests(Endpoint::Specs).len()
    }
}

/// Lets every task run until it waits, in almost no simulated time.
async fn settle() {
    sleep(Duration::from_millis(1)).await;
}
