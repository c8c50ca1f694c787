//! What the SDK tells about itself.

use std::sync::Arc;

use super::{StatsigOptions, StatsigOptionsBuilder};
use crate::observability::ObservabilityClient;

impl StatsigOptionsBuilder {
    /// Tells this client about the SDK's health: metrics and errors. May be called for several. Default: none, and nothing is
    /// measured.
    pub fn observability_client(mut self, client: Arc<dyn ObservabilityClient>) -> Self {
        self.options.observability_clients.push(client);
        self
    }

    /// Emits a `tracing` event for every evaluation, in the shape that OpenTelemetry gives to feature flags: name
    /// `feature_flag.evaluation`, target `statsig::evaluation`, level info. It says nothing about the user. Default: false.
    pub fn evaluation_telemetry(mut self, enable: bool) -> Self {
        self.options.evaluation_telemetry = enable;
        self
    }

    /// Records no `statsig::diagnostics` events, which tell Statsig how initialising and syncing went: one event for an
    /// initialisation, one for about every tenth sync. Default: false.
    pub fn disable_diagnostics(mut self, disable: bool) -> Self {
        self.options.disable_diagnostics = disable;
        self
    }
}

impl StatsigOptions {
    /// Whether somebody listens to measurements.
    pub(crate) fn is_measured(&self) -> bool {
        !self.observability_clients.is_empty()
    }

    /// Whether diagnostics events are recorded.
    pub(crate) fn is_diagnosed(&self) -> bool {
        !(self.disable_diagnostics || self.disable_all_logging || self.disable_network)
    }
}
