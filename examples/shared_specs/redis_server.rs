//! A Redis server that runs while the example runs.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How often and how long to check whether the server listens.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: u32 = 200;

pub(crate) struct RedisServer {
    url: String,
    /// `None` if the server at `REDIS_URL` is used.
    process: Option<Child>,
}

impl RedisServer {
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // The process may have ended already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// The server at `REDIS_URL`, or a new one on a free port without persistence; `None` if the
/// program is not installed.
pub(crate) fn find_or_start() -> io::Result<Option<RedisServer>> {
    if let Ok(url) = std::env::var("REDIS_URL") {
        return Ok(Some(RedisServer { url, process: None }));
    }
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = free.local_addr()?.port();
    drop(free);
    let started = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no"])
        .stdout(Stdio::null())
        .spawn();
    let server = match started {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        started => RedisServer {
            url: format!("redis://127.0.0.1:{port}"),
            process: Some(started?),
        },
    };
    for _ in 0..LOOKS {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(Some(server));
        }
        std::thread::sleep(LOOK);
    }
    Err(io::Error::other("redis-server does not listen"))
}
