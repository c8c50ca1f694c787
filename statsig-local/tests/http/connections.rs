//! Tests with more connections than the server serves at a time.

use std::time::Duration;

use statsig_local::limits::MAX_CONNECTIONS;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{get, start};

const SPECS: &str = "/v2/download_config_specs/key.json";
/// Long enough for a busy machine. No test waits for its end.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn connections_that_are_kept_alive_keep_nobody_out() {
    let local = start().await;
    let mut kept = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        let mut stream = TcpStream::connect(local.address()).await.unwrap();
        let request = b"GET /v1/get_id_lists HTTP/1.1\r\nhost: localhost\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, *b"HTTP/1.1 200");
        kept.push(stream);
    }
    let next = tokio::time::timeout(PATIENCE, get(&local, SPECS)).await;
    assert_eq!(next.expect("an answer").status, 200);
}

#[tokio::test]
async fn connections_that_are_silent_keep_nobody_out() {
    let local = start().await;
    let mut silent = Vec::new();
    for _ in 0..MAX_CONNECTIONS + 50 {
        silent.push(TcpStream::connect(local.address()).await.unwrap());
    }
    let next = tokio::time::timeout(PATIENCE, get(&local, SPECS)).await;
    assert_eq!(next.expect("an answer").status, 200);
}
