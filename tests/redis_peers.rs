//! Broken peers that accept connections in place of Redis. The store leaves each one for a new
//! connection, which may reach a healthy server. It waits and reads within limits.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use statsig::sources::{DataStore, RequestPath};
use statsig::{Statsig, StatsigUser};
use statsig_redis::RedisDataStore;
use statsig_tests::{local_options, specs};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const KEY: &str = "secret-redis-0123456789";
/// Long enough for a busy machine. No test waits for its end.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most bytes that a broken peer can send before the store closes the connection: the first
/// requested range, and the buffers of the kernel.
const MAX_SENT: usize = 64 * 1024 * 1024;

/// The fault of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Accepts and reads, but sends nothing.
    Silent,
    /// Closes every connection at once.
    Closing,
    /// Announces a value of 512 MB, and sends nothing more.
    HugeHeader,
    /// Announces a value of 2 GB, and sends it.
    HugeValue,
    /// Sends a simple line without end.
    EndlessLine,
    /// Speaks another protocol.
    OtherProtocol,
    /// Sends half of an answer, and closes.
    HalfAnAnswer,
    /// Sends half of an answer, and nothing more.
    HalfAndSilent,
    /// Answers every command with a number.
    OtherType,
    /// Answers every command with an error.
    Error,
    /// Sends one byte from time to time.
    Dripping,
    /// Sends nested arrays.
    Nested,
    /// Always sends more than the client requests.
    Babbling,
}

const FAULTS: [Fault; 13] = [
    Fault::Silent,
    Fault::Closing,
    Fault::HugeHeader,
    Fault::HugeValue,
    Fault::EndlessLine,
    Fault::OtherProtocol,
    Fault::HalfAnAnswer,
    Fault::HalfAndSilent,
    Fault::OtherType,
    Fault::Error,
    Fault::Dripping,
    Fault::Nested,
    Fault::Babbling,
];

#[derive(Debug, Clone)]
struct Peer(Arc<State>);

#[derive(Debug, Default)]
struct State {
    port: u16,
    values: Mutex<HashMap<Vec<u8>, Vec<u8>>>,
    fault: Mutex<Option<Fault>>,
    /// Connections before this number have the fault.
    broken: AtomicUsize,
    connections: AtomicUsize,
    /// The most bytes that a fault sent on one connection.
    sent: AtomicUsize,
}

impl Peer {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let peer = Self(Arc::new(State {
            port: listener.local_addr().unwrap().port(),
            ..State::default()
        }));
        let accepting = peer.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let peer = accepting.clone();
                let number = peer.0.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    // An error of a connection does not matter.
                    let _ = peer.serve(stream, number).await;
                });
            }
        });
        peer
    }

    fn store(&self) -> RedisDataStore {
        RedisDataStore::new(&format!("redis://127.0.0.1:{}", self.0.port)).unwrap()
    }

    /// All connections have this fault from now on, including new ones.
    fn breaks(&self, fault: Fault) {
        *self.0.fault.lock().unwrap() = Some(fault);
        self.0.broken.store(usize::MAX, Ordering::Relaxed);
    }

    /// Serves new connections. Open connections keep their fault.
    fn serves_new_connections(&self) {
        let open = self.0.connections.load(Ordering::Relaxed);
        self.0.broken.store(open, Ordering::Relaxed);
    }

    fn fault_of(&self, connection: usize) -> Option<Fault> {
        let is_broken = connection < self.0.broken.load(Ordering::Relaxed);
        (*self.0.fault.lock().unwrap()).filter(|_| is_broken)
    }

    fn put(&self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.0
            .values
            .lock()
            .unwrap()
            .insert(key.into(), value.into());
    }

    async fn serve(&self, stream: TcpStream, number: usize) -> std::io::Result<()> {
        let (reading, mut writing) = stream.into_split();
        let mut reading = BufReader::new(reading);
        if self.fault_of(number) == Some(Fault::Closing) {
            return Ok(());
        }
        while let Some(words) = read_command(&mut reading).await? {
            match self.fault_of(number) {
                None => writing.write_all(&self.answer(&words)).await?,
                Some(fault) => self.misbehave(fault, &mut writing).await?,
            }
        }
        Ok(())
    }

    fn answer(&self, words: &[Vec<u8>]) -> Vec<u8> {
        let mut values = self.0.values.lock().unwrap();
        let key = words.get(1).cloned().unwrap_or_default();
        let bulk = |value: &[u8]| {
            let mut text = format!("${}\r\n", value.len()).into_bytes();
            text.extend_from_slice(value);
            text.extend_from_slice(b"\r\n");
            text
        };
        match words[0].to_ascii_uppercase().as_slice() {
            b"GET" => values
                .get(&key)
                .map_or(b"$-1\r\n".to_vec(), |value| bulk(value)),
            b"GETRANGE" => bulk(values.get(&key).map_or(&[][..], Vec::as_slice)),
            b"STRLEN" => format!(":{}\r\n", values.get(&key).map_or(0, Vec::len)).into_bytes(),
            b"EXISTS" => format!(":{}\r\n", u8::from(values.contains_key(&key))).into_bytes(),
            b"SET" => {
                values.insert(key, words[2].clone());
                b"+OK\r\n".to_vec()
            }
            _ => b"+OK\r\n".to_vec(),
        }
    }

    async fn misbehave(
        &self,
        fault: Fault,
        writing: &mut (impl AsyncWriteExt + Unpin),
    ) -> std::io::Result<()> {
        let once = |text: &'static str| text.as_bytes();
        match fault {
            Fault::Silent => {}
            Fault::Closing => writing.shutdown().await?,
            Fault::HugeHeader => writing.write_all(once("$536870912\r\n")).await?,
            Fault::HugeValue => {
                writing.write_all(once("$2000000000\r\n")).await?;
                self.pour(writing, b'x').await?;
            }
            Fault::EndlessLine => {
                writing.write_all(once("+")).await?;
                self.pour(writing, b'x').await?;
            }
            Fault::OtherProtocol => {
                let text = once("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
                writing.write_all(text).await?;
            }
            Fault::HalfAnAnswer => {
                writing.write_all(once("$100\r\nhalf")).await?;
                writing.shutdown().await?;
            }
            Fault::HalfAndSilent => writing.write_all(once("$100\r\nhalf")).await?,
            Fault::OtherType => writing.write_all(once(":5\r\n")).await?,
            Fault::Error => writing.write_all(once("-LOADING not yet\r\n")).await?,
            Fault::Dripping => {
                writing.write_all(once("$100000\r\n")).await?;
                loop {
                    writing.write_all(once("x")).await?;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            Fault::Nested => {
                writing
                    .write_all("*1\r\n".repeat(100_000).as_bytes())
                    .await?
            }
            Fault::Babbling => self.pour(writing, b'\n').await?,
        }
        Ok(())
    }

    /// Sends as many bytes as possible.
    async fn pour(
        &self,
        writing: &mut (impl AsyncWriteExt + Unpin),
        byte: u8,
    ) -> std::io::Result<()> {
        let piece = vec![byte; 64 * 1024];
        let mut sent = 0;
        loop {
            writing.write_all(&piece).await?;
            sent += piece.len();
            self.0.sent.fetch_max(sent, Ordering::Relaxed);
        }
    }
}

/// Returns `None` at the end of the connection.
async fn read_command(
    reading: &mut (impl AsyncBufReadExt + Unpin),
) -> std::io::Result<Option<Vec<Vec<u8>>>> {
    let mut line = String::new();
    if reading.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let count: usize = line.trim_start_matches('*').trim().parse().unwrap();
    let mut words = Vec::new();
    for _ in 0..count {
        line.clear();
        reading.read_line(&mut line).await?;
        let length: usize = line.trim_start_matches('$').trim().parse().unwrap();
        let mut word = vec![0; length + 2];
        reading.read_exact(&mut word).await?;
        word.truncate(length);
        words.push(word);
    }
    Ok(Some(words))
}

/// Runs every fault at the same time: the client takes seconds to notice most of them.
async fn for_every_fault<F: Future<Output = ()> + Send + 'static>(run: impl Fn(Fault) -> F) {
    let running: Vec<_> = FAULTS
        .iter()
        .map(|fault| (fault, tokio::spawn(run(*fault))))
        .collect();
    for (fault, running) in running {
        let ended = tokio::time::timeout(PATIENCE, running).await;
        ended
            .unwrap_or_else(|_| panic!("{fault:?}: still waiting"))
            .unwrap_or_else(|error| panic!("{fault:?}: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_on_a_connection_that_broke_succeeds_on_a_new_one() {
    for_every_fault(async |fault| {
        let peer = Peer::start().await;
        let store = peer.store();
        store.set("key", "text", None).await.unwrap();
        peer.breaks(fault);
        peer.serves_new_connections();
        // The open connection has the fault. The next one works.
        let found = store.get("key").await.map(|found| found.result);
        assert_eq!(found.ok().flatten().as_deref(), Some("text"), "{fault:?}");
        assert_eq!(peer.0.connections.load(Ordering::Relaxed), 2, "{fault:?}");
        assert!(peer.0.sent.load(Ordering::Relaxed) < MAX_SENT, "{fault:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_is_broken_is_an_error_until_it_is_well() {
    for_every_fault(async |fault| {
        let peer = Peer::start().await;
        peer.put("key", "text");
        peer.breaks(fault);
        let store = peer.store();
        for _ in 0..2 {
            let found = store.get("key").await;
            assert!(found.is_err(), "{fault:?}: {found:?}");
        }
        let written = store.set("key", "other", None).await;
        assert!(written.is_err(), "{fault:?}");
        peer.serves_new_connections();
        let found = store.get("key").await.map(|found| found.result);
        assert_eq!(found.ok().flatten().as_deref(), Some("text"), "{fault:?}");
        assert!(peer.0.sent.load(Ordering::Relaxed) < MAX_SENT, "{fault:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_that_is_given_up_does_not_leave_its_answer_to_the_next_one() {
    let peer = Peer::start().await;
    let store = peer.store();
    for key in ["one", "two"] {
        store.set(key, key, None).await.unwrap();
    }
    peer.breaks(Fault::Silent);
    let waiting = tokio::time::timeout(Duration::from_millis(50), store.get("one"));
    assert!(waiting.await.is_err());
    peer.serves_new_connections();
    let found = store.get("two").await.unwrap().result;
    assert_eq!(found.as_deref(), Some("two"));
}

/// Specs of this time.
fn specs_at(time: u64) -> String {
    let mut specs = specs::one_gate("on", true);
    specs["time"] = time.into();
    specs.to_string()
}

fn specs_key() -> String {
    // The default scheme hashes the SDK key.
    let hash = statsig::testing::internals::sha256_base64(KEY);
    let path = RequestPath::RulesetsV2.as_str();
    format!("statsig|{path}|plain_text|{hash}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_reads_its_specs_there_gets_the_next_ones_over_a_new_connection() {
    for_every_fault(async |fault| {
        let peer = Peer::start().await;
        peer.put(specs_key(), specs_at(1));
        let options = local_options()
            .disable_network(true)
            .disable_all_logging(true)
            .specs_sync_interval(Duration::from_secs(1))
            .data_store(Arc::new(peer.store().polled(true).read_only(true)));
        let statsig = Statsig::new(KEY, options.build().unwrap());
        statsig.initialize().await.unwrap();
        peer.breaks(fault);
        peer.put(specs_key(), specs_at(2));
        // Some reads fail.
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(statsig.check_gate(&StatsigUser::with_user_id("u"), "on"));
        peer.serves_new_connections();
        while statsig.specs_status().lcut != 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        statsig.shutdown().await.unwrap();
    })
    .await;
}
