//! The order in which a client asks its sources. Pure.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::adapter::{BackgroundSync, SpecsAdapter};
use super::data_store::STORE_TIME_ALONE;
use super::factory::SpecsAdapterFactory;
use super::schedule::Trigger;
use crate::transport::address;

/// One of several sources of specs, for
/// [`spec_adapters_config`](crate::StatsigOptionsBuilder::spec_adapters_config).
#[derive(Clone)]
#[non_exhaustive]
pub enum SpecAdapterConfig {
    /// The data store in the options.
    DataStore,
    /// The network.
    NetworkHttp {
        /// The URL up to and including `download_config_specs`; `None` means the `specs_url` of the
        /// options. Put the URL of a forward proxy here.
        specs_url: Option<String>,
    },
    /// Any other source.
    Adapter(Arc<dyn SpecsAdapter>),
    /// A factory: each client makes its own adapter.
    Factory(Arc<dyn SpecsAdapterFactory>),
}

impl fmt::Debug for SpecAdapterConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataStore => f.write_str("DataStore"),
            Self::NetworkHttp { specs_url } => f
                .debug_struct("NetworkHttp")
                .field("specs_url", &specs_url.as_deref().map(address::shown))
                .finish(),
            Self::Adapter(adapter) => f.debug_tuple("Adapter").field(adapter).finish(),
            Self::Factory(factory) => f.debug_tuple("Factory").field(factory).finish(),
        }
    }
}

impl SpecAdapterConfig {
    /// The network, with the `specs_url` of the options.
    #[must_use]
    pub fn network_http() -> Self {
        Self::NetworkHttp { specs_url: None }
    }

    /// The network, with this URL: up to and including `download_config_specs`.
    pub fn network_http_at(specs_url: impl Into<String>) -> Self {
        Self::NetworkHttp {
            specs_url: Some(specs_url.into()),
        }
    }

    /// Any other source.
    pub fn adapter(adapter: impl SpecsAdapter) -> Self {
        Self::Adapter(Arc::new(adapter))
    }

    /// A source of which each client makes its own adapter.
    pub fn made_by(factory: impl SpecsAdapterFactory) -> Self {
        Self::Factory(Arc::new(factory))
    }
}

impl<A: SpecsAdapter> From<Arc<A>> for SpecAdapterConfig {
    fn from(adapter: Arc<A>) -> Self {
        Self::Adapter(adapter)
    }
}

impl From<Arc<dyn SpecsAdapter>> for SpecAdapterConfig {
    fn from(adapter: Arc<dyn SpecsAdapter>) -> Self {
        Self::Adapter(adapter)
    }
}

/// The sources of a client, in the order in which they are asked. Never empty.
#[derive(Debug)]
pub(crate) struct SpecsChain {
    links: Vec<ChainLink>,
    /// The index of the source that keeps the specs fresh.
    background: Option<usize>,
}

/// One source, and its fallback.
#[derive(Debug)]
pub(crate) struct ChainLink {
    pub(crate) adapter: Arc<dyn SpecsAdapter>,
    pub(crate) fallback: Option<Arc<dyn SpecsAdapter>>,
    pub(crate) is_data_store: bool,
}

impl ChainLink {
    pub(crate) fn new(adapter: Arc<dyn SpecsAdapter>) -> Self {
        Self {
            adapter,
            fallback: None,
            is_data_store: false,
        }
    }
}

/// The position within one round, and the last source of the round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    link: usize,
    is_fallback: bool,
    /// The last link that this round asks.
    last: usize,
}

impl Turn {
    pub(crate) fn is_fallback(self) -> bool {
        self.is_fallback
    }

    /// Whether both are the same source, or a source and its fallback.
    pub(crate) fn is_of_same_link(self, other: Self) -> bool {
        self.link == other.link
    }

    /// Whether another source is asked if this one has nothing.
    pub(crate) fn has_more(self) -> bool {
        self.link < self.last
    }
}

impl SpecsChain {
    pub(crate) fn new(links: Vec<ChainLink>) -> Self {
        let background = links
            .iter()
            .position(|link| link.adapter.background_sync() != BackgroundSync::None);
        Self { links, background }
    }

    pub(crate) fn adapters(&self) -> impl Iterator<Item = &Arc<dyn SpecsAdapter>> {
        self.links.iter().map(|link| &link.adapter)
    }

    /// The source that keeps the specs fresh: the first that can. `None` if none can.
    pub(crate) fn background(&self) -> Option<&Arc<dyn SpecsAdapter>> {
        Some(&self.links.get(self.background?)?.adapter)
    }

    /// Whether the round asks another source when that source fails often.
    pub(crate) fn has_background_fallback(&self) -> bool {
        self.background.is_some_and(|link| self.has_fallback(link))
    }

    fn has_fallback(&self, link: usize) -> bool {
        (self.links.get(link)).is_some_and(|link| link.fallback.is_some())
    }

    /// Whether it is the turn of the source that keeps the specs fresh.
    pub(crate) fn is_background(&self, turn: Turn) -> bool {
        !turn.is_fallback && self.background == Some(turn.link)
    }

    /// The first turn of a round. The start asks the sources in order; later rounds ask only the
    /// source that keeps the specs fresh. Without such a source, a round asks the sources only if a
    /// caller waits.
    pub(crate) fn first_turn(&self, trigger: Trigger) -> Option<Turn> {
        let all = Turn {
            link: 0,
            is_fallback: false,
            last: self.links.len().saturating_sub(1),
        };
        match (trigger, self.background) {
            (Trigger::Initial, _) | (Trigger::Manual, None) => Some(all),
            (_, Some(link)) => Some(self.turn_of(link)),
            (Trigger::Background, None) => None,
        }
    }

    /// The only turn of a round that asks one source, because it has something new.
    pub(crate) fn turn_of(&self, link: usize) -> Turn {
        Turn {
            link,
            is_fallback: false,
            last: link,
        }
    }

    /// The turn after a source that failed, if there is one.
    pub(crate) fn turn_after(&self, turn: Turn, asks_fallback: bool) -> Option<Turn> {
        if asks_fallback && !turn.is_fallback && self.has_fallback(turn.link) {
            return Some(Turn {
                is_fallback: true,
                ..turn
            });
        }
        (turn.link < turn.last).then_some(Turn {
            link: turn.link + 1,
            is_fallback: false,
            ..turn
        })
    }

    /// How long the round waits for this source alone before it also asks the next: an equal share
    /// of the total time.
    pub(crate) fn time_alone(&self, turn: Turn, limit: Duration) -> Duration {
        let fallbacks = self.links.iter().filter(|link| link.fallback.is_some());
        let sources = self.links.len() + fallbacks.count();
        let share = limit / u32::try_from(sources).unwrap_or(u32::MAX).max(1);
        let link = self.links.get(turn.link);
        if link.is_some_and(|link| link.is_data_store) {
            share.min(STORE_TIME_ALONE)
        } else {
            share
        }
    }

    pub(crate) fn adapter(&self, turn: Turn) -> Option<&Arc<dyn SpecsAdapter>> {
        let link = self.links.get(turn.link)?;
        if turn.is_fallback {
            link.fallback.as_ref()
        } else {
            Some(&link.adapter)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::SpecsSource;
    use crate::sources::{FetchError, SpecsPayload, SpecsRequest};
    use crate::transport::BoxFuture;

    #[derive(Debug)]
    struct Source(BackgroundSync);

    impl SpecsAdapter for Source {
        fn source(&self) -> SpecsSource {
            SpecsSource::Network
        }

        fn fetch(&self, _: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>> {
            Box::pin(async { Err(FetchError::Abandoned) })
        }

        fn background_sync(&self) -> BackgroundSync {
            self.0
        }
    }

    fn chain(links: &[(BackgroundSync, bool)]) -> SpecsChain {
        let links = links.iter().map(|(background, has_fallback)| ChainLink {
            adapter: Arc::new(Source(*background)),
            fallback: has_fallback.then(|| Arc::new(Source(BackgroundSync::None)) as _),
            is_data_store: false,
        });
        SpecsChain::new(links.collect())
    }

    /// The turns of a round in which every source fails: the link, and whether it is the fallback.
    fn turns(chain: &SpecsChain, trigger: Trigger, asks_fallback: bool) -> Vec<(usize, bool)> {
        let turns = std::iter::successors(chain.first_turn(trigger), |turn| {
            assert!(chain.adapter(*turn).is_some());
            chain.turn_after(*turn, asks_fallback)
        });
        turns.map(|turn| (turn.link, turn.is_fallback)).collect()
    }

    #[test]
    fn the_start_asks_one_after_the_other_and_a_fallback_in_its_place() {
        let chain = chain(&[
            (BackgroundSync::None, false),
            (BackgroundSync::Polled, true),
            (BackgroundSync::Polled, false),
        ]);
        assert_eq!(
            turns(&chain, Trigger::Initial, true),
            [(0, false), (1, false), (1, true), (2, false)]
        );
    }

    #[test]
    fn later_the_first_that_keeps_specs_fresh_is_asked_alone() {
        let chain = chain(&[
            (BackgroundSync::None, false),
            (BackgroundSync::Pushed, true),
            (BackgroundSync::Polled, false),
        ]);
        for trigger in [Trigger::Background, Trigger::Manual] {
            assert_eq!(turns(&chain, trigger, false), [(1, false)]);
            assert_eq!(turns(&chain, trigger, true), [(1, false), (1, true)]);
        }
    }

    #[test]
    fn each_source_has_a_share_of_the_time_and_a_data_store_no_long_one() {
        let source = || Arc::new(Source(BackgroundSync::Polled)) as Arc<dyn SpecsAdapter>;
        let chain = SpecsChain::new(vec![
            ChainLink {
                is_data_store: true,
                ..ChainLink::new(source())
            },
            ChainLink {
                fallback: Some(source()),
                ..ChainLink::new(source())
            },
        ]);
        let (seconds, millis) = (Duration::from_secs, Duration::from_millis);
        let store = chain.first_turn(Trigger::Initial).unwrap();
        let network = chain.turn_after(store, true).unwrap();
        assert_eq!(chain.time_alone(store, seconds(3)), millis(500));
        assert_eq!(chain.time_alone(store, millis(300)), millis(100));
        assert_eq!(chain.time_alone(network, seconds(3)), seconds(1));
    }

    #[test]
    fn without_one_only_somebody_who_waits_has_them_asked() {
        let chain = chain(&[(BackgroundSync::None, false), (BackgroundSync::None, false)]);
        assert!(chain.background().is_none());
        assert_eq!(turns(&chain, Trigger::Background, true), []);
        assert_eq!(
            turns(&chain, Trigger::Manual, true),
            [(0, false), (1, false)]
        );
    }
}
