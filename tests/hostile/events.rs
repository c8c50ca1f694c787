//! Hostile answers to events.

use std::sync::Arc;

use statsig::sources::BootstrapSpecs;
use statsig::{Event, Statsig, StatsigUser};

use super::log::Log;
use super::server::{
    Answer, Route, Server, bytes, encoded, gzipped, json as body, ok, raw, response, status,
};
use super::{
    BODY, KEY, MAX_BYTES, MEMORY_BOUND, Memory, TURN, assert_discreet, limit, lines, options,
};

const EVENTS: u64 = 3;
/// The limit of posts in one flush: the client may split a batch down to single events, or follow a
/// few redirects.
const MAX_POSTS: usize = 2 * EVENTS as usize;

/// The result for the events.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Delivered,
    /// The events wait for another attempt, which delivers them. A warning contains this text.
    Kept(&'static str),
    /// The client drops and counts the events. A warning contains this text.
    Dropped(&'static str),
}

use Outcome::{Delivered, Dropped, Kept};

struct Row {
    name: &'static str,
    answer: fn() -> Answer,
    outcome: Outcome,
}

fn long_json() -> String {
    format!("{{\"success\":true,\"text\":\"{}\"}}", BODY.repeat(1_000))
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // Successes, and answers that look like a success.
    Row { name: "nothing", outcome: Delivered, answer: || raw(ok("", b"")) },
    Row { name: "204", outcome: Delivered, answer: || raw("HTTP/1.1 204 No Content\r\n\r\n") },
    Row { name: "JSON that says more than it should", outcome: Delivered, answer: || body(long_json()) },
    Row { name: "a page of HTML", outcome: Kept("HTML"), answer: || raw(ok("content-type: text/html; charset=utf-8\r\n", BODY.repeat(100).as_bytes())) },
    Row { name: "JSON that ends early", outcome: Delivered, answer: || body("{\"success\":tr") },
    Row { name: "a failure with the status of a success", outcome: Kept("answered that it failed"), answer: || body(r#"{"success":false}"#) },
    Row { name: "a success that is a text", outcome: Kept("answered that it failed"), answer: || body(r#"{"success":"true"}"#) },
    Row { name: "nesting without end", outcome: Delivered, answer: || body("[".repeat(60_000)) },
    Row { name: "an answer without end", outcome: Dropped("at most 65536 bytes"), answer: || Answer::Endless(bytes(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"), format!("4000\r\n{}\r\n", " ".repeat(0x4000)).into_bytes().into()) },
    Row { name: "an answer that blows up", outcome: Dropped("at most 65536 bytes"), answer: || encoded("gzip", &gzipped(&vec![b' '; 60 * MAX_BYTES])) },
    Row { name: "an answer in an encoding that it is not in", outcome: Kept("gzip"), answer: || encoded("gzip", b"{}") },

    // Redirects.
    Row { name: "301 that would be a download", outcome: Kept("/login (status 301)"), answer: || status("301 Moved", "location: /login\r\n") },
    Row { name: "302 that would be a download", outcome: Kept("/login (status 302)"), answer: || status("302 Found", "location: /login\r\n") },
    Row { name: "303 that would be a download", outcome: Kept("/login (status 303)"), answer: || status("303 See Other", "location: /login\r\n") },
    Row { name: "302 to an address with the key in it", outcome: Kept("http://127.0.0.1:9/"), answer: || status("302 Found", &format!("location: http://127.0.0.1:9/{KEY}?k={KEY}\r\n")) },
    Row { name: "307 to another origin", outcome: Kept("status 307"), answer: || status("307 Temporary", "location: http://127.0.0.1:9/elsewhere\r\n") },
    Row { name: "308 to a file", outcome: Kept("status 308"), answer: || status("308 Permanent", "location: file:///etc/passwd\r\n") },
    Row { name: "307 in a circle", outcome: Kept("status 307"), answer: || status("307 Temporary", "location: /v1/log_event?again\r\n") },
    Row { name: "304", outcome: Kept("304"), answer: || raw("HTTP/1.1 304 Not Modified\r\n\r\n") },

    // Other statuses.
    Row { name: "400 with the key and much text", outcome: Dropped("400"), answer: || raw(response("400 Bad Request", "", format!("{KEY}{}", BODY.repeat(1_000)).as_bytes())) },
    Row { name: "401", outcome: Kept("401"), answer: || status("401 Unauthorized", "") },
    Row { name: "403 with a pause of centuries", outcome: Dropped("403"), answer: || status("403 Forbidden", "retry-after: 99999999999\r\n") },
    Row { name: "404", outcome: Kept("404"), answer: || status("404 Not Found", "") },
    Row { name: "413", outcome: Dropped("too large"), answer: || status("413 Too Large", "") },
    Row { name: "429 with a negative pause", outcome: Kept("429"), answer: || status("429 Too Many", "retry-after: -1\r\n") },
    Row { name: "429 with a pause larger than any", outcome: Kept("429"), answer: || status("429 Too Many", "retry-after: 99999999999999999999999\r\n") },
    Row { name: "503 with a pause that is no number", outcome: Kept("503"), answer: || status("503 Away", "retry-after: NaN\r\n") },
    Row { name: "a status that there is not", outcome: Kept("799"), answer: || status("799 Whatever", "") },

    // Connections.
    Row { name: "a reset at once", outcome: Kept("connection"), answer: || Answer::Reset(bytes(b"")) },
    Row { name: "a reset in the middle", outcome: Kept("connection"), answer: || Answer::Reset(bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{")) },
    Row { name: "another protocol", outcome: Kept("connection"), answer: || Answer::Close(bytes(b"SSH-2.0-OpenSSH_9.6\r\n")) },
    Row { name: "silence", outcome: Kept("within 1000 ms"), answer: || Answer::Stall(bytes(b"")) },
    Row { name: "a byte now and then", outcome: Kept("within 1000 ms"), answer: || Answer::Drip([&b"HTTP/1.1 200 OK\r\n"[..], &b"x-a: b\r\n".repeat(90)[..]].concat().into()) },
];

#[tokio::test]
async fn whatever_answers_a_batch_its_events_are_delivered_or_kept_or_counted_as_dropped() {
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

/// A client posts a few events. The server first gives this answer, and then good ones.
async fn face(row: &'static Row) {
    let name = row.name;
    let answer = (row.answer)();
    let server = Server::start().await;
    let log = Log::start();
    let is_late = matches!(row.outcome, Kept(says) if says.starts_with("within"));
    let options = options(&server)
        .specs_adapter(Arc::new(BootstrapSpecs::new(r#"{"has_updates": false}"#)))
        .event_request_timeout(limit(is_late))
        .build()
        .unwrap();
    let statsig = Statsig::new(KEY, options);
    // There are no specs, and the test needs none.
    let _ = statsig.initialize().await;
    for _ in 0..EVENTS {
        statsig.log_event(&StatsigUser::with_user_id("a-user"), Event::new("purchase"));
    }

    server.set(Route::Events, answer);
    let memory = Memory::watch();
    let stats = statsig.flush_events().await.expect(name);
    memory.assert_bounded(name, MEMORY_BOUND);
    let posts = server.count(Route::Events);
    assert!((1..=MAX_POSTS).contains(&posts), "{name}: {posts}");
    assert_eq!(server.count(Route::Elsewhere), 0, "{name}");
    let told = log.text();
    let warnings = lines(&told, "WARN");
    let errors = lines(&told, "ERROR");
    let is_told = |says: &str| {
        let mut told = warnings.iter().chain(&errors);
        assert!(
            told.any(|line| line.contains(says)),
            "{name}: {warnings:?} {errors:?}"
        );
    };
    let (delivered, pending, dropped) = match row.outcome {
        Delivered => (EVENTS, 0, 0),
        Kept(says) => {
            is_told(says);
            (0, EVENTS, 0)
        }
        Dropped(says) => {
            is_told(says);
            (0, 0, EVENTS)
        }
    };
    let found = (stats.delivered, stats.pending, stats.dropped.total());
    assert_eq!(found, (delivered, pending, dropped), "{name}: {stats:?}");

    server.set(Route::Events, body(r#"{"success":true}"#));
    let mut stats = statsig.flush_events().await.expect(name);
    while stats.pending > 0 {
        stats = statsig.flush_events().await.expect(name);
    }
    assert_eq!(stats.delivered, delivered + pending, "{name}: {stats:?}");
    statsig.shutdown().await.expect(name);
    assert_discreet(name, &log.text());
}
