//! Uses real loopback sockets and real time, because paused time would jump while bytes are in
//! transit.

mod resending;

use std::io::Write;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::super::Endpoint;
use super::*;

const KEY: &str = "secret-0123456789";
/// The first byte of a TLS client's greeting.
const TLS_HANDSHAKE: u8 = 22;
const LIMIT: Duration = Duration::from_secs(5);

/// Answers every request on every connection with the same bytes, then keeps the connection open or
/// drops it.
struct Server {
    base: String,
    /// The head of each request, with the number of its connection.
    seen: mpsc::UnboundedReceiver<(usize, String)>,
}

#[derive(Clone, Copy)]
enum Afterwards {
    KeepAlive,
    Drop,
    Hang,
    /// The next request on the connection is read, and the connection closed.
    CloseOnReuse,
}

async fn serve(answer: Vec<u8>, afterwards: Afterwards) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (sender, seen) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for connection in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(talk(
                stream,
                connection,
                answer.clone(),
                afterwards,
                sender.clone(),
            ));
        }
    });
    Server { base, seen }
}

async fn talk(
    mut stream: TcpStream,
    connection: usize,
    answer: Vec<u8>,
    afterwards: Afterwards,
    seen: mpsc::UnboundedSender<(usize, String)>,
) {
    let mut received = Vec::new();
    let mut is_used = false;
    loop {
        let mut chunk = [0; 4_096];
        let Ok(length @ 1..) = stream.read(&mut chunk).await else {
            return;
        };
        received.extend_from_slice(&chunk[..length]);
        let Some(request) = take_request(&mut received) else {
            continue;
        };
        seen.send((connection, request)).ok();
        if is_used && matches!(afterwards, Afterwards::CloseOnReuse) {
            return;
        }
        is_used = true;
        stream.write_all(&answer).await.ok();
        match afterwards {
            Afterwards::KeepAlive | Afterwards::CloseOnReuse => {}
            Afterwards::Drop => return,
            Afterwards::Hang => std::future::pending().await,
        }
    }
}

/// Takes one whole request, body included, from the received bytes.
fn take_request(received: &mut Vec<u8>) -> Option<String> {
    let text = String::from_utf8_lossy(received).into_owned();
    let head_end = text.find("\r\n\r\n")? + 4;
    let body_length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    if received.len() < head_end + body_length {
        return None;
    }
    received.clear();
    Some(text)
}

fn answer(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn gzipped(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn get(base: &str) -> Request {
    let url = format!("{base}/v2/download_config_specs/{KEY}.json?sinceTime=5");
    Request::new(Endpoint::Specs, Method::Get, url)
        .header("statsig-api-key", KEY)
        .timeout(LIMIT)
        .max_response_bytes(1_000)
}

#[tokio::test]
async fn a_request_arrives_as_given_and_the_response_comes_back() {
    let mut server = serve(answer("x-test: yes\r\n", b"hello"), Afterwards::KeepAlive).await;
    let response = HttpTransport::default()
        .send(get(&server.base))
        .await
        .unwrap();
    assert_eq!((response.status, &response.body[..]), (200, &b"hello"[..]));
    assert_eq!(response.headers.get("x-test"), Some("yes"));

    let (_, request) = server.seen.recv().await.unwrap();
    assert!(
        request.starts_with(&format!(
            "GET /v2/download_config_specs/{KEY}.json?sinceTime=5 HTTP/1.1\r\n"
        )),
        "{request}"
    );
    assert!(
        request.contains(&format!("\r\naccept-encoding: {}\r\n", encoding::ACCEPTED)),
        "{request}"
    );
    assert!(request.contains(&format!("\r\nstatsig-api-key: {KEY}\r\n")));
    assert!(!request.contains("user-agent"), "{request}");
}

#[tokio::test]
async fn a_body_is_posted_and_the_connection_is_used_again() {
    let mut server = serve(answer("", b"{}"), Afterwards::KeepAlive).await;
    let transport = HttpTransport::default();
    for _ in 0..3 {
        let mut request = get(&server.base);
        request.method = Method::Post;
        request.body = Bytes::from_static(b"a body");
        transport.send(request).await.unwrap();
        let (connection, request) = server.seen.recv().await.unwrap();
        assert_eq!(connection, 0);
        assert!(request.ends_with("a body"), "{request}");
    }
}

#[tokio::test]
async fn a_request_may_ask_for_a_connection_of_its_own() {
    let mut server = serve(answer("", b"{}"), Afterwards::KeepAlive).await;
    let transport = HttpTransport::default();
    for expected in 0..3 {
        let request = get(&server.base).header("connection", "close");
        transport.send(request).await.unwrap();
        let (connection, request) = server.seen.recv().await.unwrap();
        assert_eq!(connection, expected, "{request}");
    }
}

#[tokio::test]
async fn gzip_is_decompressed() {
    let body = answer("content-encoding: gzip\r\n", &gzipped(b"a specs payload"));
    let server = serve(body, Afterwards::KeepAlive).await;
    let response = HttpTransport::default()
        .send(get(&server.base))
        .await
        .unwrap();
    assert_eq!(&response.body[..], b"a specs payload");
}

#[tokio::test]
async fn an_encoding_that_was_not_offered_says_so() {
    for found in ["deflate", "statsig-br", "gzip, br", "no-such"] {
        let body = answer(&format!("content-encoding: {found}\r\n"), b"a body");
        let server = serve(body, Afterwards::KeepAlive).await;
        let error = HttpTransport::default()
            .send(get(&server.base))
            .await
            .unwrap_err();
        assert!(
            matches!(&error, TransportError::Encoding { source } if source.to_string().contains("expected one of gzip")),
            "{error:?}"
        );
    }
    let body = answer("content-encoding: identity\r\n", b"a body");
    let server = serve(body, Afterwards::KeepAlive).await;
    let response = HttpTransport::default()
        .send(get(&server.base))
        .await
        .unwrap();
    assert_eq!(&response.body[..], b"a body");
}

#[cfg(feature = "zstd")]
#[tokio::test]
async fn zstd_is_decompressed_up_to_the_limit() {
    for (plain_bytes, is_accepted) in [(1_000, true), (1_001, false)] {
        let packed = zstd::encode_all(&vec![b'0'; plain_bytes][..], 1).unwrap();
        let body = answer("content-encoding: zstd\r\n", &packed);
        let server = serve(body, Afterwards::KeepAlive).await;
        let result = HttpTransport::default().send(get(&server.base)).await;
        assert_eq!(result.is_ok(), is_accepted, "{result:?}");
    }
}

#[cfg(feature = "brotli")]
#[tokio::test]
async fn brotli_is_decompressed_up_to_the_limit() {
    // 1,000 and 1,001 zeros, compressed by another implementation.
    let packed: [(&[u8], bool); 2] = [
        (&[27, 231, 3, 248, 37, 96, 162, 177, 64, 32, 52], true),
        (&[27, 232, 3, 248, 37, 96, 162, 177, 64, 64, 52], false),
    ];
    for (packed, is_accepted) in packed {
        let body = answer("content-encoding: br\r\n", packed);
        let server = serve(body, Afterwards::KeepAlive).await;
        let result = HttpTransport::default().send(get(&server.base)).await;
        assert_eq!(result.is_ok(), is_accepted, "{result:?}");
    }
}

#[tokio::test]
async fn a_compressed_bomb_is_refused_at_the_limit() {
    for (plain_bytes, is_accepted) in [(1_000, true), (1_001, false), (50_000_000, false)] {
        let packed = gzipped(&vec![b'0'; plain_bytes]);
        let server = serve(
            answer("content-encoding: gzip\r\n", &packed),
            Afterwards::KeepAlive,
        )
        .await;
        let mut request = get(&server.base);
        request.max_response_bytes = 1_000;
        let result = HttpTransport::default().send(request).await;
        if plain_bytes > 1_001 {
            // The compressed body already exceeds the limit.
            assert!(packed.len() > 1_000);
        }
        match result {
            Ok(response) => assert!(is_accepted && response.body.len() == plain_bytes),
            Err(error) => {
                assert!(!is_accepted, "{error}");
                assert_eq!(error, TransportError::TooLarge { limit: 1_000 });
            }
        }
    }
}

#[tokio::test]
async fn a_broken_gzip_body_says_so() {
    let mut packed = gzipped(b"a specs payload");
    packed.truncate(packed.len() - 9);
    let body = answer("content-encoding: gzip\r\n", &packed);
    let server = serve(body, Afterwards::KeepAlive).await;
    let error = HttpTransport::default()
        .send(get(&server.base))
        .await
        .unwrap_err();
    assert!(
        matches!(error, TransportError::Encoding { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_whether_announced_or_not() {
    let big = vec![b'x'; 1_001];
    let announced = answer("", &big);
    let mut unannounced = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    unannounced.extend_from_slice(&big);
    for body in [announced, unannounced] {
        let server = serve(body, Afterwards::Drop).await;
        let error = HttpTransport::default()
            .send(get(&server.base))
            .await
            .unwrap_err();
        assert_eq!(error, TransportError::TooLarge { limit: 1_000 });
    }
}

#[tokio::test]
async fn silence_ends_at_the_limit() {
    for head in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
    ] {
        let server = serve(head.to_vec(), Afterwards::Hang).await;
        let mut request = get(&server.base);
        request.timeout = Duration::from_millis(60);
        let error = HttpTransport::default().send(request).await.unwrap_err();
        assert_eq!(
            error,
            TransportError::TimedOut {
                limit: Duration::from_millis(60)
            }
        );
    }
}

#[tokio::test]
async fn no_error_shows_the_key() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let unused = nobody.local_addr().unwrap();
    drop(nobody);
    let cut = serve(
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec(),
        Afterwards::Drop,
    )
    .await;
    let closed = serve(Vec::new(), Afterwards::Drop).await;
    let garbage = serve(b"what?\r\n\r\n".to_vec(), Afterwards::Drop).await;
    let bases = [
        format!("http://{unused}"),
        cut.base,
        closed.base,
        garbage.base,
        "http://".to_owned(),
        "nonsense".to_owned(),
        "http://name.invalid".to_owned(),
    ];
    for base in bases {
        let error = HttpTransport::default().send(get(&base)).await.unwrap_err();
        let texts = format!("{error} {error:?}");
        assert!(!texts.contains("0123456789"), "{base}: {texts}");
        assert!(!texts.contains("download_config_specs"), "{base}: {texts}");
        assert!(
            matches!(
                error,
                TransportError::Connection { .. } | TransportError::Unusable { .. }
            ),
            "{base}: {texts}"
        );
    }
}

#[tokio::test]
async fn the_key_is_not_carried_to_another_host() {
    let mut other = serve(answer("", b"stolen"), Afterwards::KeepAlive).await;
    let redirect = format!(
        "HTTP/1.1 302 Found\r\nlocation: {}/elsewhere\r\ncontent-length: 0\r\n\r\n",
        other.base
    );
    let server = serve(redirect.into_bytes(), Afterwards::KeepAlive).await;
    let response = HttpTransport::default()
        .send(get(&server.base))
        .await
        .unwrap();
    assert_eq!(response.status, 302);
    assert!(other.seen.try_recv().is_err());
}

#[test]
fn building_one_needs_no_runtime_and_does_nothing() {
    assert!(HttpTransport::default().client.get().is_none());
}

#[tokio::test]
async fn https_is_spoken_with_the_ring_provider_and_no_global_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    let greeting = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap()
    });
    let error = HttpTransport::default().send(get(&base)).await.unwrap_err();
    assert_eq!(greeting.await.unwrap(), TLS_HANDSHAKE);
    assert!(
        matches!(error, TransportError::Connection { .. }),
        "{error:?}"
    );
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}

#[tokio::test]
async fn what_cannot_be_sent_says_what_to_check() {
    let transport = HttpTransport::default();
    let problem = async |request: Request| {
        let error = transport.send(request).await.unwrap_err();
        assert!(error.is_final(), "{error}");
        error.to_string()
    };
    let with = |name: &'static str, value: &str| Request {
        headers: Headers::from_iter([(name, value)]),
        ..get("http://127.0.0.1:1")
    };
    let key = problem(with("statsig-api-key", &format!("{KEY}\n"))).await;
    assert_eq!(
        key,
        "the request cannot be sent: expected one line of text, found the character '\\n' in the SDK key; check where it is \
         read from, and trim it"
    );
    let service = problem(with("x-request-service", "a\u{7f}b")).await;
    assert!(service.contains("`service_name`"), "{service}");
    for url in ["nonsense", "http://", "/v2/x"] {
        let url = problem(Request::new(Endpoint::Specs, Method::Get, url)).await;
        assert!(url.contains("check the URLs in the options"), "{url}");
    }
}
