//! What the requests of a client have in common.

use std::sync::Arc;

use super::identity::Identity;
use super::{Endpoint, Method, Request, Response, Transport, TransportError};
use crate::clock::Clock;

/// How a client reaches the service, and who the client is. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) identity: Identity,
}

impl Service {
    /// A request with the headers of the client. The origin may see the SDK key.
    pub(crate) fn request(
        &self,
        endpoint: Endpoint,
        method: Method,
        url: impl Into<String>,
    ) -> Request {
        let headers = self.identity.headers(self.now_ms());
        Request::new(endpoint, method, url).headers(headers)
    }

    /// Sends a request with [`send`](super::send).
    pub(crate) async fn send(&self, request: Request) -> Result<Response, TransportError> {
        super::send(&*self.transport, request).await
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }
}
