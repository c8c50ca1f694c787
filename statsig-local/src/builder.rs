//! Configures and starts a server.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::access::Access;
use crate::connection;
use crate::error::LocalError;
use crate::events::ReceivedEvent;
use crate::faults::FaultScript;
use crate::files::{Content, Files, WatchedFile};
use crate::id_lists::{IdListLines, IdListStore, lines_of};
use crate::limits::MAX_CONNECTIONS;
use crate::notice::Notice;
use crate::record::Record;
use crate::routes;
use crate::server::{GIVEN_SPECS, LocalStatsig};
use crate::shared::{EventCallback, IdListSources, NoticeCallback, Shared};
use crate::specs::{EMPTY_SPECS, ServedSpecs};
#[cfg(feature = "upstream")]
use crate::upstream::Upstream;

impl LocalStatsig {
    /// Configures what to serve and where.
    pub fn builder() -> LocalStatsigBuilder {
        LocalStatsigBuilder::default()
    }
}

#[derive(Debug)]
enum SpecsSource {
    File(PathBuf),
    Text(String),
}

/// Builds a [`LocalStatsig`].
#[derive(Default)]
#[must_use = "nothing is served before `start`"]
pub struct LocalStatsigBuilder {
    specs: Option<SpecsSource>,
    id_lists_file: Option<PathBuf>,
    id_lists: IdListLines,
    faults_file: Option<PathBuf>,
    address: Option<String>,
    allowed_hosts: Vec<String>,
    allowed_origins: Vec<String>,
    sdk_keys: Option<BTreeSet<String>>,
    is_forward_proxy: bool,
    #[cfg(feature = "upstream")]
    upstream: Option<Upstream>,
    on_event: Option<EventCallback>,
    on_notice: Option<NoticeCallback>,
}

impl LocalStatsigBuilder {
    /// Serves this file, and each change of it. Default: a project without definitions.
    pub fn specs_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.specs = Some(SpecsSource::File(path.into()));
        self
    }

    /// Serves this text instead of a file.
    pub fn specs_json(mut self, text: impl Into<String>) -> Self {
        self.specs = Some(SpecsSource::Text(text.into()));
        self
    }

    /// Serves the ID lists of this file, and each change of it. The file maps list names to arrays
    /// of plain unit IDs.
    pub fn id_lists_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.id_lists_file = Some(path.into());
        self
    }

    /// Serves this ID list. It replaces a list of the same name in the file. The IDs are plain unit
    /// IDs.
    pub fn id_list<I>(mut self, name: impl Into<String>, unit_ids: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        let lines = lines_of(unit_ids.into_iter().map(Into::into));
        self.id_lists.insert(name.into(), lines);
        self
    }

    /// Makes requests fail as this file says. The script starts over when the file changes. See
    /// [the format](crate#faults-from-a-file).
    pub fn faults_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.faults_file = Some(path.into());
        self
    }

    /// Where to listen, `host:port`. Default: `127.0.0.1:0`, a free port for this machine only.
    pub fn bind(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// Also answers requests for this host, such as the name of a container. `*` allows every name
    /// and turns off the protection from web pages. Default: loopback names, and the address of the
    /// server. See [who may send requests](crate#who-may-send-requests).
    pub fn allowed_host(mut self, name: impl Into<String>) -> Self {
        self.allowed_hosts.push(name.into());
        self
    }

    /// Lets the pages of this origin, such as `http://localhost:3000`, log events with a client
    /// SDK. Default: none. See [client SDKs in web pages](crate#client-sdks-in-web-pages).
    pub fn allowed_origin(mut self, origin: impl Into<String>) -> Self {
        self.allowed_origins.push(origin.into());
        self
    }

    /// Accepts only these SDK keys. A request with another key gets 401. Default: every key.
    pub fn sdk_keys<I>(mut self, keys: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.sdk_keys = Some(keys.into_iter().map(Into::into).collect());
        self
    }

    /// Whether to answer as a Statsig forward proxy. A client whose specs have the served `time`
    /// then gets no update, even if its checksum differs, and `POST /v1/user_enrichment` lists the
    /// ID lists that contain a user. Default: false.
    pub fn forward_proxy(mut self, is_forward_proxy: bool) -> Self {
        self.is_forward_proxy = is_forward_proxy;
        self
    }

    /// Serves the specs and ID lists of another Statsig, and forwards events to it. See
    /// [what it forwards](crate#in-front-of-another-statsig). The server then accepts only the SDK
    /// key of the upstream, unless [`sdk_keys`](Self::sdk_keys) sets others. Requests with another
    /// key for specs, ID lists and events get 401. ID lists from files and code replace the
    /// upstream's lists of the same name.
    #[cfg(feature = "upstream")]
    pub fn upstream(mut self, upstream: Upstream) -> Self {
        self.upstream = Some(upstream);
        self
    }

    /// Sets a callback for each event. The server calls it before [`events`](LocalStatsig::events)
    /// returns the event. It must not block.
    pub fn on_event(mut self, callback: impl Fn(&ReceivedEvent) + Send + Sync + 'static) -> Self {
        self.on_event = Some(Box::new(callback));
        self
    }

    /// Sets a callback for notices, such as reloads and refused files. It must not block.
    pub fn on_notice(mut self, callback: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        self.on_notice = Some(Box::new(callback));
        self
    }

    /// Starts the server on the current tokio runtime.
    ///
    /// Sockets and files are real. On a runtime with a paused clock, the clock would advance while
    /// data is in transit, so start the server on a runtime of its own.
    ///
    /// # Errors
    ///
    /// If the address is not available, a file or text is invalid, or the upstream has no specs.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time enabled.
    pub async fn start(self) -> Result<LocalStatsig, LocalError> {
        let mut files = Vec::new();
        let empty = || SpecsSource::Text(EMPTY_SPECS.to_owned());
        let (text, origin) = match self.specs.unwrap_or_else(empty) {
            SpecsSource::File(path) => {
                let (file, text) = WatchedFile::open(path, Content::Specs)?;
                let origin = file.origin();
                files.push(file);
                (text, origin)
            }
            SpecsSource::Text(text) => (text, GIVEN_SPECS.to_owned()),
        };
        let specs = ServedSpecs::parse(text, &origin, None)?;
        let address = self.address.unwrap_or_else(|| "127.0.0.1:0".to_owned());
        let bound = TcpListener::bind(&address).await;
        let bound = bound.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = bound.map_err(|source| LocalError::Bind { address, source })?;

        #[cfg(feature = "upstream")]
        let upstream_key = self.upstream.as_ref().map(|upstream| &upstream.sdk_key);
        #[cfg(not(feature = "upstream"))]
        let upstream_key: Option<&String> = None;
        let only_upstream = || Some(BTreeSet::from([upstream_key?.clone()]));
        let shared = Arc::new(Shared {
            url: format!("http://{}", reachable(address)),
            access: Access::new(address.ip(), self.allowed_hosts, self.allowed_origins),
            sdk_keys: self.sdk_keys.or_else(only_upstream),
            is_forward_proxy: self.is_forward_proxy,
            has_upstream: upstream_key.is_some(),
            specs: watch::Sender::new(Arc::new(specs)),
            id_lists: IdListStore::default(),
            faults: FaultScript::default(),
            record: Record::new(),
            on_event: self.on_event,
            on_notice: self.on_notice,
            replacing_specs: Mutex::new(()),
            id_list_sources: Mutex::new(IdListSources::default()),
            #[cfg(feature = "upstream")]
            relay: std::sync::OnceLock::new(),
        });
        shared.change_id_lists(|lists| lists.code = self.id_lists);
        for (path, content) in [
            (self.id_lists_file, Content::IdLists),
            (self.faults_file, Content::Faults),
        ] {
            if let Some(path) = path {
                let (file, text) = WatchedFile::open(path, content)?;
                file.serve(text, &shared)?;
                files.push(file);
            }
        }

        #[cfg(feature = "upstream")]
        if let Some(upstream) = self.upstream {
            let relay = upstream.connect(&shared).await?;
            // This is the only place that sets it.
            let _ = shared.relay.set(relay);
        }

        let files = Arc::new(Files::new(files));
        let (stop, stopped) = watch::channel(false);
        let app = routes::router(Arc::clone(&shared));
        Ok(LocalStatsig {
            server: tokio::spawn(connection::serve(listener, app, stopped, MAX_CONNECTIONS)),
            watcher: tokio::spawn(Arc::clone(&files).watch(Arc::clone(&shared))),
            shared,
            files,
            address,
            stop,
        })
    }
}

impl std::fmt::Debug for LocalStatsigBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalStatsigBuilder")
            .field("specs", &self.specs)
            .field("id_lists_file", &self.id_lists_file)
            .field("faults_file", &self.faults_file)
            .field("address", &self.address)
            .field("is_forward_proxy", &self.is_forward_proxy)
            .finish_non_exhaustive()
    }
}

/// An address that a client on this machine can use.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        match address {
            SocketAddr::V4(_) => address.set_ip(std::net::Ipv4Addr::LOCALHOST.into()),
            SocketAddr::V6(_) => address.set_ip(std::net::Ipv6Addr::LOCALHOST.into()),
        }
    }
    address
}
