//! Flushing and shutting down, and the counts of events.

use std::time::Duration;

use super::Statsig;
use crate::actors::SHUTDOWN_LIMIT;
use crate::counters::{EventStats, FlushReport, ShutdownReport};
use crate::error::StatsigError;

impl Statsig {
    /// Delivers the events recorded so far and waits for the service's answers. Returns the counts
    /// of all events.
    ///
    /// Posts the batches in memory now, without waiting for a pause after failures, until one post
    /// fails. These attempts do not use up
    /// [retries](crate::StatsigOptionsBuilder::event_max_retries). With an event spool
    /// (`StatsigOptionsBuilder::event_spool`), failed batches are on disk when this returns. If
    /// `pending` is then 0, every event recorded before the call was delivered, dropped and
    /// counted, or `spooled`: written and synced, so that it survives a crash of the process and of
    /// the machine.
    ///
    /// Without a flush, events leave when a batch is full, or after a minute. Scripts and functions
    /// must therefore flush or [shut down](Self::shutdown) before they end.
    ///
    /// ```
    /// # use statsig::{Statsig, StatsigOptions};
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    /// # runtime.block_on(async {
    /// # let options = StatsigOptions::builder().disable_network(true).build()?;
    /// # let statsig = Statsig::new("secret-key", options);
    /// # statsig.initialize().await?;
    /// let stats = statsig.flush_events().await?;
    /// assert_eq!(stats.pending, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// When the client was not initialised, has been shut down, or an actor crashed during the
    /// call; [`StatsigError::RuntimeGone`] when the runtime of the client has ended.
    pub async fn flush_events(&self) -> Result<EventStats, StatsigError> {
        self.inner.handle()?.flush().await
    }

    /// Like [`flush_events`](Self::flush_events), but never takes longer than `limit`: for
    /// functions, whose process is frozen after the response, and for other work with a deadline.
    ///
    /// Returns as soon as everything is delivered. Events that are not delivered in time are not
    /// lost, and the report counts them. With an event spool
    /// (`StatsigOptionsBuilder::event_spool`), they are written to disk before the limit passes; a
    /// quarter of the limit, at most 250 ms, is reserved for this. Without a spool, they stay in
    /// memory (`pending`), and the next flush sends them. Posts under way continue while the
    /// process runs, up to
    /// [`event_request_timeout`](crate::StatsigOptionsBuilder::event_request_timeout); later
    /// flushes with a limit do not wait for them again. A process that is frozen during a post does
    /// not use up [retries](crate::StatsigOptionsBuilder::event_max_retries).
    ///
    /// To keep a deadline, pass [`time_until(deadline)`](crate::clock::time_until). With a limit of
    /// zero, the call starts the delivery and returns the counts. The guide
    /// [`serverless`](crate::docs::serverless) has more.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use statsig::{Statsig, StatsigOptions};
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    /// # runtime.block_on(async {
    /// # let options = StatsigOptions::builder().disable_network(true).build()?;
    /// # let statsig = Statsig::new("secret-key", options);
    /// # statsig.initialize().await?;
    /// let report = statsig.flush_within(Duration::from_millis(200)).await?;
    /// println!("{report}");
    /// # assert!(report.is_complete());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// Those of [`flush_events`](Self::flush_events). Reaching the limit is not an error.
    pub async fn flush_within(&self, limit: Duration) -> Result<FlushReport, StatsigError> {
        self.inner.handle()?.flush_within(limit).await
    }

    /// Delivers the recorded events, ends the actors, and reports the counts of all events. Takes
    /// at most 3 s.
    ///
    /// Afterwards evaluations use the last specs, and the client drops and counts new events. A
    /// second call returns the same report. [`initialize`](Self::initialize) starts the client
    /// again.
    ///
    /// When the last handle is dropped without a shutdown, the client does the same in the
    /// background while its runtime lives. It logs one warning for lost events and calls
    /// [`on_events_dropped`](crate::StatsigOptionsBuilder::on_events_dropped).
    ///
    /// ```
    /// # use statsig::{Statsig, StatsigOptions};
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    /// # runtime.block_on(async {
    /// # let options = StatsigOptions::builder().disable_network(true).build()?;
    /// # let statsig = Statsig::new("secret-key", options);
    /// # statsig.initialize().await?;
    /// let report = statsig.shutdown().await?;
    /// println!("{report:?}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`StatsigError::ShutdownTimedOut`] when the limit passed before every event was delivered,
    /// spooled or dropped; the error contains the report. [`StatsigError::NotInitialized`] when the
    /// client never ran and could deliver nothing; it still drops all later events.
    /// [`StatsigError::Forked`] in a forked process.
    pub async fn shutdown(&self) -> Result<ShutdownReport, StatsigError> {
        self.shutdown_with_timeout(SHUTDOWN_LIMIT).await
    }

    /// Like [`shutdown`](Self::shutdown), with another limit.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use statsig::{Statsig, StatsigOptions};
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    /// # runtime.block_on(async {
    /// # let options = StatsigOptions::builder().disable_network(true).build()?;
    /// # let statsig = Statsig::new("secret-key", options);
    /// # statsig.initialize().await?;
    /// let report = statsig.shutdown_with_timeout(Duration::from_secs(10)).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// Those of [`shutdown`](Self::shutdown).
    pub async fn shutdown_with_timeout(
        &self,
        limit: Duration,
    ) -> Result<ShutdownReport, StatsigError> {
        let handle = self.inner.handle().inspect_err(|error| {
            if *error == StatsigError::NotInitialized {
                self.inner.shared.close();
            }
        })?;
        let report = handle.shutdown(limit).await;
        if report.timed_out {
            Err(StatsigError::ShutdownTimedOut {
                report: Box::new(report),
            })
        } else {
            Ok(report)
        }
    }

    /// The counts of all events so far, by state. Cheap enough for every health check.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// # let _ = statsig.check_gate(&user, "a_gate");
    /// let stats = statsig.event_stats();
    /// assert_eq!((stats.enqueued, stats.pending), (1, 1));
    /// ```
    #[must_use]
    pub fn event_stats(&self) -> EventStats {
        self.inner.shared.events.counters.stats()
    }

    /// How often the client has restarted an internal actor after a crash: 0 in a healthy client.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// assert_eq!(statsig.restarts(), 0);
    /// ```
    #[must_use]
    pub fn restarts(&self) -> u64 {
        let handle = self.inner.handle.load();
        handle.as_ref().map_or(0, |handle| handle.restarts())
    }
}
