//! Options for reports about the SDK.

use std::sync::Arc;

use super::{StatsigOptions, StatsigOptionsBuilder};
use crate::observability::ObservabilityClient;

option_setters! {
    /// Emits a `tracing` event for every evaluation, in OpenTelemetry's form for feature flags:
    /// name `feature_flag.evaluation`, target `statsig::evaluation`, level info. It contains no
    /// user data. Default: false.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().evaluation_telemetry(true).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn evaluation_telemetry(enable: bool) => evaluation_telemetry = enable;

    /// Sends no `statsig::diagnostics` events. They report the initialization and about every tenth
    /// sync to Statsig. Default: false.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().disable_diagnostics(true).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn disable_diagnostics(disable: bool) => disable_diagnostics = disable;
}

impl StatsigOptionsBuilder {
    /// Adds a client that receives the SDK's metrics and errors. You can add several. Default:
    /// none; the SDK then measures nothing. For an example see [`ObservabilityClient`].
    pub fn observability_client(mut self, client: Arc<dyn ObservabilityClient>) -> Self {
        self.options.observability_clients.push(client);
        self
    }
}

impl StatsigOptions {
    /// Whether there are observability clients.
    pub(crate) fn is_measured(&self) -> bool {
        !self.observability_clients.is_empty()
    }

    /// Whether diagnostics events are recorded.
    pub(crate) fn is_diagnosed(&self) -> bool {
        !(self.disable_diagnostics || self.disable_all_logging || self.disable_network)
    }
}
