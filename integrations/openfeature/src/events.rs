//! The events of a provider: it is ready, or flags may have changed.

use statsig::{SpecsStatus, SpecsWatch, Statsig};

/// A change of a provider, as the specification of OpenFeature names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProviderEvent {
    /// The provider can resolve flags.
    Ready,
    /// New specs are in use, so flags may have other values.
    ConfigurationChanged,
    /// Every source of specs failed at the start. The client keeps trying.
    Error,
}

/// The events of a provider, made by
/// [`StatsigProvider::events`](crate::StatsigProvider::events).
#[derive(Debug, Clone)]
pub struct ProviderEvents {
    /// The state that is not reported yet.
    first: Option<SpecsStatus>,
    specs: SpecsWatch,
    was_ready: bool,
}

impl ProviderEvents {
    pub(crate) fn new(statsig: &Statsig) -> Self {
        // Watch before the status is read: a change in between is then reported twice, not lost.
        let specs = statsig.watch_specs();
        Self {
            first: Some(statsig.specs_status()),
            specs,
            was_ready: false,
        }
    }

    /// Waits for the next event. Several changes between two calls are one event.
    ///
    /// Returns `None` when no further event can come: the client was shut down or dropped, or its
    /// runtime has ended.
    pub async fn next(&mut self) -> Option<ProviderEvent> {
        loop {
            let status = match self.first.take() {
                Some(status) => status,
                None => self.specs.changed().await?,
            };
            if let Some(event) = self.event(&status) {
                return Some(event);
            }
        }
    }

    fn event(&mut self, status: &SpecsStatus) -> Option<ProviderEvent> {
        if !status.is_ready() {
            let has_failed = status.source == statsig::SpecsSource::NoValues;
            return has_failed.then_some(ProviderEvent::Error);
        }
        let was_ready = std::mem::replace(&mut self.was_ready, true);
        Some(if was_ready {
            ProviderEvent::ConfigurationChanged
        } else {
            ProviderEvent::Ready
        })
    }
}
