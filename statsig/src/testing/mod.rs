//! Tools for tests: a client without actors, simulated time, a scripted transport.

mod offline;

pub use offline::OfflineClient;
