//! How requests are sent.

use std::sync::Arc;

use super::StatsigOptionsBuilder;
use crate::transport::Transport;

impl StatsigOptionsBuilder {
    /// Sends nothing over the network; events are counted as dropped. Default: false.
    pub fn disable_network(mut self, disable: bool) -> Self {
        self.options.disable_network = disable;
        self
    }

    /// The service's name, sent with every request.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.options.service_name = Some(name.into());
        self
    }

    /// Sends requests through this transport instead of the SDK's own HTTP client.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.options.transport = Some(transport);
        self
    }
}
