//! The client in a forked process.

use std::mem;
use std::sync::Arc;

use super::{ClientInner, Statsig};

impl Statsig {
    /// A new client for a child process after a `fork`. It has the same SDK key, options and specs,
    /// so it can evaluate at once. [Initialise](Self::initialize) it to update the specs and to
    /// deliver events.
    ///
    /// **Avoid forking after `initialize`**: fork first, then create and initialise a client in
    /// each process. `fork` copies only one thread, so no actor of the old client runs in the
    /// child, and the connections belong to the parent. Evaluations on the old client still work
    /// there, with the specs at the time of the fork. It records nothing: events count as dropped
    /// with the reason [`forked`](crate::DroppedEvents::forked). [`initialize`](Self::initialize),
    /// [`refresh`](Self::refresh), [`flush_events`](Self::flush_events) and
    /// [`shutdown`](Self::shutdown) fail with [`StatsigError::Forked`](crate::StatsigError::Forked)
    /// instead of waiting forever. The first of these calls logs an error, from a separate thread.
    /// The parent is not affected. A client that was not used before the fork can be initialised in
    /// the child.
    ///
    /// The first such call, or dropping the client, also releases the parent's event spool in the
    /// child. Another process can then deliver its events after the end of the parent.
    ///
    /// The new client starts with zero events: the parent sends the events that it had not sent
    /// before the fork. The new client has no local overrides. If this is the
    /// [shared instance](Self::new_shared), the new one takes its place.
    ///
    /// ```
    /// # use statsig::Statsig;
    /// # let statsig = Statsig::new("secret-key", None);
    /// // In the child, before anything else uses the client:
    /// let statsig = statsig.after_fork();
    /// // statsig.initialize().await?;
    /// # let _ = statsig;
    /// ```
    #[must_use = "the child's client is the one that is returned"]
    pub fn after_fork(&self) -> Self {
        if let Some(handle) = self.inner.handle.load_full()
            && !self.inner.shared.home.is_surely_here()
        {
            handle.leave_to_parent();
        }
        let parent = &self.inner.shared;
        let child = Self::new(parent.identity.key.expose(), parent.options.clone());
        let specs = parent.published.load().snapshot.clone();
        // No actor runs yet that could publish.
        drop(child.inner.shared.published.publish(specs));
        self.replace_shared(&child);
        child
    }
}

impl Statsig {
    /// Whether the client belongs to the parent of this process.
    pub(crate) fn is_forked(&self) -> bool {
        !self.inner.shared.home.is_surely_here()
    }

    /// Whether actors update the specs and deliver events.
    pub(crate) fn is_running(&self) -> bool {
        self.inner.is_running()
    }
}

impl Drop for ClientInner {
    /// In a fork, data that a thread of the parent was changing may be incomplete. The child never
    /// touches or drops it.
    fn drop(&mut self) {
        if !self.shared.home.is_surely_here() {
            mem::forget((Arc::clone(&self.shared), Arc::clone(&self.warnings)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::StatsigError;
    use crate::options::StatsigOptions;
    use crate::testing::{Endpoint, ScriptedTransport, Specs};
    use crate::user::StatsigUser;

    /// Makes the client look like that of another process.
    fn pretend_forked(statsig: &Statsig) {
        statsig.inner.shared.home.pretend_elsewhere();
    }

    #[tokio::test(start_paused = true)]
    async fn in_a_forked_process_calls_that_would_wait_for_ever_fail_at_once() {
        let network = Arc::new(ScriptedTransport::new());
        network.serve_specs(Specs::new());
        let options = StatsigOptions::builder().transport(network.clone());
        let statsig = Statsig::new("secret-key", options.build().unwrap());
        statsig.initialize().await.unwrap();

        pretend_forked(&statsig);
        assert_eq!(statsig.initialize().await, Err(StatsigError::Forked));
        assert_eq!(statsig.refresh().await, Err(StatsigError::Forked));
        assert_eq!(statsig.flush_events().await, Err(StatsigError::Forked));
        assert_eq!(statsig.shutdown().await, Err(StatsigError::Forked));
        let user = StatsigUser::with_user_id("u");
        let gate = statsig.get_feature_gate(&user, "a_gate");
        assert_eq!(gate.details.reason.to_string(), "Network:Unrecognized");

        let child = statsig.after_fork();
        drop(statsig);
        child.initialize().await.unwrap();
        assert_eq!(network.requests(Endpoint::Specs).len(), 2);
        child.shutdown().await.unwrap();
    }

    #[test]
    fn a_child_that_drops_a_client_leaves_what_is_in_it_as_it_is() {
        let statsig = Statsig::new("secret-key", None);
        statsig.log_event(&StatsigUser::with_user_id("u"), crate::Event::new("e"));
        let shared = Arc::downgrade(&statsig.inner.shared);
        pretend_forked(&statsig);
        drop(statsig);
        let left = shared.upgrade().unwrap();
        assert_eq!(left.events.queue.len(), 1);
    }

    /// The events in a spool that no process has locked.
    #[cfg(feature = "spool")]
    fn events_that_others_find(directory: &std::path::Path) -> u64 {
        use crate::events::spool::Spool;
        let clock = Arc::new(crate::testing::SimulatedClock::new());
        let path = directory.to_owned();
        let spool = crate::spool::DiskSpool::new(path, "secret-key", 1 << 30, clock);
        spool.adopt().unwrap()
    }

    /// The child's copy of a client with four events on disk.
    #[cfg(feature = "spool")]
    async fn forked_with_a_spool(directory: &std::path::Path) -> Statsig {
        let network = Arc::new(ScriptedTransport::new());
        network.serve_specs(Specs::new());
        network.always(Endpoint::Events, crate::testing::Answer::status(503));
        let options = StatsigOptions::builder()
            .transport(network.clone())
            .disable_diagnostics(true)
            .event_spool(directory);
        let statsig = Statsig::new("secret-key", options.build().unwrap());
        statsig.initialize().await.unwrap();
        for _ in 0..4 {
            statsig.log_event(&StatsigUser::with_user_id("u"), crate::Event::new("e"));
        }
        assert_eq!(statsig.flush_events().await.unwrap().spooled, 4);
        assert_eq!(events_that_others_find(directory), 0);
        pretend_forked(&statsig);
        statsig
    }

    #[cfg(feature = "spool")]
    #[tokio::test(start_paused = true)]
    async fn a_child_that_goes_on_leaves_the_spool_of_its_parent_to_others() {
        let directory = tempfile::tempdir().unwrap();
        let statsig = forked_with_a_spool(directory.path()).await;
        let child = statsig.after_fork();
        assert_eq!(events_that_others_find(directory.path()), 4);
        drop(child);
    }

    #[cfg(feature = "spool")]
    #[tokio::test(start_paused = true)]
    async fn a_child_that_drops_its_client_or_waits_for_it_leaves_the_spool_to_others() {
        let directory = tempfile::tempdir().unwrap();
        drop(forked_with_a_spool(directory.path()).await);
        assert_eq!(events_that_others_find(directory.path()), 4);

        let directory = tempfile::tempdir().unwrap();
        let statsig = forked_with_a_spool(directory.path()).await;
        assert_eq!(statsig.flush_events().await, Err(StatsigError::Forked));
        assert_eq!(events_that_others_find(directory.path()), 4);
    }

    #[test]
    fn the_shared_instance_is_replaced_and_no_other() {
        let statsig = Statsig::new_shared("secret-key", None).unwrap();
        let _ = Statsig::new("secret-other", None).after_fork();
        let is_shared = |client: &Statsig| Arc::ptr_eq(&client.inner, &Statsig::shared().inner);
        assert!(is_shared(&statsig));
        let child = statsig.after_fork();
        assert!(is_shared(&child) && !is_shared(&statsig));
        Statsig::remove_shared();
    }
}
