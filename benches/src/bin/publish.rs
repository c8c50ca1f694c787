//! The cost of new specs for readers. One thread checks a gate for 5,000 users in turn while specs
//! are published. Other threads have checked a gate once and wait.
//!
//! ```sh
//! cargo run --release --bin publish -- --parked 1024
//! ```

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use serde_json::json;
use statsig::sources::{FetchError, SpecsAdapter, SpecsPayload, SpecsRequest};
use statsig::transport::BoxFuture;
use statsig::{SpecsSource, Statsig, StatsigOptions, StatsigUser};
use statsig_benches::one_worker;

const GATE: &str = "percentage_gate";
const USERS: usize = 5_000;

/// Measures publishing.
#[derive(Debug, Parser)]
struct Args {
    /// Threads that check a gate once and wait.
    #[arg(long, default_value_t = 1)]
    parked: usize,
    /// How often to publish specs.
    #[arg(long, default_value_t = 25)]
    times: u64,
}

fn main() -> ExitCode {
    match measure(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Serves one text, always as a whole.
#[derive(Debug)]
struct Served(Mutex<String>);

impl SpecsAdapter for Served {
    fn source(&self) -> SpecsSource {
        SpecsSource::Network
    }

    fn fetch(&self, _: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>> {
        let text = self.0.lock().expect("no panics").clone();
        Box::pin(async move { Ok(SpecsPayload::new(bytes::Bytes::from(text))) })
    }
}

fn specs(time: u64) -> String {
    let rule = json!({"name": "half", "passPercentage": 50, "conditions": ["everyone"], "returnValue": true,
        "id": "half", "salt": "half", "idType": "userID"});
    json!({
        "has_updates": true,
        "time": time,
        "feature_gates": {GATE: {"type": "feature_gate", "salt": "a-salt", "enabled": true, "defaultValue": false,
            "rules": [rule], "idType": "userID", "entity": "feature_gate", "version": time}},
        "dynamic_configs": {},
        "layer_configs": {},
        "condition_map": {"everyone": {"type": "public", "targetValue": null, "operator": null, "field": null,
            "additionalValues": {}, "isDeviceBased": false, "idType": "userID"}},
        "experiment_to_layer": {}
    })
    .to_string()
}

fn measure(args: &Args) -> Result<(), String> {
    let served = Arc::new(Served(Mutex::new(specs(1))));
    let runtime = one_worker();
    let options = StatsigOptions::builder()
        .specs_adapter(served.clone())
        .disable_all_logging(true)
        .build()
        .map_err(|error| error.to_string())?;
    let client = Statsig::new("secret-bench", options);
    let details = runtime.block_on(client.initialize());
    details.map_err(|error| error.to_string())?;

    let mut parked = Vec::new();
    for number in 0..args.parked {
        let (release, wait) = mpsc::channel::<()>();
        let client = client.clone();
        let (checked, has_checked) = mpsc::channel();
        let body = move || {
            let user = StatsigUser::with_user_id(format!("parked-{number}"));
            black_box(client.check_gate(&user, GATE));
            let _ = checked.send(());
            let _ = wait.recv();
        };
        let thread = thread::Builder::new().stack_size(64 * 1024).spawn(body);
        parked.push((release, thread.map_err(|error| error.to_string())?));
        has_checked.recv().map_err(|error| error.to_string())?;
    }

    let is_over = Arc::new(AtomicBool::new(false));
    let reader = thread::spawn({
        let (client, is_over) = (client.clone(), Arc::clone(&is_over));
        move || read(&client, &is_over)
    });
    let mut published = Vec::new();
    for time in 2..args.times + 2 {
        // Readers first fill the cache of each generation.
        thread::sleep(Duration::from_millis(50));
        *served.0.lock().expect("no panics") = specs(time);
        let start = Instant::now();
        let refreshed = runtime.block_on(client.refresh());
        published.push(start.elapsed());
        refreshed.map_err(|error| error.to_string())?;
    }
    is_over.store(true, Ordering::Relaxed);
    let (checks, slowest) = reader.join().map_err(|_| "the reader panicked")?;

    published.sort_unstable();
    let second = second_ask(&client);
    println!(
        "{}",
        json!({
            "parked": args.parked,
            "publish_median_ms": published[published.len() / 2].as_secs_f64() * 1e3,
            "publish_slowest_ms": published[published.len() - 1].as_secs_f64() * 1e3,
            "check_slowest_ms": slowest.as_secs_f64() * 1e3,
            "checks": checks,
            "second_ask_ns": second.as_nanos() as u64,
        })
    );
    drop(
        parked
            .into_iter()
            .map(|(release, thread)| (drop(release), thread.join()))
            .collect::<Vec<_>>(),
    );
    Ok(())
}

fn users(prefix: &str) -> Vec<StatsigUser> {
    let ids = (0..USERS).map(|number| format!("{prefix}-{number}"));
    ids.map(StatsigUser::with_user_id).collect()
}

/// Checks until the end. Returns how often, and the time of the slowest check.
fn read(client: &Statsig, is_over: &AtomicBool) -> (u64, Duration) {
    let users = users("a-user");
    let (mut checks, mut slowest) = (0, Duration::ZERO);
    while !is_over.load(Ordering::Relaxed) {
        for user in &users {
            let start = Instant::now();
            black_box(client.check_gate(user, GATE));
            slowest = slowest.max(start.elapsed());
            checks += 1;
        }
    }
    (checks, slowest)
}

/// The time of a user's second check, which the client answers from its cache.
fn second_ask(client: &Statsig) -> Duration {
    let users = users("somebody");
    let mut sum = Duration::ZERO;
    for user in &users {
        black_box(client.check_gate(user, GATE));
        let start = Instant::now();
        black_box(client.check_gate(user, GATE));
        sum += start.elapsed();
    }
    sum / USERS as u32
}
