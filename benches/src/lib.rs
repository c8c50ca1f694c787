//! What the comparison (`src/main.rs`) and the benchmarks of our own work (`benches/`) share.

pub mod agree;
pub mod alloc;
pub mod cases;
pub mod measure;
pub mod ours;
#[cfg(feature = "peer")]
pub mod peer;
#[cfg(not(feature = "peer"))]
#[path = "no_peer.rs"]
pub mod peer;
pub mod report;
pub mod roles;
pub mod specs;

/// What each side's client runs on: one worker, beside the thread that measures.
pub fn one_worker() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime can be had")
}
