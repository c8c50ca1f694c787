//! Marks code that runs for the SDK's own requests, also code of the application. The tracing layer
//! does not forward its log lines to Statsig, because each would cause a request that logs again.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::BoxFuture;

thread_local! {
    static IS_OWN_WORK: Cell<bool> = const { Cell::new(false) };
}

/// Whether the current code on this thread runs for a request of the SDK.
#[cfg(feature = "tracing-layer")]
pub(crate) fn is_own_work() -> bool {
    IS_OWN_WORK.get()
}

/// Marks the creation of a future and all code in it. Does not mark tasks that the future spawns.
pub(crate) fn own_work<'a, T>(make: impl FnOnce() -> BoxFuture<'a, T>) -> OwnWork<'a, T> {
    let _mark = Mark::set();
    OwnWork(Some(make()))
}

/// Made by [`own_work`]. `None` once it is dropped.
pub(crate) struct OwnWork<'a, T>(Option<BoxFuture<'a, T>>);

impl<T> Future for OwnWork<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let _mark = Mark::set();
        match &mut self.0 {
            Some(future) => future.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

impl<T> Drop for OwnWork<'_, T> {
    fn drop(&mut self) {
        let _mark = Mark::set();
        self.0 = None;
    }
}

/// Restores the previous state, also when the work panics.
struct Mark {
    before: bool,
}

impl Mark {
    fn set() -> Self {
        Self {
            before: IS_OWN_WORK.replace(true),
        }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        IS_OWN_WORK.set(self.before);
    }
}
