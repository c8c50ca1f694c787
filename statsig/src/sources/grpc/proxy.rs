//! Where a forward proxy is, and how to reach it.

use std::path::PathBuf;
use std::time::Duration;

use crate::transport::address::{self, Address};
use crate::transport::backoff::Backoff;

/// How long a start waits for the first message, unless set otherwise.
const DEFAULT_INIT_TIMEOUT: Duration = Duration::from_secs(3);
/// The first of the pauses before a broken stream is opened again, unless set otherwise.
const DEFAULT_REOPENING_PAUSE: Duration = Duration::from_secs(3);
/// The longest of those pauses.
const LONGEST_REOPENING_PAUSE: Duration = Duration::from_secs(60);
/// Those pauses, unless set otherwise.
pub(super) const DEFAULT_REOPENING: Backoff =
    Backoff::new(DEFAULT_REOPENING_PAUSE, LONGEST_REOPENING_PAUSE);

/// A Statsig forward proxy that streams specs over gRPC.
///
/// The client opens one stream and gets every change as soon as the proxy has it; `specs_sync_interval` has no effect.
/// Evaluations say `Adapter(GRPC)` as the source. A stream that breaks is opened again after 3 s, 6 s and so on up to a
/// minute, each pause longer by a random quarter at most; the specs in use stay in use. A stream counts as broken when it cannot be
/// opened within 10 s, when the proxy is silent for 75 s (it sends a heartbeat every 30 s), or when it ends. Only specs show that it
/// works again, or that it lasts for 30 s.
///
/// When the stream has been broken for 60 s, or a client has had no specs at all for 10 s, specs are downloaded over HTTP every
/// 3 s, from [`specs_url`](crate::StatsigOptionsBuilder::specs_url), until the stream brings specs or works again.
///
/// ```
/// use statsig::{GrpcForwardProxy, StatsigOptions};
///
/// let proxy = GrpcForwardProxy::new("https://proxy.internal:50052")
///     .tls("/etc/shop/proxy-ca.pem")
///     .client_certificate("/etc/shop/client.pem", "/etc/shop/client.key");
/// let options = StatsigOptions::builder().grpc_forward_proxy(proxy).build()?;
/// # let _ = options;
/// # Ok::<(), statsig::OptionsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrpcForwardProxy {
    pub(super) url: Address,
    pub(super) init_timeout: Duration,
    pub(super) reopening: Backoff,
    pub(super) tls: Option<Tls>,
    pub(super) client_certificate: Option<ClientCertificate>,
}

/// Files are read whenever a connection is made, so that renewed certificates are picked up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Tls {
    /// `None` is whom the system trusts.
    pub(super) ca_certificate: Option<PathBuf>,
    pub(super) domain_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClientCertificate {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl GrpcForwardProxy {
    /// The proxy at this address: `http://proxy.internal:50051`, or `https://proxy.internal:50052` for an encrypted connection to a
    /// proxy whose certificate the system trusts, or [an authority of your own](Self::tls).
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Address::from(url.into().trim()),
            init_timeout: DEFAULT_INIT_TIMEOUT,
            reopening: DEFAULT_REOPENING,
            tls: None,
            client_certificate: None,
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Whether the address is one that a connection can be made to. It may have no scheme.
    pub(crate) fn leads_somewhere(&self) -> bool {
        address::is_usable(&self.url) || address::is_host_and_port(&self.url)
    }

    /// How long a start waits for the first message. Default: 3 s.
    #[must_use]
    pub fn init_timeout(mut self, limit: Duration) -> Self {
        self.init_timeout = limit;
        self
    }

    /// The pause before a broken stream is opened again. It doubles with each failure in a row, up to a minute. Default: 3 s.
    #[must_use]
    pub fn reopening_pause(mut self, first: Duration) -> Self {
        self.reopening = Backoff::new(first, LONGEST_REOPENING_PAUSE);
        self
    }

    /// Encrypts the connection and accepts a proxy whose certificate was issued by this authority: a PEM file. One that cannot
    /// be read or used fails each attempt to connect; the connection is never made without encryption instead. Default: for
    /// `https` addresses, the authorities that the system trusts.
    #[must_use]
    pub fn tls(mut self, ca_certificate: impl Into<PathBuf>) -> Self {
        self.tls.get_or_insert_default().ca_certificate = Some(ca_certificate.into());
        self
    }

    /// The name in the proxy's certificate. Default: the host of the address. Encrypts the connection.
    #[must_use]
    pub fn domain_name(mut self, name: impl Into<String>) -> Self {
        self.tls.get_or_insert_default().domain_name = Some(name.into());
        self
    }

    /// Shows this certificate to the proxy (mutual TLS): PEM files of the certificate chain and its key. Encrypts the connection.
    #[must_use]
    pub fn client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.tls.get_or_insert_default();
        self.client_certificate = Some(ClientCertificate {
            certificate: certificate.into(),
            key: key.into(),
        });
        self
    }
}
