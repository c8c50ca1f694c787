//! The signal that a source has something new.

use std::sync::{Arc, Weak};

use tokio::sync::Notify;

/// Notifies a client that its adapter has something new. Cheap to clone; works from any thread.
#[derive(Debug, Clone)]
pub struct ChangeSignal(Weak<Notify>);

impl ChangeSignal {
    pub(crate) fn new(notify: &Arc<Notify>) -> Self {
        Self(Arc::downgrade(notify))
    }

    /// Notifies the client. Several signals before the client fetches count as one. Returns false
    /// when the client has ended; then drop the signal.
    #[expect(clippy::must_use_candidate, reason = "most callers need not know")]
    pub fn notify(&self) -> bool {
        let Some(notify) = self.0.upgrade() else {
            return false;
        };
        notify.notify_one();
        true
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.0.strong_count() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_outlives_its_client_harmlessly() {
        let notify = Arc::new(Notify::new());
        let signal = ChangeSignal::new(&notify);
        assert!(signal.notify());
        drop(notify);
        assert!(!signal.notify());
    }
}
