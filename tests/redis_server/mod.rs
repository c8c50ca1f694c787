//! A Redis server on a free port of this machine, in memory only.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use statsig::RedisDataStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// How often to look whether it listens, and for how long.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS: u32 = 1_500;

pub(crate) struct RedisServer {
    port: u16,
    process: Child,
    folder: tempfile::TempDir,
}

impl RedisServer {
    /// `None`, said aloud, where there is no `redis-server`.
    pub(crate) fn start() -> Option<Self> {
        let is_installed = Command::new("redis-server")
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !is_installed {
            println!("skipped: expected the program redis-server, found none");
            return None;
        }
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let folder = tempfile::tempdir().expect("a folder");
        let process = spawn(port, folder.path());
        wait_until_it_listens(port);
        Some(Self {
            port,
            process,
            folder,
        })
    }

    /// A store on a connection of its own.
    pub(crate) fn store(&self) -> RedisDataStore {
        RedisDataStore::new(&format!("redis://127.0.0.1:{}", self.port)).expect("an address")
    }

    /// Ends it without a chance to say goodbye.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("a running process");
        self.process.wait().expect("an ended process");
    }

    /// Starts it again on the same port, empty.
    pub(crate) fn restart(&mut self) {
        self.process = spawn(self.port, self.folder.path());
        wait_until_it_listens(self.port);
    }

    /// Sends a command past the SDK.
    pub(crate) async fn command(&self, words: &[&str]) {
        let mut text = format!("*{}\r\n", words.len());
        for word in words {
            text.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        let address = (Ipv4Addr::LOCALHOST, self.port);
        let mut stream = tokio::net::TcpStream::connect(address)
            .await
            .expect("a connection");
        stream.write_all(text.as_bytes()).await.expect("sent");
        let mut answer = [0];
        stream.read_exact(&mut answer).await.expect("an answer");
        assert_ne!(answer, *b"-", "{words:?}");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(port: u16, folder: &std::path::Path) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(folder)
        .stdout(Stdio::null())
        .spawn()
        .expect("a process")
}

fn wait_until_it_listens(port: u16) {
    for _ in 0..LOOKS {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return;
        }
        std::thread::sleep(LOOK);
    }
    panic!("redis-server does not listen on port {port}");
}
