//! The activity of a connection: whether it answers requests or waits for one, and since when.

use std::sync::{Arc, Mutex};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::limits::{FIRST_REQUEST_LIMIT, IDLE_LIMIT, LONG_REQUEST};
use crate::sync::lock;

/// Shared by a connection and the code that may close it.
#[derive(Debug)]
pub(crate) struct Activity {
    state: Mutex<State>,
    /// Asks the connection to close.
    pub(crate) shed: Notify,
}

#[derive(Debug)]
struct State {
    /// Requests in progress.
    requests: u32,
    has_asked: bool,
    /// When the connection last became idle or busy.
    since: Instant,
}

impl Activity {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                requests: 0,
                has_asked: false,
                since: Instant::now(),
            }),
            shed: Notify::new(),
        })
    }

    /// A request begins. It ends when the returned value is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Busy {
        let mut state = lock(&self.state);
        if state.requests == 0 {
            state.since = Instant::now();
        }
        state.requests += 1;
        state.has_asked = true;
        Busy(Arc::clone(self))
    }

    /// When the connection reaches the limit of idle time; `None` while it is busy.
    pub(crate) fn idle_until(&self) -> Option<Instant> {
        let state = lock(&self.state);
        let limit = if state.has_asked {
            IDLE_LIMIT
        } else {
            FIRST_REQUEST_LIMIT
        };
        (state.requests == 0).then(|| state.since + limit)
    }

    /// Whether the connection may be closed to make room for another one. The lowest rank is closed
    /// first: an idle one before one with a long request, then the one that has been in this state
    /// longest.
    pub(crate) fn rank(&self) -> Option<(bool, Instant)> {
        let state = lock(&self.state);
        let is_busy = state.requests > 0;
        let may_close = !is_busy || state.since.elapsed() >= LONG_REQUEST;
        may_close.then_some((is_busy, state.since))
    }
}

/// A request in progress.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Activity>);

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.requests = state.requests.saturating_sub(1);
        if state.requests == 0 {
            state.since = Instant::now();
        }
    }
}
