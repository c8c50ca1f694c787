//! Hostile answers for ID lists: for the manifest, and for the files in it.

use serde_json::{Value, json};
use statsig::{Statsig, StatsigUser};
use statsig_tests::specs;

use super::log::Log;
use super::server::{
    Answer, Route, Server, bytes, encoded, gzipped, json as body, ok, raw, status,
};
use super::{BODY, KEY, MAX_BYTES, Memory, SECRET, TURN, assert_discreet, limit, options};

/// The lines of `Marcos`, `123` and `a-user`.
const MARCOS: &str = "+2Tv4fIVX\n";
const ONE_TWO_THREE: &str = "+pmWkWSBC\n";
const A_USER: &str = "+Z/hEKLio\n";

/// The most memory that an answer may take. A manifest may be sixteen times as large as the bodies
/// that the options allow, compressed and not.
const MEMORY_BOUND: usize = 64 * MAX_BYTES;

struct Row {
    name: &'static str,
    /// The manifest, for a server of this origin and another one. `None` means a good manifest with
    /// a file of twenty bytes.
    manifest: Option<fn(&str, &str) -> Answer>,
    file: fn() -> Answer,
    /// The members afterwards, besides Marcos.
    joined: &'static [&'static str],
    /// Whether the lists are complete afterwards.
    is_ready: bool,
}

/// The list with this entry.
fn listed(entry: Value) -> Answer {
    body(json!({ "a_list": entry }).to_string())
}

fn entry(url: &str, size: u64, creation_time: i64) -> Value {
    json!({"name": "a_list", "url": url, "size": size, "creationTime": creation_time, "fileID": "f"})
}

fn own_file(origin: &str) -> String {
    format!("{origin}/lists/f")
}

/// The new part of the file.
fn rest() -> Answer {
    part("bytes 10-19/20", A_USER)
}

fn part(range: &str, lines: impl AsRef<[u8]>) -> Answer {
    let headers = format!("content-range: {range}\r\n");
    raw(super::server::response(
        "206 Partial Content",
        &headers,
        lines.as_ref(),
    ))
}

const BOTH: &[&str] = &["a-user"];

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { name: "what should come", joined: BOTH, is_ready: true, manifest: None, file: rest },

    // Manifests.
    Row { name: "a manifest that ends early", joined: &[], is_ready: false, manifest: Some(|_, _| body("{\"a_list\": {\"na")), file: rest },
    Row { name: "an array", joined: &[], is_ready: false, manifest: Some(|_, _| body("[]")), file: rest },
    Row { name: "HTML", joined: &[], is_ready: false, manifest: Some(|_, _| raw(ok("content-type: text/html\r\n", BODY.repeat(1_000).as_bytes()))), file: rest },
    Row { name: "nothing", joined: &[], is_ready: false, manifest: Some(|_, _| raw(ok("", b""))), file: rest },
    Row { name: "204", joined: &[], is_ready: false, manifest: Some(|_, _| raw("HTTP/1.1 204 No Content\r\n\r\n")), file: rest },
    Row { name: "401 with the key", joined: &[], is_ready: false, manifest: Some(|_, _| raw(super::server::response("401 Unauthorized", "", KEY.as_bytes()))), file: rest },
    Row { name: "429 with a pause of centuries", joined: &[], is_ready: false, manifest: Some(|_, _| status("429 Too Many", "retry-after: 99999999999\r\n")), file: rest },
    Row { name: "a redirect elsewhere", joined: &[], is_ready: false, manifest: Some(|_, other| status("302 Found", &format!("location: {other}/lists/f\r\n"))), file: rest },
    Row { name: "the request as the manifest", joined: &[], is_ready: false, manifest: Some(|_, _| Answer::Echo("{\"")), file: rest },
    Row { name: "nesting without end", joined: &[], is_ready: false, manifest: Some(|_, _| body("{\"a\":".repeat(150_000))), file: rest },
    Row { name: "gzip that blows up", joined: &[], is_ready: false, manifest: Some(|_, _| encoded("gzip", &gzipped(&vec![b' '; 60 * MAX_BYTES]))), file: rest },
    Row { name: "one entry with a negative size", joined: BOTH, is_ready: false, manifest: Some(|own, _| beside(own, json!({"name": "b", "url": "u", "size": -1, "creationTime": 1}))), file: rest },
    Row { name: "one entry with a size that is no whole number", joined: BOTH, is_ready: false, manifest: Some(|own, _| beside(own, json!({"name": "b", "url": "u", "size": 1.5, "creationTime": 1}))), file: rest },
    Row { name: "one entry that is a long text", joined: BOTH, is_ready: false, manifest: Some(|own, _| beside(own, json!(BODY.repeat(10_000)))), file: rest },
    Row { name: "one list with a size larger than any", joined: BOTH, is_ready: false, manifest: Some(|own, _| beside(own, entry(&format!("{own}/elsewhere"), u64::MAX, i64::MAX))), file: rest },
    Row { name: "a name with half of a pair", joined: BOTH, is_ready: true, manifest: Some(|own, _| body(json!({"a_list": entry(&own_file(own), 20, 2), "half": 1}).to_string().replace("half", r"\ud800"))), file: rest },

    // Locations of files.
    Row { name: "a file of another origin", joined: BOTH, is_ready: true, manifest: Some(|_, other| listed(entry(&own_file(other), 20, 2))), file: rest },
    Row { name: "a file of a foreign scheme", joined: &[], is_ready: false, manifest: Some(|_, _| listed(entry("file:///etc/passwd", 20, 2))), file: rest },
    Row { name: "a file at no address", joined: &[], is_ready: false, manifest: Some(|_, _| listed(entry("\u{0}", 20, 2))), file: rest },
    Row { name: "a file at an address of a megabyte", joined: &[], is_ready: false, manifest: Some(|own, _| listed(entry(&format!("{own}/lists/{}", BODY.repeat(40_000)), 20, 2))), file: rest },
    Row { name: "a file behind a password", joined: &[], is_ready: false, manifest: Some(|_, _| listed(entry("http://user:0123456789@127.0.0.1:9/lists/f", 20, 2))), file: rest },

    // Files.
    Row { name: "a file that is shorter than before", joined: &[], is_ready: false, manifest: None, file: || part("bytes 10-9/10", "") },
    Row { name: "a part from elsewhere in the file", joined: &[], is_ready: false, manifest: None, file: || part("bytes 5-14/20", A_USER) },
    Row { name: "a part in other units", joined: BOTH, is_ready: true, manifest: None, file: || part("lines 10-19/20", A_USER) },
    Row { name: "a range larger than any", joined: &[], is_ready: false, manifest: None, file: || part("bytes 99999999999999999999999-5/-1", A_USER) },
    Row { name: "the whole file instead of a part", joined: BOTH, is_ready: true, manifest: None, file: || raw(ok("", format!("{MARCOS}{A_USER}").as_bytes())) },
    Row { name: "another file", joined: &[], is_ready: false, manifest: None, file: || raw(ok("", b"short")) },
    Row { name: "a file in HTML", joined: &[], is_ready: false, manifest: None, file: || part("bytes 10-19/20", format!("<html>{}", BODY.repeat(1_000))) },
    Row { name: "bytes that are no text", joined: &[], is_ready: false, manifest: None, file: || part("bytes 10-19/20", [0xff_u8; 10]) },
    Row { name: "zeros", joined: &[], is_ready: false, manifest: None, file: || part("bytes 10-19/20", [0_u8; 10]) },
    Row { name: "a line without end", joined: &[], is_ready: false, manifest: None, file: || part("bytes 10-19/20", "+".repeat(500_000)) },
    Row { name: "416", joined: &[], is_ready: false, manifest: None, file: || status("416 Range", "content-range: bytes */5\r\n") },
    Row { name: "a part without end", joined: &[], is_ready: false, manifest: None, file: || Answer::Endless(bytes(b"HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 10-19/20\r\ntransfer-encoding: chunked\r\n\r\n"), format!("4000\r\n{}\r\n", ONE_TWO_THREE.repeat(1_638) + "+   ").into_bytes().into()) },
    Row { name: "a part that ends early", joined: &[], is_ready: false, manifest: None, file: || Answer::Close(bytes(b"HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 10-19/20\r\ncontent-length: 10\r\n\r\n+Z/")) },
    Row { name: "a file that is elsewhere", joined: &[], is_ready: false, manifest: None, file: || status("302 Found", "location: http://127.0.0.1:9/lists/f\r\n") },
];

/// The good entry together with another one.
fn beside(origin: &str, other: Value) -> Answer {
    let good = entry(&own_file(origin), 20, 2);
    body(json!({ "a_list": good, "b_list": other }).to_string())
}

fn members(statsig: &Statsig) -> Vec<&'static str> {
    let is_member = |id: &&str| statsig.check_gate(&StatsigUser::with_user_id(*id), "in_list");
    ["Marcos", "123", "a-user"]
        .into_iter()
        .filter(is_member)
        .collect()
}

#[tokio::test]
async fn whatever_comes_in_place_of_id_lists_members_stay_and_better_lists_are_used() {
    let _turn = TURN.lock().await;
    let mut failures = Vec::new();
    for row in ROWS {
        let faced = tokio::task::LocalSet::new();
        let faced = faced.run_until(async { tokio::task::spawn_local(face(row)).await });
        if let Err(failure) = faced.await {
            failures.push(format!("{}: {failure}", row.name));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// A client with a good list gets the answers, and then a better list. It syncs lists when it
/// starts, and starts three times.
async fn face(row: &'static Row) {
    let name = row.name;
    let (server, other) = (Server::start().await, Server::start().await);
    let (origin, elsewhere) = (server.origin(), other.origin());
    server.set(
        Route::Specs,
        body(specs::id_list_gate(1_000, "a_list").to_string()),
    );
    server.set(Route::Manifest, listed(entry(&own_file(&origin), 10, 1)));
    server.set(Route::File, raw(ok("", MARCOS.as_bytes())));
    let log = Log::start();
    let options = options(&server)
        .enable_id_lists(true)
        .id_lists_request_timeout(limit(false))
        .disable_all_logging(true)
        .build()
        .unwrap();
    let statsig = Statsig::new(KEY, options);
    let details = statsig.initialize_with_details().await.expect(name);
    assert_eq!(details.is_id_list_ready, Some(true), "{name}");
    assert_eq!(members(&statsig), ["Marcos"], "{name}");
    statsig.shutdown().await.expect(name);
    let quiet = log.text().len();

    let good = || listed(entry(&own_file(&origin), 20, 2));
    let manifest = row
        .manifest
        .map_or_else(good, |manifest| manifest(&origin, &elsewhere));
    server.set(Route::Manifest, manifest);
    for server in [&server, &other] {
        server.set(Route::File, (row.file)());
    }
    let memory = Memory::watch();
    let details = statsig.initialize_with_details().await.expect(name);
    memory.assert_bounded(name, MEMORY_BOUND);
    let expected: Vec<_> = ["Marcos"].iter().chain(row.joined).copied().collect();
    assert_eq!(members(&statsig), expected, "{name}");
    assert_eq!(details.is_id_list_ready, Some(row.is_ready), "{name}");
    let told = log.text();
    let warnings = super::lines(&told[quiet..], "WARN").len();
    assert_eq!(warnings > 0, !row.is_ready, "{name}: {}", &told[quiet..]);
    for request in other.take_requests() {
        assert!(!request.head.contains(SECRET), "{name}: {}", request.head);
        assert!(request.body.is_empty(), "{name}");
    }
    statsig.shutdown().await.expect(name);

    server.set(Route::Manifest, listed(entry(&own_file(&origin), 30, 3)));
    let whole = [MARCOS, A_USER, ONE_TWO_THREE].concat();
    server.set(Route::File, raw(ok("", whole.as_bytes())));
    let details = statsig.initialize_with_details().await.expect(name);
    assert_eq!(details.is_id_list_ready, Some(true), "{name}");
    assert_eq!(members(&statsig), ["Marcos", "123", "a-user"], "{name}");
    statsig.shutdown().await.expect(name);
    assert_discreet(name, &log.text());
}
