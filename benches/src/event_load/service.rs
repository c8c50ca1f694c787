//! The local Statsig, in its own process. It reads commands from its standard input.

use std::io::{BufRead, BufReader, Lines, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use statsig_local::{Endpoint, Fault, LocalStatsig};

/// The service, as the measuring process controls it.
pub(crate) struct Service {
    /// `None` while it is down.
    running: Option<Running>,
    address: SocketAddr,
    /// The events that arrived before the service went down.
    arrived: u64,
}

struct Running {
    process: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Service {
    pub(crate) fn start() -> Result<Self, String> {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let (running, address) = Running::start(any_port)?;
        Ok(Self {
            running: Some(running),
            address,
            arrived: 0,
        })
    }

    pub(crate) fn log_event_url(&self) -> String {
        format!("http://{}/v1/log_event", self.address)
    }

    /// Delays every answer by this time, until the service goes down.
    pub(crate) fn be_slow(&mut self, delay: Duration) -> Result<(), String> {
        let running = self.running.as_mut().ok_or("the service is down")?;
        running.tell(&format!("slow {}", delay.as_millis()))
    }

    /// Stops the service without a shutdown: connections break, and new ones are refused.
    pub(crate) fn go_down(&mut self) -> Result<(), String> {
        self.arrived = self.arrived()?;
        self.running = None;
        Ok(())
    }

    pub(crate) fn come_back(&mut self) -> Result<(), String> {
        let (running, _) = Running::start(self.address)?;
        self.running = Some(running);
        Ok(())
    }

    /// The number of exposures so far.
    pub(crate) fn arrived(&mut self) -> Result<u64, String> {
        let now = match &mut self.running {
            None => 0,
            Some(running) => {
                running.tell("count")?;
                running.answer()?.parse().map_err(problem)?
            }
        };
        Ok(self.arrived + now)
    }
}

impl Running {
    fn start(address: SocketAddr) -> Result<(Self, SocketAddr), String> {
        let mut process = Command::new(std::env::current_exe().map_err(problem)?)
            .args(["--serve", &address.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(problem)?;
        let commands = process.stdin.take().ok_or("no standard input")?;
        let answers = process.stdout.take().ok_or("no standard output")?;
        let mut running = Self {
            process,
            commands,
            answers: BufReader::new(answers).lines(),
        };
        let address = running.answer()?.parse().map_err(problem)?;
        Ok((running, address))
    }

    fn tell(&mut self, command: &str) -> Result<(), String> {
        writeln!(self.commands, "{command}").map_err(problem)
    }

    fn answer(&mut self) -> Result<String, String> {
        let line = self.answers.next().ok_or("the service ended")?;
        line.map_err(problem)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The process has no state to save.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs the service until standard input ends.
pub(crate) fn serve(address: SocketAddr) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(problem)?;
    let arrived = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&arrived);
    let local = LocalStatsig::builder()
        .bind(address.to_string())
        .on_event(move |event| {
            if event.name() == "statsig::gate_exposure" {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        })
        .start();
    let local = runtime.block_on(local).map_err(problem)?;
    println!("{}", local.address());
    for command in std::io::stdin().lines() {
        let command = command.map_err(problem)?;
        match command.split_once(' ') {
            Some(("slow", millis)) => {
                let delay = Duration::from_millis(millis.parse().map_err(problem)?);
                local
                    .inject(Endpoint::LogEvent, Fault::delay(delay))
                    .map_err(problem)?;
            }
            _ => println!("{}", arrived.load(Ordering::Relaxed)),
        }
    }
    Ok(())
}

fn problem(error: impl std::fmt::Display) -> String {
    error.to_string()
}
