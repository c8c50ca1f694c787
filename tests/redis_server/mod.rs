//! A Redis server on a free port of this machine, in memory only.

use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::{Client, TlsCertificates};
use statsig_redis::RedisDataStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::certificates::{Authority, Identity};

/// How often and how long to check whether the server listens.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS: u32 = 1_500;

pub(crate) struct RedisServer {
    port: u16,
    process: Child,
    folder: tempfile::TempDir,
    encryption: Vec<OsString>,
}

impl RedisServer {
    /// Prints a message and returns `None` if there is no `redis-server`.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(Vec::new())
    }

    /// A server that accepts only encrypted connections.
    pub(crate) fn start_encrypted(authority: &Authority, identity: &Identity) -> Option<Self> {
        let file = |option: &str, path: std::path::PathBuf| [option.into(), path.into_os_string()];
        let mut encryption: Vec<OsString> = ["--tls-auth-clients", "no"].map(Into::into).into();
        encryption.extend(file("--tls-ca-cert-file", authority.certificate_file()));
        encryption.extend(file("--tls-cert-file", identity.certificate_file()));
        encryption.extend(file("--tls-key-file", identity.key_file()));
        Self::start_with(encryption)
    }

    fn start_with(encryption: Vec<OsString>) -> Option<Self> {
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
        let process = spawn(port, folder.path(), &encryption);
        wait_until_it_listens(port);
        Some(Self {
            port,
            process,
            folder,
            encryption,
        })
    }

    /// A store with its own connection.
    pub(crate) fn store(&self) -> RedisDataStore {
        RedisDataStore::new(&format!("redis://127.0.0.1:{}", self.port)).expect("an address")
    }

    /// A store with its own encrypted connection. It trusts this authority, and connects to
    /// `localhost`, the name in the certificate.
    pub(crate) fn encrypted_store(&self, authority: &Authority) -> RedisDataStore {
        let url = format!("rediss://localhost:{}", self.port);
        let trusted = std::fs::read(authority.certificate_file()).expect("a certificate");
        let certificates = TlsCertificates {
            client_tls: None,
            root_cert: Some(trusted),
        };
        let client = Client::build_with_tls(url, certificates).expect("a client");
        RedisDataStore::from_client(client)
    }

    /// The same, but trusts the system's authorities.
    pub(crate) fn store_trusting_the_system(&self) -> RedisDataStore {
        RedisDataStore::new(&format!("rediss://localhost:{}", self.port)).expect("an address")
    }

    /// Kills the server without a shutdown.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("a running process");
        self.process.wait().expect("an ended process");
    }

    /// Restarts it on the same port, empty.
    pub(crate) fn restart(&mut self) {
        self.process = spawn(self.port, self.folder.path(), &self.encryption);
        wait_until_it_listens(self.port);
    }

    /// Sends a command directly, without the SDK.
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
        // The process may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(port: u16, folder: &std::path::Path, encryption: &[OsString]) -> Child {
    let (plain, encrypted) = if encryption.is_empty() {
        (port, 0)
    } else {
        (0, port)
    };
    let mut command = Command::new("redis-server");
    if encrypted > 0 {
        command.args(["--tls-port", &encrypted.to_string()]);
    }
    command
        .args(encryption)
        .args(["--port", &plain.to_string(), "--bind", "127.0.0.1"])
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
