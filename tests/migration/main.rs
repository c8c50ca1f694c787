//! The guide for migrations: every public method and option of the other crates has a row, and each
//! row has code that runs.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::float_cmp,
    clippy::field_reassign_with_default,
    clippy::print_stdout,
    unreachable_pub,
    reason = "tests fail by panicking, and the program is as its users write it"
)]

#[rustfmt::skip]
mod after;
mod client;
mod event_options;
mod guide;
mod legacy;
mod options;
mod overrides;
mod reads;
mod results;
mod stores;
mod traits;
mod users;

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use statsig::observability::{ObservabilityClient, Tag};
use statsig::sources::{
    BootstrapSpecs, FetchError, IdListFileRequest, IdListsAdapter, IdListsRequest,
};
use statsig::transport::BoxFuture;
use statsig::{
    InitializeDetails, Statsig, StatsigOptions, StatsigOptionsBuilder, StatsigUser, compat,
};
use tokio::runtime::{Builder, Runtime};

/// The specs of the examples in the documentation.
pub(crate) const SPECS: &str = include_str!("../../statsig/src/docs/specs.json");

/// The section of the guide, the first name in the row, and code for the row.
pub(crate) type Row = (&'static str, &'static str, fn(&Setup));

/// A client that is started, by both of its interfaces.
pub(crate) struct Setup {
    pub(crate) statsig: Statsig,
    pub(crate) compat: compat::Statsig,
    pub(crate) user: StatsigUser,
    pub(crate) metrics: Arc<dyn ObservabilityClient>,
    runtime: Runtime,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let setup = Self {
            statsig: Statsig::new("secret-migration", None),
            compat: Statsig::new("secret-migration", None).into(),
            user: StatsigUser::with_user_id("a-user"),
            metrics: Arc::new(NoMetrics),
            runtime,
        };
        let statsig = Statsig::new("secret-migration", setup.options());
        setup.wait(statsig.initialize()).expect("specs");
        Self {
            compat: statsig.clone().into(),
            statsig,
            ..setup
        }
    }

    pub(crate) fn options(&self) -> StatsigOptions {
        let specs = Arc::new(BootstrapSpecs::new(SPECS));
        let options = StatsigOptions::builder()
            .disable_network(true)
            .specs_adapter(specs);
        options.build().expect("valid options")
    }

    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn details(&self) -> InitializeDetails {
        self.statsig
            .get_initialize_details()
            .expect("a started client")
    }

    /// Official options are valid.
    pub(crate) fn builds(&self, options: &compat::StatsigOptions) {
        options.build().expect("valid options");
    }

    /// Native options are valid.
    pub(crate) fn native(&self, set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder) {
        set(StatsigOptions::builder())
            .build()
            .expect("valid options");
    }
}

/// A source without ID lists.
#[derive(Debug)]
pub(crate) struct NoLists;

impl IdListsAdapter for NoLists {
    fn manifest(&self, _request: &IdListsRequest) -> BoxFuture<'_, Result<Bytes, FetchError>> {
        Box::pin(async { Ok(Bytes::from_static(b"{}")) })
    }

    fn file(&self, _request: &IdListFileRequest) -> BoxFuture<'_, Result<Bytes, FetchError>> {
        Box::pin(async { Ok(Bytes::new()) })
    }
}

#[derive(Debug)]
struct NoMetrics;

impl ObservabilityClient for NoMetrics {
    fn increment(&self, _metric: &'static str, _value: f64, _tags: &[Tag]) {}

    fn gauge(&self, _metric: &'static str, _value: f64, _tags: &[Tag]) {}

    fn dist(&self, _metric: &'static str, _value: f64, _tags: &[Tag]) {}
}

#[test]
fn a_program_for_the_official_crate_needs_at_most_6_changed_lines() {
    let (before, after) = (include_str!("before.rs"), include_str!("after.rs"));
    assert_eq!(before.lines().count(), 33);
    assert_eq!(after.lines().count(), 33);
    let pairs = before.lines().zip(after.lines());
    let changed: Vec<_> = pairs.filter(|(before, after)| before != after).collect();
    assert!(changed.len() <= 6, "{changed:#?}");
    after::main().expect("a program that works");
}
