//! The code that the comparison (`src/main.rs`), its two sides (`src/side.rs`) and the benchmarks
//! of the SDK alone (`benches/`) share.

pub mod alloc;
#[cfg(any(feature = "ours", feature = "peer"))]
pub mod cases;
pub mod measure;
#[cfg(feature = "ours")]
pub mod ours;
#[cfg(feature = "peer")]
pub mod peer;
pub mod protocol;
pub mod report;
pub mod roles;
pub mod specs;

// The side of this build.
#[cfg(feature = "ours")]
pub use ours as side;
#[cfg(all(feature = "peer", not(feature = "ours")))]
pub use peer as side;

/// The runtime of a side: one worker, besides the measuring thread.
pub fn one_worker() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime can be had")
}
