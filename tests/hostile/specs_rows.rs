//! The table of hostile answers for specs.

use serde_json::{Value, json};
use statsig_tests::specs;

use super::server::{Answer, bytes, encoded, gzipped, json as body, ok, raw, response, status};
use super::specs::{Outcome, Row};
use super::{BODY, MAX_BYTES};

use Outcome::{Ignored, Refused, Used};

/// Specs that the client would use without the fault in them. Nobody passes the gate.
fn specs() -> Value {
    specs::at(2_000, false)
}

/// These specs after a change.
fn changed(change: impl FnOnce(&mut Value)) -> Answer {
    let mut specs = specs();
    change(&mut specs);
    body(specs.to_string())
}

/// These specs with this JSON text as one of their parts.
fn with_text(pointer: &str, text: &str) -> Answer {
    let mut specs = specs();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    specs.pointer_mut(parent).unwrap()[key] = json!("HERE");
    body(specs.to_string().replacen("\"HERE\"", text, 1))
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

/// A text as long as the limit of a body.
fn long_text() -> String {
    BODY.repeat(MAX_BYTES / BODY.len() - 1_000)
}

const NO_SPECS: &str = "expected dcs-v2 specs";

#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    // JSON that is not specs.
    Row { name: "JSON that ends early", outcome: Refused(NO_SPECS), answer: || { let text = specs().to_string(); body(&text[..text.len() / 2]) } },
    Row { name: "an empty object", outcome: Refused(NO_SPECS), answer: || body("{}") },
    Row { name: "an array", outcome: Refused(NO_SPECS), answer: || body("[]") },
    Row { name: "null", outcome: Refused(NO_SPECS), answer: || body("null") },
    Row { name: "a number", outcome: Refused(NO_SPECS), answer: || body("42") },
    Row { name: "a long text", outcome: Refused(NO_SPECS), answer: || body(format!("\"{}\"", long_text())) },
    Row { name: "updates without anything", outcome: Refused(NO_SPECS), answer: || body(r#"{"has_updates":true}"#) },
    Row { name: "a text instead of whether there are updates", outcome: Refused(NO_SPECS), answer: || changed(|specs| specs["has_updates"] = json!("true")) },
    Row { name: "an array instead of gates", outcome: Refused(NO_SPECS), answer: || changed(|specs| specs["feature_gates"] = json!([])) },
    Row { name: "nothing instead of conditions", outcome: Refused(NO_SPECS), answer: || changed(|specs| specs["condition_map"] = json!(null)) },
    Row { name: "a text instead of the time", outcome: Refused(NO_SPECS), answer: || changed(|specs| specs["time"] = json!("yesterday")) },
    Row { name: "a text of a megabyte instead of the time", outcome: Refused(NO_SPECS), answer: || changed(|specs| specs["time"] = json!(long_text())) },
    Row { name: "the key instead of the time", outcome: Refused(NO_SPECS), answer: || changed(|specs| specs["time"] = json!(super::KEY)) },
    Row { name: "the key in place of a gate's salt", outcome: Used, answer: || changed(|specs| specs["feature_gates"]["other"] = json!({"salt": super::KEY})) },
    Row { name: "the request as the answer", outcome: Refused(NO_SPECS), answer: || Answer::Echo("{\"time\": \"") },
    Row { name: "the request behind HTML", outcome: Refused(NO_SPECS), answer: || Answer::Echo("<html>Not found: ") },
    Row { name: "nesting without end", outcome: Refused(NO_SPECS), answer: || body("[".repeat(500_000)) },
    Row { name: "objects in objects without end", outcome: Refused(NO_SPECS), answer: || body("{\"a\":".repeat(150_000)) },
    Row { name: "a deeply nested value in another gate", outcome: Used, answer: || with_text("/feature_gates/other", &nested(100_000)) },
    Row { name: "a deeply nested value of a key that nobody knows", outcome: Used, answer: || with_text("/unknown", &nested(100)) },

    // Times.
    Row { name: "a time in the far future", outcome: Used, answer: || with_text("/time", "9000000000000000") },
    Row { name: "the largest time", outcome: Used, answer: || with_text("/time", "18446744073709551615") },
    Row { name: "a time larger than any", outcome: Refused(NO_SPECS), answer: || with_text("/time", "1e400") },
    Row { name: "a time before all times", outcome: Refused(NO_SPECS), answer: || with_text("/time", "-5") },
    Row { name: "a time with a fraction", outcome: Refused(NO_SPECS), answer: || with_text("/time", "2000.5") },
    Row { name: "an older time", outcome: Refused("found older ones"), answer: || with_text("/time", "999") },
    Row { name: "no updates", outcome: Ignored, answer: || body(r#"{"has_updates":false}"#) },

    // Text.
    Row { name: "bytes that are no text", outcome: Refused(NO_SPECS), answer: || body([0xff_u8; 1_000]) },
    Row { name: "a name with a control character", outcome: Used, answer: || body(specs().to_string().replacen("\"feature_gates\":{", "\"feature_gates\":{\"o\u{1}\":{},", 1)) },
    Row { name: "a body of zeros", outcome: Refused(NO_SPECS), answer: || body([0_u8; 100_000]) },
    Row { name: "a byte order mark", outcome: Refused(NO_SPECS), answer: || body(format!("\u{feff}{}", specs())) },
    Row { name: "UTF-16", outcome: Refused(NO_SPECS), answer: || body(specs().to_string().encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()) },
    Row { name: "half of a pair in a gate's name", outcome: Used, answer: || body(specs().to_string().replacen("\"feature_gates\":{", r#""feature_gates":{"\ud800":{},"#, 1)) },
    Row { name: "a name of a megabyte", outcome: Used, answer: || changed(|specs| specs["feature_gates"][long_text()] = json!({})) },
    Row { name: "the time twice", outcome: Refused(NO_SPECS), answer: || body(specs().to_string().replacen('{', r#"{"time":1,"#, 1)) },
    Row { name: "a gate twice", outcome: Used, answer: || body(specs().to_string().replacen("\"feature_gates\":{", r#""feature_gates":{"on":{},"#, 1)) },
    Row { name: "gates that are none", outcome: Used, answer: || changed(|specs| { for (number, value) in [json!(1), json!("x"), json!([]), json!(null), json!({"rules": 5})].into_iter().enumerate() { specs["feature_gates"][format!("broken {number}")] = value; } }) },
    Row { name: "a share of more than all", outcome: Used, answer: || with_text("/feature_gates/on/salt", r#""s","passPercentage":1e308"#) },
    Row { name: "ten thousand broken gates", outcome: Used, answer: || changed(|specs| { for number in 0..10_000 { specs["feature_gates"][format!("{BODY}{number}")] = json!(number); } }) },

    // Statuses.
    Row { name: "HTML", outcome: Refused("expected "), answer: || raw(ok("content-type: text/html\r\n", format!("<html>{}", BODY.repeat(1_000)).as_bytes())) },
    Row { name: "nothing", outcome: Refused("an empty body"), answer: || raw(ok("", b"")) },
    Row { name: "204", outcome: Refused("an empty body"), answer: || raw("HTTP/1.1 204 No Content\r\n\r\n") },
    Row { name: "205", outcome: Refused("an empty body"), answer: || raw("HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n") },
    Row { name: "301", outcome: Refused("found 404"), answer: || status("301 Moved", "location: /elsewhere\r\n") },
    Row { name: "302", outcome: Refused("found 404"), answer: || status("302 Found", "location: /elsewhere\r\n") },
    Row { name: "303", outcome: Refused("found 404"), answer: || status("303 See Other", "location: /elsewhere\r\n") },
    Row { name: "307", outcome: Refused("found 404"), answer: || status("307 Temporary", "location: /elsewhere\r\n") },
    Row { name: "308", outcome: Refused("found 404"), answer: || status("308 Permanent", "location: /elsewhere\r\n") },
    Row { name: "a redirect in a circle", outcome: Refused("redirect"), answer: || status("302 Found", "location: /v2/download_config_specs/again\r\n") },
    Row { name: "a redirect to another origin", outcome: Refused("302"), answer: || status("302 Found", "location: http://127.0.0.1:9/elsewhere\r\n") },
    Row { name: "a redirect to a file", outcome: Refused("302"), answer: || status("302 Found", "location: file:///etc/passwd\r\n") },
    Row { name: "a redirect to nowhere", outcome: Refused("302"), answer: || status("302 Found", "location: http://\r\n") },
    Row { name: "300 without a place", outcome: Refused("found 300"), answer: || status("300 Multiple", "") },
    Row { name: "304 to a question without condition", outcome: Refused("found 304"), answer: || raw("HTTP/1.1 304 Not Modified\r\n\r\n") },
    Row { name: "401 with the key in its body", outcome: Refused("found 401"), answer: || raw(response("401 Unauthorized", "", super::KEY.as_bytes())) },
    Row { name: "403 with a pause of centuries", outcome: Refused("found 403"), answer: || status("403 Forbidden", "retry-after: 99999999999\r\n") },
    Row { name: "429 with a negative pause", outcome: Refused("found 429"), answer: || status("429 Too Many", "retry-after: -1\r\n") },
    Row { name: "429 with a pause larger than any", outcome: Refused("found 429"), answer: || status("429 Too Many", "retry-after: 99999999999999999999999\r\n") },
    Row { name: "503 with a date of long ago", outcome: Refused("found 503"), answer: || status("503 Away", "retry-after: Thu, 01 Jan 1970 00:00:00 GMT\r\n") },
    Row { name: "a status that there is not", outcome: Refused("found 799"), answer: || status("799 Whatever", "") },

    // Encodings.
    Row { name: "gzip that is none", outcome: Refused("expected a body in gzip"), answer: || encoded("gzip", specs().to_string().as_bytes()) },
    Row { name: "gzip that ends early", outcome: Refused("expected a body in gzip"), answer: || { let bytes = gzipped(specs().to_string().as_bytes()); encoded("gzip", &bytes[..bytes.len() / 2]) } },
    Row { name: "gzip that blows up", outcome: Refused("at most 1048576 bytes"), answer: || encoded("gzip", &gzipped(&vec![b' '; 100 * MAX_BYTES])) },
    Row { name: "gzip in gzip", outcome: Refused("gzip, gzip"), answer: || encoded("gzip, gzip", &gzipped(&gzipped(specs().to_string().as_bytes()))) },
    Row { name: "Brotli that was not asked for", outcome: Refused("found br"), answer: || encoded("br", b"\x8b\x02\x80\x03") },
    Row { name: "zstd that was not asked for", outcome: Refused("found zstd"), answer: || encoded("zstd", b"\x28\xb5\x2f\xfd") },
    Row { name: "an encoding of a thousand letters", outcome: Refused("found"), answer: || encoded(&"x".repeat(10_000), b"{}") },

    // Lengths and connections.
    Row { name: "a length that is too short", outcome: Refused(NO_SPECS), answer: || Answer::Close(cut_at("content-length: 10\r\n")) },
    Row { name: "a length that is too long", outcome: Refused("the connection failed"), answer: || Answer::Close(cut_at("content-length: 900000\r\n")) },
    Row { name: "a length larger than allowed", outcome: Refused("at most 1048576 bytes"), answer: || Answer::Close(cut_at("content-length: 9000000000\r\n")) },
    Row { name: "a negative length", outcome: Refused("the connection failed"), answer: || Answer::Close(cut_at("content-length: -1\r\n")) },
    Row { name: "two lengths", outcome: Refused("the connection failed"), answer: || Answer::Close(cut_at("content-length: 5\r\ncontent-length: 6\r\n")) },
    Row { name: "chunks without end", outcome: Refused("at most 1048576 bytes"), answer: || Answer::Endless(chunked(), format!("4000\r\n{}\r\n", " ".repeat(0x4000)).into_bytes().into()) },
    Row { name: "a chunk larger than any", outcome: Refused("the connection failed"), answer: || Answer::Close([&chunked()[..], b"fffffffffffffffff\r\n{}"].concat().into()) },
    Row { name: "a chunk that lies about its size", outcome: Refused("the connection failed"), answer: || Answer::Close([&chunked()[..], b"5\r\n{\"time\":1}\r\n0\r\n\r\n"].concat().into()) },
    Row { name: "a header of 100 KB", outcome: Used, answer: || raw(ok(&format!("x-long: {}\r\n", "x".repeat(100_000)), specs().to_string().as_bytes())) },
    Row { name: "a thousand headers", outcome: Refused("the connection failed"), answer: || raw(ok(&"x-a: b\r\n".repeat(1_000), specs().to_string().as_bytes())) },
    Row { name: "headers without end", outcome: Refused("the connection failed"), answer: || Answer::Endless(bytes(b"HTTP/1.1 200 OK\r\n"), "x-a: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n".repeat(200).into_bytes().into()) },
    Row { name: "the announcement of an answer, without end", outcome: Refused("within 1000 ms"), answer: || Answer::Endless(bytes(b""), bytes(b"HTTP/1.1 100 Continue\r\n\r\n")) },
    Row { name: "another protocol", outcome: Refused("the connection failed"), answer: || Answer::Close(bytes(b"SSH-2.0-OpenSSH_9.6\r\n")) },
    Row { name: "a change of protocol", outcome: Refused("found 101"), answer: || raw("HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n") },
    Row { name: "a reset at once", outcome: Refused("the connection failed"), answer: || Answer::Reset(bytes(b"")) },
    Row { name: "a reset in the middle", outcome: Refused("the connection failed"), answer: || Answer::Reset(cut_at("content-length: 900000\r\n")) },
    Row { name: "silence", outcome: Refused("within 1000 ms"), answer: || Answer::Stall(bytes(b"")) },
    Row { name: "silence in the middle", outcome: Refused("within 1000 ms"), answer: || Answer::Stall(cut_at("content-length: 900000\r\n")) },
    Row { name: "a byte now and then", outcome: Refused("within 1000 ms"), answer: || Answer::Drip(ok("", specs().to_string().as_bytes()).into()) },
];

/// Specs with this header instead of a correct length.
fn cut_at(header: &str) -> std::sync::Arc<[u8]> {
    format!("HTTP/1.1 200 OK\r\n{header}\r\n{}", specs())
        .into_bytes()
        .into()
}

fn chunked() -> std::sync::Arc<[u8]> {
    bytes(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
}
