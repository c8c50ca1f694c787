//! The official client after a fork: the same handle uses a new client in the child process.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::client::Statsig;
use super::successors::Successors;

impl Statsig {
    /// Starts the background work again in a child process after a `fork`, and returns whether it
    /// runs. It blocks until the specs are up to date, at most 3 seconds. In the process that
    /// initialised the client, it does nothing.
    ///
    /// All clones of this handle use the new client from then on. It starts with the parent's specs
    /// and without events and overrides. See [`after_fork`](crate::Statsig::after_fork).
    ///
    /// ```
    /// use statsig::compat::Statsig;
    ///
    /// let statsig = Statsig::new("secret-key", None);
    /// assert!(!statsig.restart_background_tasks_after_fork(), "it was not initialised");
    /// ```
    #[must_use]
    pub fn restart_background_tasks_after_fork(&self) -> bool {
        self.restart_background_tasks_after_fork_with_timeout(Duration::from_secs(3))
    }

    /// Like [`restart_background_tasks_after_fork`](Self::restart_background_tasks_after_fork),
    /// with another limit.
    #[must_use]
    pub fn restart_background_tasks_after_fork_with_timeout(&self, timeout: Duration) -> bool {
        let parent = self.clients.last();
        if parent.client.is_forked() {
            let next = Box::new(Successors::new(parent.client.after_fork()));
            // Otherwise another thread of the child has just done the same.
            if parent.in_child.set(next).is_ok() {
                self.start_within(timeout);
            }
        }
        self.is_running()
    }

    /// Starts the client on a thread of its own, because this one may run a tokio runtime.
    fn start_within(&self, timeout: Duration) {
        let client = (**self).clone();
        let (done, started) = mpsc::channel();
        let start = move || done.send(client.initialize_blocking().is_ok());
        let thread = thread::Builder::new().name("statsig-after-fork".to_owned());
        if thread.spawn(start).is_ok() {
            // On a timeout the start continues in the background.
            let _ = started.recv_timeout(timeout);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::compat::StatsigUser;
    use crate::testing::ScriptedTransport;

    const SPECS: &str = include_str!("../docs/specs.json");

    #[test]
    fn after_a_fork_all_handles_go_on_with_a_client_of_the_child() {
        let network = Arc::new(ScriptedTransport::new());
        network.serve_specs(SPECS);
        let options = crate::StatsigOptions::builder().transport(network.clone());
        let statsig = Statsig::from(crate::Statsig::new("secret-key", options.build().unwrap()));
        let other = statsig.clone();
        assert!(
            !statsig.restart_background_tasks_after_fork(),
            "not started"
        );
        statsig.initialize_blocking().unwrap();
        assert!(statsig.restart_background_tasks_after_fork(), "no fork");

        statsig.shared_state().home.pretend_elsewhere();
        let user = StatsigUser::with_user_id("a-user");
        assert!(statsig.restart_background_tasks_after_fork());
        other.log_event(&user, "in the child", None, None);
        assert!(statsig.shutdown_blocking().is_ok());
        assert_eq!(network.events().len(), 1);
    }
}
