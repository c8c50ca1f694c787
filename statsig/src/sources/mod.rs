//! The sources of specs and ID lists: the traits [`SpecsAdapter`], [`DataStore`] and
//! [`IdListsAdapter`], and the SDK's implementations.

mod adapter;
mod bootstrap;
pub(crate) mod chain;
pub(crate) mod data_store;
#[cfg(feature = "proto")]
pub(crate) mod deltas;
mod error;
mod factory;
mod file;
pub(crate) mod http;
pub(crate) mod id_lists;
pub(crate) mod schedule;
mod signal;

pub use adapter::{BackgroundSync, SpecsAdapter, SpecsPayload, SpecsRequest};
pub use bootstrap::BootstrapSpecs;
pub use chain::SpecAdapterConfig;
pub use data_store::{
    DataStore, DataStoreBytesResponse, DataStoreError, DataStoreFeature, DataStoreKeyVersion,
    DataStoreResponse, FileDataStore, RequestPath,
};
pub use error::FetchError;
pub use factory::{AdapterContext, SpecsAdapterFactory, StreamEvent};
pub use file::FileSpecs;
pub use id_lists::{IdListFileRequest, IdListsAdapter, IdListsRequest};
pub use signal::ChangeSignal;
pub use statsig_core::error::SpecsError;
pub use statsig_core::results::IdListSource;
