//! What the HTTP transports of a process have in common: the trusted certificates of the system, and lookups of names under way.
//!
//! Reading the trust store takes a tenth of a second of work and a few megabytes. With many clients in a process, one does it, and the
//! others wait for that without a thread. Nothing of a client is in here: no key, no connection, no session.

use std::sync::{Arc, Weak};

use arc_swap::ArcSwapOption;
use rustls_platform_verifier::Verifier;
use tokio::sync::Mutex;

use super::dns::Resolver;
use super::{TransportError, run_off_thread, tls};
use crate::process::Origin;

static COMMON: ArcSwapOption<Common> = ArcSwapOption::const_empty();

#[derive(Debug)]
pub(super) struct Common {
    /// A fork makes its own: locks in here may be held for ever.
    origin: Origin,
    /// There as long as a client uses it. The lock is held while it is made.
    verifier: Mutex<Weak<Verifier>>,
    pub(super) resolver: Resolver,
}

impl Common {
    /// That of this process.
    pub(super) fn here() -> Arc<Self> {
        loop {
            let found = COMMON.load_full();
            match found {
                Some(common) if common.origin.is_surely_here() => return common,
                found => {
                    let made = Self {
                        origin: Origin::here(),
                        verifier: Mutex::new(Weak::new()),
                        resolver: Resolver::of_system(),
                    };
                    COMMON.compare_and_swap(&found, Some(Arc::new(made)));
                }
            }
        }
    }

    /// Trusts what the operating system trusts, as it was when the first of the clients that live now asked.
    ///
    /// # Errors
    /// The inner one when the trust store cannot be read.
    pub(super) async fn verifier(
        &self,
    ) -> Result<Result<Arc<Verifier>, rustls::Error>, TransportError> {
        let mut known = self.verifier.lock().await;
        if let Some(verifier) = known.upgrade() {
            return Ok(Ok(verifier));
        }
        let made = run_off_thread(|| tls::verifier(None)).await??;
        Ok(made.map(|verifier| {
            let verifier = Arc::new(verifier);
            *known = Arc::downgrade(&verifier);
            verifier
        }))
    }
}

#[cfg(test)]
mod tests {
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
}
