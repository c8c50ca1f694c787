//! The handle of a running server.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::error::LocalError;
use crate::events::{ReceivedBatch, ReceivedEvent};
use crate::faults::Fault;
use crate::files::Files;
use crate::id_lists::lines_of;
use crate::requests::{Endpoint, ReceivedRequest};
use crate::shared::Shared;
use crate::specs::SpecsSummary;

/// The source of given specs, for errors.
pub(crate) const GIVEN_SPECS: &str = "the given specs";

/// A running local Statsig. Dropping it closes all connections at once;
/// [`shutdown`](Self::shutdown) lets requests finish.
///
/// ```
/// use statsig::testing::Specs;
/// use statsig_local::LocalStatsig;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), statsig_local::LocalError> {
/// let local = LocalStatsig::builder().start().await?;
///
/// // Clients get these at their next sync.
/// let specs = Specs::new().gate("beta", |g| g.everyone());
/// local.set_specs_json(specs.to_json().expect("a valid project"))?;
/// local.set_id_list("employees", ["u-1", "u-2"]);
///
/// assert_eq!(local.specs_summary().gates, 1);
/// assert_eq!(local.id_list_names(), ["employees"]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct LocalStatsig {
    pub(crate) shared: Arc<Shared>,
    pub(crate) files: Arc<Files>,
    pub(crate) address: SocketAddr,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) server: JoinHandle<()>,
    pub(crate) watcher: JoinHandle<()>,
}

impl LocalStatsig {
    /// `http://host:port`, without a slash at the end. A server bound to all interfaces gives the
    /// loopback address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// The address on which the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// For an SDK's `specs_url` option.
    #[must_use]
    pub fn specs_url(&self) -> String {
        format!("{}/v2/download_config_specs", self.url())
    }

    /// For an SDK's `id_lists_url` option.
    #[must_use]
    pub fn id_lists_url(&self) -> String {
        format!("{}/v1/get_id_lists", self.url())
    }

    /// For an SDK's `log_event_url` option.
    #[must_use]
    pub fn log_event_url(&self) -> String {
        format!("{}/v1/log_event", self.url())
    }

    /// For the option `networkConfig.api` of a client SDK in a web page. The page's origin must be
    /// [allowed](crate::LocalStatsigBuilder::allowed_origin).
    #[must_use]
    pub fn client_api_url(&self) -> String {
        format!("{}/v1", self.url())
    }

    /// The contents of the specs that the server serves.
    #[must_use]
    pub fn specs_summary(&self) -> SpecsSummary {
        self.shared.specs.borrow().summary
    }

    /// Serves this text from now on, until another call or a change of the specs file replaces it.
    ///
    /// # Errors
    ///
    /// If the text is not JSON or lacks a required field. The server continues to serve the
    /// previous specs.
    pub fn set_specs_json(&self, text: impl Into<String>) -> Result<(), LocalError> {
        self.shared.set_specs(text.into(), GIVEN_SPECS)?;
        Ok(())
    }

    /// Serves this ID list from now on. It replaces a list of the same name. The IDs are plain unit
    /// IDs.
    ///
    /// A list that only grows keeps its file, so that clients download only the new part.
    pub fn set_id_list<I>(&self, name: impl Into<String>, unit_ids: I)
    where
        I: IntoIterator<Item: Into<String>>,
    {
        let lines = lines_of(unit_ids.into_iter().map(Into::into));
        let name = name.into();
        self.shared
            .change_id_lists(|lists| lists.code.insert(name, lines));
    }

    /// The names of the ID lists that the server serves, sorted.
    #[must_use]
    pub fn id_list_names(&self) -> Vec<String> {
        self.shared.id_lists.names()
    }

    /// Reads the files now. Returns true if what the server serves has changed.
    ///
    /// # Errors
    ///
    /// If a file is unreadable or invalid. The server continues to serve the previous contents.
    pub async fn reload_now(&self) -> Result<bool, LocalError> {
        self.files.reload(&self.shared).await
    }

    /// The events since the start or the last clearing, oldest first. The server keeps at most
    /// [`MAX_KEPT_EVENTS`](crate::limits::MAX_KEPT_EVENTS) events and
    /// [`MAX_KEPT_EVENT_BYTES`](crate::limits::MAX_KEPT_EVENT_BYTES) bytes.
    #[must_use]
    pub fn events(&self) -> Vec<ReceivedEvent> {
        self.shared.record.events().0
    }

    /// The batches of the events: one entry for each accepted `log_event` request, oldest first.
    /// The server keeps at most [`MAX_KEPT_BATCHES`](crate::limits::MAX_KEPT_BATCHES).
    #[must_use]
    pub fn batches(&self) -> Vec<Arc<ReceivedBatch>> {
        self.shared.record.batches()
    }

    /// Removes all events and batches. [`wait_for_events`](Self::wait_for_events) counts from zero
    /// again.
    pub fn clear_events(&self) {
        self.shared.record.clear_events();
    }

    /// All requests, oldest first, including refused ones and those to unknown paths. The server
    /// keeps at most [`MAX_KEPT_REQUESTS`](crate::limits::MAX_KEPT_REQUESTS).
    #[must_use]
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.shared.record.requests()
    }

    /// Waits until `count` events have arrived since the start or the last clearing, and returns
    /// the recorded events.
    ///
    /// Waits forever if they do not arrive. Use a [`timeout`](tokio::time::timeout).
    pub async fn wait_for_events(&self, count: u64) -> Vec<ReceivedEvent> {
        let record = &self.shared.record;
        record.wait_for(|counts| counts.events >= count).await;
        self.events()
    }

    /// Waits until `count` requests to an endpoint have begun since the start. Their results do not
    /// matter.
    ///
    /// Waits forever if they do not arrive. Use a [`timeout`](tokio::time::timeout).
    pub async fn wait_for_requests(&self, endpoint: Endpoint, count: u64) {
        let record = &self.shared.record;
        record
            .wait_for(|counts| counts.requests_to(endpoint) >= count)
            .await;
    }

    /// Makes requests to an endpoint fail, after the faults that already wait there.
    ///
    /// # Errors
    ///
    /// If the fault is invalid, or if [`MAX_QUEUED_FAULTS`](crate::limits::MAX_QUEUED_FAULTS)
    /// faults already wait.
    pub fn inject(&self, endpoint: Endpoint, fault: Fault) -> Result<(), LocalError> {
        self.shared.faults.inject(endpoint, fault)
    }

    /// Removes all faults that wait.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Stops accepting connections, gives open requests
    /// [`SHUTDOWN_DEADLINE`](crate::limits::SHUTDOWN_DEADLINE) to finish, and closes the remaining
    /// connections.
    pub async fn shutdown(mut self) {
        self.watcher.abort();
        self.stop.send_replace(true);
        // This fails only if the server has already stopped.
        let _ = (&mut self.server).await;
    }
}

impl Drop for LocalStatsig {
    fn drop(&mut self) {
        self.watcher.abort();
        self.server.abort();
    }
}
