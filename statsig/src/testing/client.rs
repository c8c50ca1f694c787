//! A started client for tests.

use std::ops::Deref;
use std::sync::Arc;

use super::clock::SimulatedClock;
use super::logged_events::LoggedEvents;
use super::or_fail;
use super::transport::ScriptedTransport;
use crate::client::Statsig;
use crate::offline::SpecsInput;
use crate::options::{StatsigOptions, StatsigOptionsBuilder};

/// A client that has its specs, with its network and its clock in memory. Made by [`client`].
///
/// Derefs to [`Statsig`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TestClient {
    /// The client. Clone it into the state of the application under test.
    pub statsig: Statsig,
    /// The network of the client.
    pub network: Arc<ScriptedTransport>,
    /// The wall clock of the client, which follows tokio's time.
    pub clock: Arc<SimulatedClock>,
}

/// Starts a client with these specs: [`Specs`](super::Specs), or the JSON that the specs endpoint
/// would return. No request leaves the process.
///
/// ```
/// use statsig::StatsigUser;
/// use statsig::testing::{self, Specs};
///
/// // #[tokio::test(start_paused = true)]
/// async fn everybody_ships_for_free() {
///     let test = testing::client(Specs::new().gate("free_shipping", |g| g.everyone())).await;
///     let ann = StatsigUser::with_user_id("ann");
///     assert!(test.check_gate(&ann, "free_shipping"));
///     test.logged().await.assert_gate_exposed(&ann, "free_shipping");
/// }
/// # let mut builder = tokio::runtime::Builder::new_current_thread();
/// # let runtime = builder.enable_all().start_paused(true).build().unwrap();
/// # runtime.block_on(everybody_ships_for_free());
/// ```
///
/// # Panics
/// If the specs are not valid. The message says what is wrong.
pub async fn client(specs: impl Into<SpecsInput>) -> TestClient {
    client_with(specs, StatsigOptions::builder()).await
}

/// The same with further options. The network, the clock and the source of specs are those of the
/// test.
///
/// ```
/// use statsig::StatsigOptions;
/// use statsig::testing::{self, Specs, environment};
/// # use statsig::StatsigUser;
///
/// # let mut builder = tokio::runtime::Builder::new_current_thread();
/// # let runtime = builder.enable_all().start_paused(true).build().unwrap();
/// # runtime.block_on(async {
/// let specs = Specs::new().gate("new_page", |g| g.when(environment().any(["staging"])));
/// let options = StatsigOptions::builder().environment("staging");
/// let test = testing::client_with(specs, options).await;
/// # assert!(test.check_gate(&StatsigUser::with_user_id("ann"), "new_page"));
/// # });
/// ```
///
/// # Panics
/// If the specs or the options are not valid. The message says what is wrong.
pub async fn client_with(
    specs: impl Into<SpecsInput>,
    options: StatsigOptionsBuilder,
) -> TestClient {
    let specs = specs.into();
    let network = Arc::new(ScriptedTransport::new());
    let clock = Arc::new(SimulatedClock::new());
    let mut options = options.transport(network.clone()).clock(clock.clone());
    if !specs.id_lists().is_empty() {
        options = options.enable_id_lists(true);
    }
    network.serve_specs(specs);
    let options = or_fail(options.panic_in_tests(true).build());
    let statsig = Statsig::new("secret-test", options);
    or_fail(statsig.initialize().await);
    TestClient {
        statsig,
        network,
        clock,
    }
}

impl TestClient {
    /// Flushes, and returns all exposures and events so far.
    ///
    /// ```
    /// use statsig::testing::{self, Specs};
    /// use statsig::{Event, StatsigUser};
    ///
    /// # let mut builder = tokio::runtime::Builder::new_current_thread();
    /// # let runtime = builder.enable_all().start_paused(true).build().unwrap();
    /// # runtime.block_on(async {
    /// let test = testing::client(Specs::new()).await;
    /// let ann = StatsigUser::with_user_id("ann");
    /// test.log_event(&ann, Event::new("add_to_cart"));
    /// assert_eq!(test.logged().await.named("add_to_cart").of(&ann).len(), 1);
    /// # });
    /// ```
    ///
    /// # Panics
    /// If the events cannot be delivered, because the network fails, as the test scripted it.
    pub async fn logged(&self) -> LoggedEvents {
        or_fail(self.statsig.flush_events().await);
        self.network.logged()
    }

    /// Serves these specs from now on, and waits until the client uses them.
    ///
    /// ```
    /// use statsig::StatsigUser;
    /// use statsig::testing::{self, Specs};
    ///
    /// # let mut builder = tokio::runtime::Builder::new_current_thread();
    /// # let runtime = builder.enable_all().start_paused(true).build().unwrap();
    /// # runtime.block_on(async {
    /// let specs = |share: u8| Specs::new().gate("rollout", |g| g.everyone().pass(share));
    /// let test = testing::client(specs(0)).await;
    /// let ann = StatsigUser::with_user_id("ann");
    /// assert!(!test.check_gate(&ann, "rollout"));
    /// test.serve(specs(100)).await;
    /// assert!(test.check_gate(&ann, "rollout"));
    /// # });
    /// ```
    ///
    /// # Panics
    /// If the specs are not valid, or older than those in use. The message says what is wrong.
    pub async fn serve(&self, specs: impl Into<SpecsInput>) {
        self.network.serve_specs(specs);
        or_fail(self.statsig.refresh().await);
    }
}

impl Deref for TestClient {
    type Target = Statsig;

    fn deref(&self) -> &Statsig {
        &self.statsig
    }
}

impl AsRef<Statsig> for TestClient {
    fn as_ref(&self) -> &Statsig {
        self
    }
}
