//! The response future, which adds the header about overrides.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use super::response::Mark;

pin_project! {
    /// The response future of [`FlagsService`](crate::FlagsService).
    pub struct FlagsFuture<F> {
        #[pin]
        inner: F,
        // Boxed, because few requests have a token.
        mark: Option<Box<Mark>>,
    }
}

impl<F> FlagsFuture<F> {
    pub(crate) fn new(inner: F, mark: Option<Mark>) -> Self {
        Self {
            inner,
            mark: mark.map(Box::new),
        }
    }
}

impl<F> fmt::Debug for FlagsFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlagsFuture").finish_non_exhaustive()
    }
}

impl<F, B, E> Future for FlagsFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx))?;
        if let Some(mark) = this.mark.take() {
            mark.write(response.headers_mut());
        }
        Poll::Ready(Ok(response))
    }
}
