//! The configuration of a forward proxy.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use statsig::transport::{Backoff, is_usable_url, shown_url};

/// How long a start waits for the first message by default.
const DEFAULT_INIT_TIMEOUT: Duration = Duration::from_secs(3);
/// The first pause before the client reopens a broken stream, by default.
const DEFAULT_REOPENING_PAUSE: Duration = Duration::from_secs(3);
/// The longest pause before the client reopens a broken stream, without jitter.
const LONGEST_REOPENING_PAUSE: Duration = Duration::from_secs(60);
/// The form of a usable address, for errors.
pub(crate) const EXPECTED_ADDRESS: &str = "an address such as http://host:50051";

/// A Statsig forward proxy that streams specs over gRPC.
///
/// The client opens one stream and receives every change at once; `specs_sync_interval` has no
/// effect. Evaluations have `Adapter(GRPC)` as their source.
///
/// The client reopens a broken stream after 3 s, 6 s and so on, up to a minute. Jitter makes each
/// pause longer by up to a quarter. The client continues to use its specs. A stream is broken when
/// it does not open within 10 s, when the proxy is silent for 75 s (it sends a heartbeat every 30
/// s), or when it ends. It works again when it brings specs that the client uses, or when it lasts
/// for 30 s.
///
/// When the stream has been broken for 60 s, or a client has had no specs for 10 s, the client
/// downloads specs over HTTP from [`specs_url`](statsig::StatsigOptionsBuilder::specs_url) every 3
/// s, until the stream brings specs or works again.
///
/// ```
/// use statsig::StatsigOptions;
/// use statsig_grpc::GrpcForwardProxy;
///
/// let proxy = GrpcForwardProxy::new("https://proxy.internal:50052")
///     .tls("/etc/shop/proxy-ca.pem")
///     .client_certificate("/etc/shop/client.pem", "/etc/shop/client.key");
/// let options = StatsigOptions::builder().specs_adapter(proxy).build()?;
/// # let _ = options;
/// # Ok::<(), statsig::OptionsError>(())
/// ```
///
/// If there is a data store, name both sources:
///
/// ```
/// use std::sync::Arc;
///
/// use statsig::StatsigOptions;
/// use statsig::sources::{FileDataStore, SpecAdapterConfig};
/// use statsig_grpc::GrpcForwardProxy;
///
/// let options = StatsigOptions::builder()
///     .data_store(Arc::new(FileDataStore::new("/var/lib/shop/statsig")))
///     .spec_adapters_config([
///         SpecAdapterConfig::DataStore,
///         GrpcForwardProxy::new("http://proxy.internal:50051").into(),
///     ])
///     .build()?;
/// # let _ = options;
/// # Ok::<(), statsig::OptionsError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct GrpcForwardProxy {
    pub(crate) url: String,
    pub(crate) init_timeout: Duration,
    pub(crate) reopening: Backoff,
    pub(crate) tls: Option<Tls>,
}

/// Each connection reads the files again, so that it uses renewed certificates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tls {
    /// `None` means the certificate authorities of the system.
    pub(crate) ca_certificate: Option<PathBuf>,
    pub(crate) domain_name: Option<String>,
    pub(crate) client_certificate: Option<ClientCertificate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientCertificate {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl GrpcForwardProxy {
    /// A proxy at this address: `http://proxy.internal:50051`, or `https://proxy.internal:50052`
    /// for an encrypted connection. The system must trust the proxy's certificate, unless you set
    /// [your own authority](Self::tls).
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into().trim().to_owned(),
            init_timeout: DEFAULT_INIT_TIMEOUT,
            reopening: reopening(DEFAULT_REOPENING_PAUSE),
            tls: None,
        }
    }

    /// How long a start waits for the first message. Default: 3 s.
    #[must_use]
    pub fn init_timeout(mut self, limit: Duration) -> Self {
        self.init_timeout = limit;
        self
    }

    /// The pause before the client reopens a broken stream. It doubles with each failure in a row,
    /// up to a minute. Default: 3 s.
    #[must_use]
    pub fn reopening_pause(mut self, first: Duration) -> Self {
        self.reopening = reopening(first);
        self
    }

    /// Encrypts the connection and accepts a proxy whose certificate comes from this authority: a
    /// PEM file. If the file is unusable, each attempt to connect fails; the client never falls
    /// back to a connection without encryption. Default: for `https` addresses, the certificate
    /// authorities of the system.
    #[must_use]
    pub fn tls(mut self, ca_certificate: impl Into<PathBuf>) -> Self {
        self.tls.get_or_insert_default().ca_certificate = Some(ca_certificate.into());
        self
    }

    /// The name in the proxy's certificate. Encrypts the connection. Default: the host of the
    /// address.
    #[must_use]
    pub fn domain_name(mut self, name: impl Into<String>) -> Self {
        self.tls.get_or_insert_default().domain_name = Some(name.into());
        self
    }

    /// Presents this certificate to the proxy (mutual TLS): PEM files of the certificate chain and
    /// its key. Encrypts the connection.
    #[must_use]
    pub fn client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.tls.get_or_insert_default().client_certificate = Some(ClientCertificate {
            certificate: certificate.into(),
            key: key.into(),
        });
        self
    }

    /// The URL, with the scheme by which tonic decides whether to encrypt. The scheme of the
    /// address may be missing. `None` if the address is unusable.
    pub(crate) fn usable_url(&self) -> Option<String> {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("http", &self.url));
        let scheme = match (scheme.to_ascii_lowercase().as_str(), &self.tls) {
            ("https", _) | ("http", Some(_)) => "https",
            ("http", None) => "http",
            _ => return None,
        };
        let url = format!("{scheme}://{rest}");
        is_usable_url(&url).then_some(url)
    }
}

/// The pauses before the client reopens a broken stream. They double with each failure in a row.
pub(crate) fn reopening(first: Duration) -> Backoff {
    Backoff::new(first, LONGEST_REOPENING_PAUSE)
}

/// Shows the address without credentials, keys and query.
impl fmt::Debug for GrpcForwardProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrpcForwardProxy")
            .field("url", &shown_url(&self.url))
            .field("init_timeout", &self.init_timeout)
            .field("reopening", &self.reopening)
            .field("tls", &self.tls)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(address: &str) -> Option<String> {
        GrpcForwardProxy::new(address).usable_url()
    }

    #[test]
    fn pauses_double_up_to_a_minute() {
        let pauses = [1, 5, 6, u32::MAX].map(|failures| {
            let proxy = GrpcForwardProxy::new("h");
            proxy.reopening.pause(failures, 0.0).as_secs()
        });
        assert_eq!(pauses, [3, 48, 60, 60]);
        let longest = reopening(Duration::from_secs(90)).pause(1, 0.0);
        assert_eq!(longest, LONGEST_REOPENING_PAUSE);
    }

    #[test]
    fn an_address_has_a_host_and_no_other_scheme() {
        for address in [
            "",
            "unix:///run/proxy",
            "http://",
            "h:port",
            "a b",
            "h:0",
            "http://h:x",
            "h#",
        ] {
            assert_eq!(url(address), None, "{address}");
        }
    }

    #[test]
    fn the_scheme_follows_what_is_configured_and_never_drops_encryption() {
        for (address, plain, encrypted) in [
            ("http://h:50051", "http://h:50051", "https://h:50051"),
            ("h:80", "http://h:80", "https://h:80"),
            ("h", "http://h", "https://h"),
            ("https://h", "https://h", "https://h"),
            ("HTTPS://h/", "https://h/", "https://h/"),
            ("http://[::1]:1", "http://[::1]:1", "https://[::1]:1"),
        ] {
            assert_eq!(url(address).as_deref(), Some(plain), "{address}");
            let proxy = GrpcForwardProxy::new(address).domain_name("proxy");
            assert_eq!(proxy.usable_url().as_deref(), Some(encrypted), "{address}");
        }
    }
}
