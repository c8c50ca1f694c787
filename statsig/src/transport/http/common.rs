//! The data that the HTTP transports of a process share: the trusted certificates of the system,
//! and running lookups of names.
//!
//! Reading the trust store takes a tenth of a second and a few megabytes. A process with many
//! clients reads it once, on a separate thread, which finishes even if the runtime of the first
//! client ends. This module holds no data of a client: no key, no connection, no session.

use std::fmt::Display;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use arc_swap::ArcSwapOption;
use rustls_platform_verifier::Verifier;
use tokio::sync::watch;

use super::dns::Resolver;
use super::{TransportError, tls};
use crate::process::Process;

/// The outer error does not concern the system's trust store. The inner error means that it cannot
/// be read.
type Made = Result<Result<Arc<Verifier>, rustls::Error>, TransportError>;

static COMMON: ArcSwapOption<Common> = ArcSwapOption::const_empty();

/// The certificates that the system trusts.
#[derive(Debug, Default)]
enum Trust {
    #[default]
    Unread,
    /// A thread is reading, unless the sender is gone.
    BeingRead(watch::Receiver<Option<Made>>),
    /// Available while a client uses it.
    Read(Weak<Verifier>),
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
            TransportError::connection(text)
        };
        let mut made = self.read_trust().map_err(|error| failed(&error))?;
        let made = made
            .wait_for(Option::is_some)
            .await
            .map(|made| made.clone());
        made.ok()
            .flatten()
            .unwrap_or_else(|| Err(failed(&"the thread that reads them ended")))
    }

    /// Starts to read, waits for a running read, or returns its result.
    fn read_trust(&self) -> io::Result<watch::Receiver<Option<Made>>> {
        let mut trust = lock(&self.trust);
        match &*trust {
            Trust::Read(verifier) => {
                if let Some(verifier) = verifier.upgrade() {
                    return Ok(watch::channel(Some(Ok(Ok(verifier)))).1);
                }
            }
            Trust::BeingRead(made) if made.has_changed().is_ok() => return Ok(made.clone()),
            Trust::BeingRead(_) | Trust::Unread => {}
        }
        let (done, made) = watch::channel(None);
        *trust = Trust::BeingRead(made.clone());
        // If no thread can start, the standard library drops the closure here.
        drop(trust);
        let trust = Arc::clone(&self.trust);
        let thread = thread::Builder::new().name("statsig-trust".to_owned());
        thread.spawn(move || {
            let verifier = tls::verifier(None).map(|made| made.map(Arc::new));
            let next = match &verifier {
                Ok(Ok(verifier)) => Trust::Read(Arc::downgrade(verifier)),
                _ => Trust::Unread,
            };
            *lock(&trust) = next;
            done.send_replace(Some(verifier));
        })?;
        Ok(made)
    }
}

fn lock(trust: &Mutex<Trust>) -> MutexGuard<'_, Trust> {
    trust.lock().unwrap_or_else(PoisonError::into_inner)
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
