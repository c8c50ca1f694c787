//! A service in memory that answers in the binary form.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::client::Statsig;
use crate::clock::SystemClock;
use crate::options::StatsigOptions;
use crate::sources::{
    DataStore, DataStoreBytesResponse, DataStoreError, DataStoreResponse, SpecsAdapter,
};
use crate::specs::proto::encode;
use crate::testing::Specs;
use crate::text::SharedStr;
use crate::transport::identity::{Identity, SdkKey};
use crate::transport::{self, BoxFuture, Transport};
use crate::user::StatsigUser;

#[derive(Debug, Default)]
struct Service {
    answers: Mutex<VecDeque<Response>>,
    requests: Mutex<Vec<Request>>,
}

impl Service {
    /// Adds an answer to the queue.
    fn answers(&self, body: impl Into<Bytes>, headers: &[(&'static str, &str)]) {
        let headers = headers.iter().copied().collect();
        let answer = Response::new(200, body).headers(headers);
        self.answers.lock().unwrap().push_back(answer);
    }

    fn answers_in_binary(&self, stream: &[u8]) {
        let headers = [
            ("content-type", CONTENT_TYPE),
            ("content-encoding", ENCODING),
        ];
        self.answers(encode::compressed(stream), &headers);
    }

    fn answers_in_json(&self, json: &Value) {
        self.answers(json.to_string(), &[("content-type", "application/json")]);
    }

    fn last_url(&self) -> String {
        let requests = self.requests.lock().unwrap();
        requests.last().unwrap().url.clone()
    }

    fn was_asked_for_deltas(&self) -> bool {
        self.last_url().contains("accept_deltas=true")
    }
}

impl Transport for Service {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        self.requests.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front();
        Box::pin(async { answer.ok_or(TransportError::connection("reset")) })
    }
}

fn http(service: &Arc<Service>) -> HttpSpecs {
    let service = transport::service::Service {
        transport: service.clone(),
        clock: Arc::new(SystemClock),
        identity: Identity {
            key: SdkKey::new("secret-k"),
            session_id: String::new(),
            service_name: None,
        },
    };
    HttpSpecs::new(service, "https://h/v2/specs")
}

/// A sink, and the facts that it receives.
fn sink() -> (FactSink, Arc<Mutex<Vec<Fact>>>) {
    let facts = Arc::new(Mutex::new(Vec::new()));
    let received = Arc::clone(&facts);
    let sink = FactSink::new(move |fact| received.lock().unwrap().push(fact));
    (sink, facts)
}

fn request(since_time: u64, checksum: Option<&str>) -> SpecsRequest {
    SpecsRequest {
        since_time,
        checksum: checksum.map(SharedStr::from),
        limit: Duration::from_secs(3),
        max_bytes: 100_000,
        is_background: true,
    }
}

fn specs(time: u64, gates: &[&str]) -> Value {
    let gates = gates.iter();
    let specs = gates.fold(Specs::new().time(time), |specs, name| {
        specs.gate(*name, |g| g.passes_by_default().version(0))
    });
    let mut specs = specs.to_value().expect("valid specs");
    // The binary form always has this section.
    specs["param_stores"] = json!({});
    specs
}

async fn fetch(http: &HttpSpecs, request: SpecsRequest) -> Result<Value, FetchError> {
    let payload = http.fetch(&request).await?;
    Ok(serde_json::from_slice(&payload.body).unwrap())
}

#[tokio::test]
async fn the_binary_form_is_announced_by_those_who_read_it_only() {
    let service = Arc::new(Service::default());
    let announced = |request: &Request| {
        let of = |wanted: &str| request.headers.get(wanted).map(str::to_owned);
        (
            request.url.clone(),
            of("statsig-supports-proto"),
            of("accept-encoding"),
        )
    };
    let _ = http(&service).fetch(&request(0, None)).await;
    let reader = http(&service).reading_binary(None, FactSink::default());
    let _ = reader.fetch(&request(0, None)).await;
    let _ = reader.fetch(&request(5, None)).await;
    let requests = service.requests.lock().unwrap();
    let url = "https://h/v2/specs/secret-k.json";
    let found: Vec<_> = requests.iter().map(announced).collect();
    let yes = Some("true".to_owned());
    let encoding = Some(ENCODING.to_owned());
    assert_eq!(found[0], (url.to_owned(), None, None));
    assert_eq!(
        found[1],
        (
            format!("{url}?supports_proto=true"),
            yes.clone(),
            encoding.clone()
        )
    );
    assert_eq!(
        found[2],
        (
            format!("{url}?sinceTime=5&supports_proto=true"),
            yes,
            encoding
        )
    );
}

#[tokio::test]
async fn either_form_is_read_whatever_came_before() {
    let service = Arc::new(Service::default());
    let reader = http(&service).reading_binary(None, FactSink::default());
    for time in 1..4 {
        let specs = specs(time, &["g"]);
        service.answers_in_binary(&encode::response(&specs));
        let found = fetch(&reader, request(time - 1, None)).await.unwrap();
        assert_eq!(found, specs);
        service.answers_in_json(&specs);
        let found = fetch(&reader, request(time - 1, None)).await.unwrap();
        assert_eq!(found, specs);
        assert!(!service.was_asked_for_deltas());
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_a_clear_error() {
    let service = Arc::new(Service::default());
    let reader = http(&service).reading_binary(None, FactSink::default());
    let headers = [
        ("content-type", CONTENT_TYPE),
        ("content-encoding", ENCODING),
    ];
    let whole = encode::compressed(&encode::response(&specs(1, &["g"])));
    let bodies = [
        (b"{}".to_vec(), "expected specs compressed with Brotli"),
        (Vec::new(), "expected specs compressed with Brotli"),
        (
            whole[..whole.len() / 2].to_vec(),
            "expected specs compressed with Brotli",
        ),
        (encode::compressed(b""), "found 0 envelopes and no end"),
        (encode::compressed(&[9, 1]), "found 0 envelopes and no end"),
    ];
    for (body, expected) in bodies {
        service.answers(body, &headers);
        let error = fetch(&reader, request(0, None)).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(matches!(error, FetchError::Unreadable { .. }));
    }
    service.answers(encode::compressed(&vec![0; 100_001]), &headers);
    let error = fetch(&reader, request(0, None)).await.unwrap_err();
    let too_large = TransportError::TooLarge { limit: 100_000 };
    assert!(matches!(error, FetchError::Transport(found) if found == too_large));
}

/// Adds the gate `b` to specs of one gate `a`.
fn delta(time: u64, is_right: bool) -> Vec<u8> {
    let whole = specs(time, &["b"]);
    encode::delta(
        &whole,
        "2",
        &[("feature_gates", if is_right { 3 } else { 4 })],
    )
}

#[tokio::test]
async fn deltas_start_from_what_is_in_use_and_is_known_in_this_form() {
    let service = Arc::new(Service::default());
    let (sink, facts) = sink();
    let reader = http(&service).reading_binary(Some(DeltaMode::new(10)), sink);
    let first = encode::numbered(&specs(1, &["a"]), "1");
    service.answers_in_binary(&first);
    fetch(&reader, request(0, None)).await.unwrap();
    assert!(!service.was_asked_for_deltas());

    // The specs in use come from another source.
    service.answers_in_json(&json!({"has_updates": false}));
    fetch(&reader, request(9, None)).await.unwrap();
    assert!(!service.was_asked_for_deltas());

    service.answers_in_binary(&delta(2, true));
    let second = fetch(&reader, request(1, None)).await.unwrap();
    assert!(service.was_asked_for_deltas());
    assert_eq!(second, specs(2, &["a", "b"]));
    // Once: with the difference alone checksums came.
    assert_eq!(*facts.lock().unwrap(), [Fact::DeltaChecked { fits: true }]);
}

#[tokio::test]
async fn a_delta_that_does_not_fit_is_refused_and_whole_specs_are_asked_for_once() {
    let service = Arc::new(Service::default());
    let (sink, facts) = sink();
    let reader = http(&service).reading_binary(Some(DeltaMode::new(10)), sink);
    service.answers_in_binary(&encode::numbered(&specs(1, &["a"]), "1"));
    fetch(&reader, request(0, None)).await.unwrap();

    service.answers_in_binary(&delta(2, false));
    let error = fetch(&reader, request(1, None)).await.unwrap_err();
    assert!(
        error.to_string().contains("checksum of `feature_gates`"),
        "{error}"
    );
    assert!(service.was_asked_for_deltas());

    // Until whole specs have arrived.
    assert!(fetch(&reader, request(1, None)).await.is_err());
    assert!(!service.was_asked_for_deltas());
    service.answers_in_binary(&encode::numbered(&specs(2, &["a", "b"]), "1"));
    fetch(&reader, request(1, None)).await.unwrap();
    assert!(!service.was_asked_for_deltas());

    service.answers_in_json(&json!({"has_updates": false}));
    fetch(&reader, request(2, None)).await.unwrap();
    assert!(service.was_asked_for_deltas());
    assert_eq!(*facts.lock().unwrap(), [Fact::DeltaChecked { fits: false }]);
}

#[tokio::test]
async fn answers_that_bring_nothing_newer_lead_to_whole_specs() {
    let service = Arc::new(Service::default());
    let reader = http(&service).reading_binary(Some(DeltaMode::new(2)), FactSink::default());
    let first = encode::numbered(&specs(1, &["a"]), "1");
    service.answers_in_binary(&first);
    fetch(&reader, request(0, None)).await.unwrap();
    let mut asked = Vec::new();
    for _ in 0..4 {
        service.answers_in_binary(&first);
        fetch(&reader, request(1, None)).await.unwrap();
        asked.push(service.was_asked_for_deltas());
    }
    assert_eq!(asked, [true, true, false, true]);
}

#[tokio::test(start_paused = true)]
async fn a_client_evaluates_by_what_came_in_the_binary_form() {
    let service = Arc::new(Service::default());
    service.answers_in_binary(&encode::response(&specs(1, &["g"])));
    let options = StatsigOptions::builder()
        .transport(service)
        .enable_proto_specs(true)
        .disable_all_logging(true)
        .build()
        .unwrap();
    let statsig = Statsig::new("secret-k", options);
    statsig.initialize().await.unwrap();
    let gate = statsig.get_feature_gate(&StatsigUser::with_user_id("u"), "g");
    assert_eq!(
        (gate.value, gate.details.reason.to_string().as_str()),
        (true, "Network:Recognized")
    );
}

/// Uses a socket, because the transport must not decode this encoding.
#[cfg(feature = "http")]
#[tokio::test]
async fn the_transport_passes_the_binary_form_on_as_it_is() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v2/specs", listener.local_addr().unwrap());
    let specs = specs(1, &["g"]);
    let body = encode::compressed(&encode::response(&specs));
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {CONTENT_TYPE}\r\ncontent-encoding: {ENCODING}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        String::from_utf8(head).unwrap()
    });
    let options = StatsigOptions::builder()
        .specs_url(url)
        .enable_proto_specs(true)
        .disable_all_logging(true)
        .build()
        .unwrap();
    let statsig = Statsig::new("secret-k", options);
    statsig.initialize().await.unwrap();
    assert!(statsig.check_gate(&StatsigUser::with_user_id("u"), "g"));
    let head = server.await.unwrap().to_ascii_lowercase();
    let encodings: Vec<_> = head
        .lines()
        .filter(|line| line.starts_with("accept-encoding:"))
        .collect();
    assert_eq!(encodings.len(), 1, "{head}");
    assert!(encodings[0].contains("statsig-br, gzip"), "{head}");
}

/// A store with one entry, which it returns for every key in bytes.
#[derive(Debug)]
struct Store(String, Bytes);

impl DataStore for Store {
    fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<DataStoreResponse, DataStoreError>> {
        Box::pin(async { Ok(DataStoreResponse::default()) })
    }

    fn set<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: Option<u64>,
    ) -> BoxFuture<'a, Result<(), DataStoreError>> {
        Box::pin(async { Ok(()) })
    }

    fn get_bytes<'a>(
        &'a self,
        key: &'a str,
    ) -> BoxFuture<'a, Result<DataStoreBytesResponse, DataStoreError>> {
        let found = (key == self.0).then(|| self.1.clone());
        Box::pin(async { Ok(DataStoreBytesResponse::new(found)) })
    }
}

#[tokio::test]
async fn what_other_sdks_wrote_to_a_data_store_in_this_form_is_read() {
    let stream = encode::response(&specs(7, &["a"]));
    // The SDK key as SHA-256 in base64.
    let hash = crate::hash::sha256_base64("secret-k");
    let key = format!("statsig|/v2/download_config_specs|statsig-br|{hash}");
    let client = |stored: Vec<u8>| {
        let options = StatsigOptions::builder()
            .disable_network(true)
            .data_store(Arc::new(Store(key.clone(), stored.into())));
        Statsig::new("secret-k", options.build().unwrap())
    };
    let statsig = client(encode::compressed(&stream));
    statsig.initialize().await.unwrap();
    let user = StatsigUser::with_user_id("u");
    let gate = statsig.get_feature_gate(&user, "a");
    assert!(gate.value);
    assert_eq!(
        gate.details.reason.to_string(),
        "Adapter(DataStore):Recognized"
    );
    assert_eq!(gate.details.lcut, Some(7));

    let broken = client(b"nonsense".to_vec()).initialize().await.unwrap_err();
    assert!(broken.to_string().contains("found none"), "{broken}");
}
