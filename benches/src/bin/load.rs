//! The cost of loading: a specs file for the first time, the same file with one changed entity, and
//! a long ID list. Each load has its own process, so that resident memory shows this load alone.
//!
//! ```sh
//! cargo run --release --bin load -- specs ours --specs FILE
//! cargo run --release --features peer --bin load -- specs peer --specs FILE
//! ```

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand, ValueEnum};
use serde_json::{Value, json};
use statsig::sources::{
    FetchError, IdListFileRequest, IdListsAdapter, IdListsRequest, SpecsAdapter, SpecsPayload,
    SpecsRequest,
};
use statsig::transport::BoxFuture;
use statsig::{SpecsSource, Statsig, StatsigOptions};
use statsig_benches::ours::Ours;
use statsig_benches::{one_worker, specs};
use tokio::runtime::Runtime;

/// How often to repeat loads to measure their time.
const REPEATS: usize = 15;
/// The size of a line in an ID list's file, in bytes.
const LINE_BYTES: usize = 10;

/// Measures loading.
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// From a text to a client that can evaluate.
    Specs {
        side: Side,
        /// A file with specs that replace the generated ones.
        #[arg(long)]
        specs: Option<PathBuf>,
    },
    /// The next text, in which one config differs.
    Resync {
        side: Side,
        /// A file with specs that replace the generated ones.
        #[arg(long)]
        specs: Option<PathBuf>,
    },
    /// A list with this number of IDs, and then a hundred more. Only our SDK.
    Lists {
        #[arg(long, default_value_t = 10_000_000)]
        ids: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Side {
    Ours,
    Peer,
}

fn main() -> ExitCode {
    let result = match Args::parse().what {
        What::Specs { side, specs } => text(specs).and_then(|text| load_specs(side, &text)),
        What::Resync { side, specs } => text(specs).and_then(|text| resync(side, &text)),
        What::Lists { ids } => load_list(ids),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn text(path: Option<PathBuf>) -> Result<String, String> {
    match path {
        None => Ok(specs::generate()),
        Some(path) => std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display())),
    }
}

/// Resident memory in MiB: now, and the peak since the last call.
struct Memory {
    resident: f64,
    peak: f64,
}

impl Memory {
    fn take() -> Result<Self, String> {
        let status = std::fs::read_to_string("/proc/self/status")
            .map_err(|error| format!("memory is measured on Linux only: {error}"))?;
        let mib = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
            kib.map(|kib| kib / 1024.0)
                .ok_or(format!("found no {name}"))
        };
        let memory = Self {
            resident: mib("VmRSS:")?,
            peak: mib("VmHWM:")?,
        };
        // Resets the peak.
        std::fs::write("/proc/self/clear_refs", "5").map_err(|error| error.to_string())?;
        Ok(memory)
    }
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times
        .get(times.len() / 2)
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

fn report(what: &str, side: Side, before: &Memory, after: &Memory, times: Vec<Duration>) {
    let line = json!({
        "what": what,
        "side": format!("{side:?}").to_lowercase(),
        "median_ms": median(times),
        "resident_mib": after.resident - before.resident,
        "peak_mib": after.peak - before.resident,
    });
    println!("{line}");
}

fn load_specs(side: Side, text: &str) -> Result<(), String> {
    // Both sides start their runtime and everything around it before the measurement.
    let small = r#"{"has_updates":true,"time":1,"feature_gates":{},"dynamic_configs":{},"layer_configs":{},
        "condition_map":{},"experiment_to_layer":{}}"#;
    let mut times = Vec::new();
    let (before, after) = match side {
        Side::Ours => {
            let base = Ours::new(small);
            let before = Memory::take()?;
            let client = base.again(text);
            let after = Memory::take()?;
            for _ in 0..REPEATS {
                let start = Instant::now();
                let client = base.again(text);
                times.push(start.elapsed());
                client.shut_down();
            }
            client.shut_down();
            (before, after)
        }
        Side::Peer => peer::load_specs(small, text, &mut times)?,
    };
    report("specs", side, &before, &after, times);
    Ok(())
}

fn resync(side: Side, text: &str) -> Result<(), String> {
    let mut specs: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let first = specs.to_string();
    let texts = (1..=REPEATS as u64).map(|change| specs::changed(&mut specs, change));
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    let mut times = Vec::new();
    match side {
        Side::Ours => {
            let served = Arc::new(Served::default());
            served.serve(first);
            let runtime = one_worker();
            let options = StatsigOptions::builder().specs_adapter(served.clone());
            let client = started(&runtime, options.disable_all_logging(true))?;
            for text in texts {
                served.serve(text);
                let start = Instant::now();
                let refreshed = runtime.block_on(client.refresh());
                times.push(start.elapsed());
                refreshed.map_err(|error| error.to_string())?;
            }
        }
        Side::Peer => peer::resync(&first, texts, &mut times)?,
    }
    let nothing = Memory {
        resident: f64::NAN,
        peak: f64::NAN,
    };
    report("resync", side, &nothing, &nothing, times);
    Ok(())
}

fn started(runtime: &Runtime, options: statsig::StatsigOptionsBuilder) -> Result<Statsig, String> {
    let options = options.build().map_err(|error| error.to_string())?;
    let client = Statsig::new("secret-bench", options);
    let details = runtime.block_on(client.initialize());
    details.map_err(|error| error.to_string())?;
    Ok(client)
}

/// Serves one text, always as a whole.
#[derive(Debug, Default)]
struct Served(Mutex<bytes::Bytes>);

impl Served {
    fn serve(&self, text: String) {
        *self.0.lock().expect("no panics") = text.into();
    }
}

impl SpecsAdapter for Served {
    fn source(&self) -> SpecsSource {
        SpecsSource::Network
    }

    fn fetch(&self, _: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>> {
        let text = self.0.lock().expect("no panics").clone();
        Box::pin(async move { Ok(SpecsPayload::new(text)) })
    }
}

/// A list of hashed numbers. It grows by a hundred with each sync.
#[derive(Debug)]
struct Numbers {
    ids: usize,
    syncs: Mutex<usize>,
}

const GROWTH: usize = 100;

impl Numbers {
    fn size(&self) -> usize {
        let syncs = *self.syncs.lock().expect("no panics");
        (self.ids + (syncs - 1) * GROWTH) * LINE_BYTES
    }
}

impl IdListsAdapter for Numbers {
    fn manifest(&self, _: &IdListsRequest) -> BoxFuture<'_, Result<bytes::Bytes, FetchError>> {
        *self.syncs.lock().expect("no panics") += 1;
        let manifest = json!({"numbers": {"name": "numbers", "url": "", "size": self.size(), "creationTime": 1}});
        Box::pin(async move { Ok(manifest.to_string().into()) })
    }

    fn file(&self, request: &IdListFileRequest) -> BoxFuture<'_, Result<bytes::Bytes, FetchError>> {
        let lines = request.start as usize / LINE_BYTES..self.size() / LINE_BYTES;
        let mut file = String::with_capacity(lines.len() * LINE_BYTES);
        lines.for_each(|number| line(number as u64, &mut file));
        Box::pin(async move { Ok(file.into()) })
    }
}

/// `+` and eight characters with the distribution of hashes.
fn line(number: u64, file: &mut String) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut mixed = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^= mixed >> 27;
    file.push('+');
    for place in 0..8 {
        file.push(char::from(ALPHABET[(mixed >> (6 * place)) as usize % 64]));
    }
    file.push('\n');
}

fn load_list(ids: usize) -> Result<(), String> {
    let served = Arc::new(Served::default());
    served.serve(specs::generate());
    let runtime = one_worker();
    let before = Memory::take()?;
    let numbers = Arc::new(Numbers {
        ids,
        syncs: Mutex::new(0),
    });
    let options = StatsigOptions::builder()
        .specs_adapter(served)
        .id_lists_adapter(numbers.clone())
        .enable_id_lists(true)
        .id_lists_sync_interval(Duration::from_secs(1))
        .max_id_list_bytes(2 * ids * LINE_BYTES);
    let start = Instant::now();
    let client = started(&runtime, options.disable_all_logging(true))?;
    let loaded = start.elapsed();
    let after = Memory::take()?;
    report("list", Side::Ours, &before, &after, vec![loaded]);
    let growths = 5;
    while *numbers.syncs.lock().expect("no panics") <= growths {
        std::thread::sleep(Duration::from_millis(20));
    }
    let grown = Memory::take()?;
    let per_id =
        |memory: &Memory| (memory.resident - before.resident) * 1024.0 * 1024.0 / ids as f64;
    println!(
        "{}",
        json!({"what": "list", "ids": ids, "bytes_per_id": per_id(&after), "bytes_per_id_after_growth": per_id(&grown)})
    );
    drop(client);
    Ok(())
}

#[cfg(feature = "peer")]
mod peer {
    use std::time::{Duration, Instant};

    use statsig_benches::peer::{Peer, Replaceable};

    use super::Memory;

    pub(super) fn load_specs(
        small: &str,
        text: &str,
        times: &mut Vec<Duration>,
    ) -> Result<(Memory, Memory), String> {
        let base = Peer::new(small);
        let before = Memory::take()?;
        let client = base.again(text);
        let after = Memory::take()?;
        for _ in 0..super::REPEATS {
            let start = Instant::now();
            let client = base.again(text);
            times.push(start.elapsed());
            client.shut_down();
        }
        client.shut_down();
        Ok((before, after))
    }

    pub(super) fn resync(
        first: &str,
        texts: Vec<String>,
        times: &mut Vec<Duration>,
    ) -> Result<(), String> {
        let client = Replaceable::new(first);
        for text in texts {
            let start = Instant::now();
            client.replace(text)?;
            times.push(start.elapsed());
        }
        Ok(())
    }
}

#[cfg(not(feature = "peer"))]
mod peer {
    use std::time::Duration;

    use super::Memory;

    const NOT_BUILT: &str = "built without the other crate";

    pub(super) fn load_specs(
        _: &str,
        _: &str,
        _: &mut Vec<Duration>,
    ) -> Result<(Memory, Memory), String> {
        Err(NOT_BUILT.to_owned())
    }

    pub(super) fn resync(_: &str, _: Vec<String>, _: &mut Vec<Duration>) -> Result<(), String> {
        Err(NOT_BUILT.to_owned())
    }
}
