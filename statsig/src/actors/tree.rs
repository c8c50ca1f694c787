//! What the actors of one client share besides `Shared`: where they fetch and send, and each
//! other's addresses.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock, Weak};

use tokio::sync::Notify;

use super::initialization::Initialization;
use super::live::{AddressSender, Live};
use super::messages::{EvaluationMessage, ExposureMessage, IdListSyncMessage, SpecSyncMessage};
use super::observed::ObservedTransport;
use super::reporting::Reporting;
use super::tasks::PostTasks;
use crate::counters::ShutdownReport;
use crate::enrichment::Enrichment;
use crate::event_logging::EventLoggingAdapter;
use crate::event_logging::http::HttpEvents;
use crate::events::spool::Spool;
use crate::facts::FactSink;
use crate::guard::guarded;
use crate::options::DEFAULT_SPECS_URL;
use crate::shared::Shared;
use crate::sources::chain::{ChainLink, SpecsChain};
use crate::sources::data_store::session::StoreSession;
use crate::sources::data_store::specs::DataStoreSpecs;
use crate::sources::data_store::writes::StoredSpecs;
use crate::sources::http::HttpSpecs;
use crate::sources::id_lists::http::HttpIdLists;
use crate::sources::id_lists::source::IdListSource;
use crate::sources::id_lists::store::StoredIdLists;
use crate::sources::{AdapterContext, ChangeSignal, SpecAdapterConfig, SpecsAdapter};
use crate::transport::Transport;
use crate::transport::address::Address;
use crate::transport::service::Service;

/// Ends with the actors, even if they crash. While it exists, adapters can report changes.
#[derive(Debug)]
pub(super) struct Life {
    shared: Arc<Shared>,
    _changes: Vec<Arc<Notify>>,
}

impl Drop for Life {
    fn drop(&mut self) {
        self.shared.actors_ended();
    }
}

/// The supervisor's ends of the addresses in [`Tree`].
pub(super) struct AddressSenders {
    pub(super) spec_sync: AddressSender<SpecSyncMessage>,
    pub(super) id_list_sync: AddressSender<IdListSyncMessage>,
    pub(super) evaluation: AddressSender<EvaluationMessage>,
    pub(super) exposure: AddressSender<ExposureMessage>,
}

/// The environment of a client's actors. It outlives each of them.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) shared: Arc<Shared>,
    pub(super) spec_sync: Live<SpecSyncMessage>,
    #[cfg_attr(
        not(any(test, feature = "testing")),
        expect(dead_code, reason = "only tests reach it")
    )]
    pub(super) id_list_sync: Live<IdListSyncMessage>,
    pub(super) evaluation: Live<EvaluationMessage>,
    pub(super) exposure: Live<ExposureMessage>,
    /// Where events go.
    pub(super) events: Arc<dyn EventLoggingAdapter>,
    /// Where events wait that cannot go there now.
    pub(super) spool: Option<Arc<dyn Spool>>,
    pub(super) specs: SpecsChain,
    /// For each source: it has something new. Gone when the actors are.
    pub(super) changes: Vec<Weak<Notify>>,
    /// `None` when the options name none.
    pub(super) data_store: Option<Arc<StoredSpecs>>,
    /// `None` when ID lists are off.
    pub(super) id_lists: Option<IdListSource>,
    pub(super) enrichment: Enrichment,
    pub(super) initialization: Initialization,
    pub(super) posts: PostTasks,
    pub(super) reporting: Reporting,
    /// Set when a shutdown has ended.
    pub(super) report: OnceLock<ShutdownReport>,
    /// How often an actor was started again after a crash.
    pub(super) restarts: AtomicU64,
}

impl Tree {
    pub(super) fn new(shared: Arc<Shared>) -> (Self, Life, AddressSenders) {
        let options = &shared.options;
        let unobserved = shared.options.make_transport();
        let reporting = Reporting::new(Arc::clone(&shared));
        let transport: Arc<dyn Transport> =
            Arc::new(ObservedTransport::new(unobserved, Arc::clone(&shared)));
        let service = Service {
            transport,
            clock: Arc::clone(&shared.clock),
            identity: shared.identity.clone(),
        };
        let events = options.event_logging_adapter.clone().unwrap_or_else(|| {
            Arc::new(HttpEvents {
                service: service.clone(),
                url: options.log_event_url.to_string(),
                timeout: options.event_limits.post_timeout,
                reuses_connection: options.log_event_connection_reuse,
            })
        });
        let data_store = options.data_store.clone().map(|store| {
            let (key, version) = (&shared.identity.key, options.data_store_key_schema_version);
            let session = StoreSession::new(store, key, version, Arc::clone(&shared.clock));
            let kept = Arc::clone(&shared.kept_specs);
            Arc::new(StoredSpecs::new(Arc::new(session), kept))
        });
        let facts = {
            let shared = Arc::clone(&shared);
            FactSink::new(move |fact| shared.note(fact))
        };
        let session = data_store.as_ref().map(|specs| &specs.session);
        let specs = specs_of(&shared, &service, session, &facts);
        let mut changes = Vec::new();
        for adapter in specs.adapters() {
            let changed = Arc::new(Notify::new());
            let signal = ChangeSignal::new(&changed);
            let what = "`on_start` of the specs adapter";
            guarded(what, || adapter.on_start(signal));
            changes.push(changed);
        }
        let life = Life {
            shared: Arc::clone(&shared),
            _changes: changes.clone(),
        };
        let id_lists = id_lists_of(&shared, &service, session, facts);
        let enrichment = Enrichment::new(
            service,
            options.user_enrichment_url.as_deref(),
            &options.specs_url,
        );
        let (spec_sync, live_spec_sync) = Live::channel();
        let (id_list_sync, live_id_list_sync) = Live::channel();
        let (evaluation, live_evaluation) = Live::channel();
        let (exposure, live_exposure) = Live::channel();
        let addresses = AddressSenders {
            spec_sync,
            id_list_sync,
            evaluation,
            exposure,
        };
        let tree = Self {
            spec_sync: live_spec_sync,
            id_list_sync: live_id_list_sync,
            evaluation: live_evaluation,
            exposure: live_exposure,
            enrichment,
            initialization: Initialization::begin(Arc::clone(&shared), id_lists.as_ref()),
            id_lists,
            spool: spool_of(&shared),
            events,
            specs,
            changes: changes.iter().map(Arc::downgrade).collect(),
            data_store,
            posts: PostTasks::default(),
            reporting,
            report: OnceLock::new(),
            restarts: AtomicU64::new(0),
            shared,
        };
        (tree, life, addresses)
    }

    /// Where ID lists come from, if they are enabled and the options allow to ask there.
    pub(super) fn usable_id_lists(&self) -> Option<&IdListSource> {
        self.id_lists.as_ref().filter(|source| source.is_usable())
    }
}

/// Where specs come from, in the order of the options.
fn specs_of(
    shared: &Shared,
    service: &Service,
    data_store: Option<&Arc<StoreSession>>,
    facts: &FactSink,
) -> SpecsChain {
    let options = &shared.options;
    let download = |base_url: &str| -> Arc<dyn SpecsAdapter> {
        let specs = HttpSpecs::new(service.clone(), base_url);
        #[cfg(feature = "proto")]
        let specs = if options.reads_binary() {
            specs.reading_binary(options.delta_mode(), facts.clone())
        } else {
            specs
        };
        Arc::new(specs)
    };
    let to_link = |config: &SpecAdapterConfig| match config {
        SpecAdapterConfig::Adapter(adapter) => Some(ChainLink::new(Arc::clone(adapter))),
        SpecAdapterConfig::DataStore => {
            let specs = DataStoreSpecs::new(Arc::clone(data_store?));
            Some(ChainLink {
                is_data_store: true,
                ..ChainLink::new(Arc::new(specs))
            })
        }
        SpecAdapterConfig::NetworkHttp { specs_url } => {
            let url = specs_url.as_deref().unwrap_or(&options.specs_url);
            let has_fallback = options.fallback_to_statsig_api && url != DEFAULT_SPECS_URL;
            let fallback = has_fallback.then(|| download(DEFAULT_SPECS_URL));
            Some(ChainLink {
                fallback,
                ..ChainLink::new(download(url))
            })
        }
        SpecAdapterConfig::Factory(factory) => {
            let http = download(&options.specs_url);
            let key = shared.identity.key.clone();
            let client = AdapterContext::new(key, http, facts.clone());
            guarded("`make` of the specs adapter factory", || {
                factory.make(client)
            })
            .map(ChainLink::new)
        }
    };
    let links = options.specs_sources();
    SpecsChain::new(links.iter().filter_map(to_link).collect())
}

#[cfg(feature = "spool")]
fn spool_of(shared: &Shared) -> Option<Arc<dyn Spool>> {
    let settings = shared.options.event_spool.as_ref()?;
    Some(Arc::new(crate::spool::DiskSpool::new(
        settings.directory.clone(),
        shared.identity.key.expose(),
        settings.max_bytes,
        Arc::clone(&shared.clock),
    )))
}

#[cfg(not(feature = "spool"))]
fn spool_of(_: &Shared) -> Option<Arc<dyn Spool>> {
    None
}

/// Where ID lists come from, if they are enabled: from the adapter of the options alone, if they
/// name one.
fn id_lists_of(
    shared: &Shared,
    service: &Service,
    data_store: Option<&Arc<StoreSession>>,
    facts: FactSink,
) -> Option<IdListSource> {
    let options = &shared.options;
    if !options.enable_id_lists {
        return None;
    }
    let text = |address: &Option<Address>| address.as_deref().map(str::to_owned);
    let (adapter, store) = match options.id_lists_adapter.clone() {
        Some(adapter) => (adapter, None),
        None => {
            let http = HttpIdLists::new(
                service.clone(),
                text(&options.id_lists_url),
                options.fallback_to_statsig_api,
                text(&options.download_id_list_file_api),
                options.named_urls(),
            );
            let store = data_store.and_then(|session| StoredIdLists::of(session, facts));
            (Arc::new(http) as _, store.map(Arc::new))
        }
    };
    Some(IdListSource {
        adapter,
        store,
        is_network_disabled: options.disable_network,
        clock: Arc::clone(&shared.clock),
    })
}
