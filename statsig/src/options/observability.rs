//! What the SDK tells about itself.

use std::sync::Arc;

use super::{
    DEFAULT_LOG_EVENT_URL, DEFAULT_SDK_EXCEPTION_URL, StatsigOptions, StatsigOptionsBuilder,
};
use crate::observability::ObservabilityClient;
use crate::transport::address::Address;

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

    /// Where errors of the SDK itself are reported: the complete URL; empty for nowhere. Default: [`DEFAULT_SDK_EXCEPTION_URL`]
    /// for a client whose events go to Statsig; nowhere if [`log_event_url`](Self::log_event_url) sends them elsewhere.
    ///
    /// The first error of each kind is reported, and every loss of events. Reports carry the options, never the SDK key.
    pub fn sdk_exception_url(mut self, url: impl Into<String>) -> Self {
        self.options.sdk_exception_url = Some(Address::given(&url.into()));
        self
    }
}

impl StatsigOptions {
    /// Where errors are reported, if anywhere.
    pub(crate) fn exception_url(&self) -> Option<&str> {
        let follows_events = &*self.log_event_url == DEFAULT_LOG_EVENT_URL;
        let url = match &self.sdk_exception_url {
            Some(url) => url.as_deref(),
            None => follows_events.then_some(DEFAULT_SDK_EXCEPTION_URL),
        };
        url.filter(|_| !self.disable_network)
    }

    /// Whether somebody listens to measurements.
    pub(crate) fn is_measured(&self) -> bool {
        !self.observability_clients.is_empty()
    }

    /// Whether diagnostics events are recorded.
    pub(crate) fn is_diagnosed(&self) -> bool {
        !(self.disable_diagnostics || self.disable_all_logging || self.disable_network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_follow_the_events_unless_told_otherwise() {
        let url = |builder: StatsigOptionsBuilder| {
            let options = builder.build().unwrap();
            options.exception_url().map(str::to_owned)
        };
        let options = StatsigOptions::builder;
        assert_eq!(url(options()).as_deref(), Some(DEFAULT_SDK_EXCEPTION_URL));
        let elsewhere = || options().log_event_url("http://127.0.0.1:1/v1/log_event");
        assert_eq!(url(elsewhere()), None);
        let asked = elsewhere().sdk_exception_url("http://127.0.0.1:1/v1/sdk_exception");
        assert_eq!(
            url(asked).as_deref(),
            Some("http://127.0.0.1:1/v1/sdk_exception")
        );
        assert_eq!(url(options().sdk_exception_url(" ")), None);
        assert_eq!(url(options().disable_network(true)), None);
    }
}
