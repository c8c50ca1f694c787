//! Calls code of the application. If it panics, the SDK logs it and continues.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::targets;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Calls the function. Returns `None` if it panicked. `what` names the code in the log, such as
/// `the clock`.
pub(crate) fn guarded<T>(what: &'static str, call: impl FnOnce() -> T) -> Option<T> {
    let answer = catch_unwind(AssertUnwindSafe(call));
    if answer.is_err() {
        // The panic hook has already logged the position.
        tracing::error!(target: targets::CLIENT, what, "code of the application panicked; the client continues");
    }
    answer.ok()
}

/// Like [`guarded`], for a method that returns a future: it may panic in the call, or later.
pub(crate) async fn guarded_async<'a, T>(
    what: &'static str,
    call: impl FnOnce() -> BoxFuture<'a, T>,
) -> Option<T> {
    let future = guarded(what, call)?;
    Guarded { what, future }.await
}

struct Guarded<'a, T> {
    what: &'static str,
    future: BoxFuture<'a, T>,
}

impl<T> Future for Guarded<'_, T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let what = self.what;
        match guarded(what, || self.future.as_mut().poll(context)) {
            Some(Poll::Ready(answer)) => Poll::Ready(Some(answer)),
            Some(Poll::Pending) => Poll::Pending,
            None => Poll::Ready(None),
        }
    }
}
