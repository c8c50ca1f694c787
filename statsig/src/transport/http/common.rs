//! The data that the HTTP transports of a process share: the trusted certificates of the system,
//! and running lookups of names.
//!
//! Reading the trust store takes a tenth of a second and a few megabytes. A process with many
//! clients reads it once, on a separate thread, which finishes even if the runtime of the first
//! client ends. This module holds no data of a client: no key, no connection, no session.

use std::fmt::Display;
use std::io;
use std::sync::{Arc, Mutex, Weak};
use std::thread;

use arc_swap::ArcSwapOption;
use rustls_platform_verifier::Verifier;
use tokio::sync::watch;

use super::aside::{self, Running};
use super::dns::Resolver;
use super::{TransportError, tls};
use crate::process::{Process, lock};

/// The outer error does not concern the system's trust store. The inner error means that it cannot
/// be read.
type Made = Result<Result<Arc<Verifier>, rustls::Error>, TransportError>;

static COMMON: ArcSwapOption<Common> = ArcSwapOption::const_empty();

/// The certificates that the system trusts.
#[derive(Debug, Default)]
struct Trust {
    being_read: Option<Running<Made>>,
    /// Available while a client uses it.
    read: Weak<Verifier>,
}

#[derive(Debug)]
pub(super) struct Common {
    /// A fork creates its own, because locks in the parent's copy may be held forever.
    origin: Process,
    trust: Arc<Mutex<Trust>>,
    pub(super) resolver: Resolver,
}

impl Common {
    /// The data of this process.
    pub(super) fn here() -> Arc<Self> {
        loop {
            let found = COMMON.load_full();
            match found {
                Some(common) if common.origin.is_surely_here() => return common,
                found => {
                    let made = Self {
                        origin: Process::here(),
                        trust: Arc::default(),
                        resolver: Resolver::of_system(),
                    };
                    COMMON.compare_and_swap(&found, Some(Arc::new(made)));
                }
            }
        }
    }

    /// Trusts the certificates of the operating system, as read for the first of the clients that
    /// exist now.
    ///
    /// # Errors
    /// The inner error when the trust store cannot be read.
    pub(super) async fn verifier(&self) -> Made {
        let failed = |problem: &dyn Display| {
            let text = format!("the system's trusted certificates were not read: {problem}");
            Err(TransportError::connection(text))
        };
        match self.read_trust() {
            Ok(running) => (aside::result(running).await)
                .unwrap_or_else(|| failed(&"the thread that reads them ended")),
            Err(error) => failed(&error),
        }
    }

    /// Starts to read, waits for a running read, or returns its result.
    fn read_trust(&self) -> io::Result<Running<Made>> {
        let mut trust = lock(&self.trust);
        if let Some(verifier) = trust.read.upgrade() {
            return Ok(watch::channel(Some(Ok(Ok(verifier)))).1);
        }
        let being_read = trust.being_read.as_ref();
        if let Some(running) = being_read.filter(|running| aside::is_running(running)) {
            return Ok(running.clone());
        }
        let of_thread = Arc::clone(&self.trust);
        let thread = thread::Builder::new().name("statsig-trust".to_owned());
        let running = aside::start(thread, move || {
            let made = tls::verifier(None).map(|made| made.map(Arc::new));
            let mut trust = lock(&of_thread);
            trust.being_read = None;
            if let Ok(Ok(verifier)) = &made {
                trust.read = Arc::downgrade(verifier);
            }
            made
        })?;
        trust.being_read = Some(running.clone());
        Ok(running)
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn clients_share_the_certificates_as_long_as_one_uses_them() {
        let common = Common::here();
        assert!(Arc::ptr_eq(&common, &Common::here()));
        let (one, two) = tokio::join!(common.verifier(), common.verifier());
        let (one, two) = (one.unwrap(), two.unwrap());
        if let (Ok(one), Ok(two)) = (one, two) {
            assert!(Arc::ptr_eq(&one, &two));
        }
    }

    #[tokio::test]
    async fn a_client_that_nobody_drives_any_more_holds_up_no_other() {
        let common = Common::here();
        let mut stands_still = Box::pin(common.verifier());
        let _ = (stands_still.as_mut()).poll(&mut Context::from_waker(Waker::noop()));
        // Otherwise this test would hang.
        drop(common.verifier().await);
        drop(stands_still);
    }
}
