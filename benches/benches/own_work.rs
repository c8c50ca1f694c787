//! Benchmarks of the SDK alone, through its public API: `cargo bench`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use statsig::FeatureGateEvaluationOptions;
use statsig::testing::OfflineClient;
use statsig_benches::ours::{self, Ours};
use statsig_benches::specs;

const OFF: FeatureGateEvaluationOptions =
    FeatureGateEvaluationOptions::new().disable_exposure_logging(true);
/// A full batch of events.
const BATCH: u64 = 2_000;

fn offline() -> OfflineClient {
    OfflineClient::new(specs::generate(), None).expect("the specs are valid")
}

/// The cost of a user's first evaluation, when nothing is cached. Logs no exposures.
fn evaluation(c: &mut Criterion) {
    let statsig = offline();
    let mut group = c.benchmark_group("evaluate");
    for gate in [
        "public_gate",
        "percentage_gate",
        "attribute_gate",
        "nested_gate",
    ] {
        let mut number = 0_u64;
        group.bench_function(gate, |bencher| {
            bencher.iter_batched_ref(
                || {
                    number += 1;
                    ours::user(format!("user-{number}"))
                },
                |user| statsig.check_gate_with_options(user, gate, OFF),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn repeats(c: &mut Criterion) {
    let statsig = offline();
    let user = ours::user("a-user".to_owned());
    let mut group = c.benchmark_group("repeat");
    group.bench_function("memo_hit", |bencher| {
        bencher.iter(|| statsig.check_gate_with_options(black_box(&user), "nested_gate", OFF));
    });
    group.bench_function("memo_hit_and_duplicate_exposure", |bencher| {
        bencher.iter(|| statsig.check_gate(black_box(&user), "nested_gate"));
    });
    group.bench_function("duplicate_exposure", |bencher| {
        bencher.iter(|| statsig.check_gate(black_box(&user), "public_gate"));
    });
    group.finish();
}

fn parse_and_compile(c: &mut Criterion) {
    let specs = specs::generate();
    c.bench_function("parse_and_compile", |bencher| {
        bencher.iter_with_large_drop(|| OfflineClient::new(black_box(&specs), None));
    });
}

/// Parses, compiles and publishes newer specs in which one config has changed. The time does not
/// include making their text.
fn resync_with_one_change(c: &mut Criterion) {
    let text = specs::generate();
    let mut specs = serde_json::from_str(&text).expect("the specs are JSON");
    let statsig = offline();
    let mut change = 0;
    c.bench_function("resync_with_one_change", |bencher| {
        bencher.iter_batched(
            || {
                change += 1;
                specs::changed(&mut specs, change).expect("a config to change")
            },
            |text| statsig.set_specs(&text),
            BatchSize::PerIteration,
        );
    });
}

/// From a full queue to a posted batch: JSON, compression, and the work of the actors. Each
/// iteration delivers one batch.
fn deliver_batch(c: &mut Criterion) {
    let statsig = Ours::new(&specs::generate());
    let mut number = 0_u64;
    c.bench_function("deliver_batch_of_2000", |bencher| {
        bencher.iter_custom(|iterations| {
            let mut taken = Duration::ZERO;
            for _ in 0..iterations {
                for _ in 0..BATCH - 1 {
                    number += 1;
                    let user = ours::user(format!("user-{number}"));
                    black_box(statsig.client.check_gate(&user, "nested_gate"));
                }
                let start = Instant::now();
                statsig.flush();
                taken += start.elapsed();
            }
            taken
        });
    });
}

criterion_group!(
    benches,
    evaluation,
    repeats,
    parse_and_compile,
    resync_with_one_change,
    deliver_batch
);
criterion_main!(benches);
