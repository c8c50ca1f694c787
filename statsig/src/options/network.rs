//! How requests are sent.

use std::path::PathBuf;
use std::sync::Arc;

use super::{StatsigOptions, StatsigOptionsBuilder};
use crate::error::OptionsError;
use crate::sources::SpecAdapterConfig;
use crate::transport::Transport;
use crate::transport::proxy::ProxyConfig;

option_setters! {
    /// Sends nothing over the network. Events count as dropped. Default: false.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().disable_network(true).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn disable_network(disable: bool) => disable_network = disable;

    /// Sets the name of the service, which the client sends in a header of every request. Default:
    /// none. Text without control characters.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().service_name("checkout").build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn service_name(name: impl Into<String>) => service_name = Some(name.into());

    /// Lets posts of events reuse a connection. With `false`, the server closes the connection
    /// after each post, and the next post opens a new one; some load balancers distribute requests
    /// by connection. Default: true. Official SDKs have this option with the default `false`.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().log_event_connection_reuse(false).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn log_event_connection_reuse(reuse: bool) => log_event_connection_reuse = reuse;

    /// Sends requests through this proxy. Default: the proxy in `HTTPS_PROXY`, `HTTP_PROXY` or
    /// `ALL_PROXY`, unless `NO_PROXY` excludes the host.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use statsig::transport::ProxyConfig;
    /// let options = StatsigOptions::builder()
    ///     .proxy_config(ProxyConfig::new("proxy.internal", 3128))
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn proxy_config(proxy: ProxyConfig) => proxy_config = Some(proxy);

    /// Also trusts the certificates in this file, a bundle in PEM. Default: none.
    ///
    /// The operating system's trusted certificates stay trusted (`SSL_CERT_FILE` and `SSL_CERT_DIR`
    /// name others on Linux). The client reads the file at the first request. If it cannot read the
    /// file, or the file holds no certificate, every request fails with
    /// [`TransportError::CertificateBundle`](crate::transport::TransportError::CertificateBundle).
    /// The client skips entries that are not certificates.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().ca_cert_path("/etc/ssl/company-ca.pem").build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn ca_cert_path(path: impl Into<PathBuf>) => ca_cert_path = Some(path.into());

    /// Sends requests through this transport instead of the SDK's own HTTP client. `proxy_config`
    /// and `ca_cert_path` then have no effect. Default: the HTTP client of the feature `http`. For
    /// an example see [`Transport`].
    pub fn transport(transport: Arc<dyn Transport>) => transport = Some(transport);
}

impl StatsigOptions {
    /// The transport of the options, or a new HTTP client.
    pub(crate) fn make_transport(&self) -> Arc<dyn Transport> {
        let given = self.transport.clone();
        given.unwrap_or_else(|| self.default_transport())
    }

    #[cfg(feature = "http")]
    fn default_transport(&self) -> Arc<dyn Transport> {
        use crate::transport::http::{HttpTransport, Settings};

        Arc::new(HttpTransport::new(Settings {
            proxy: self.proxy_config.clone(),
            ca_cert_path: self.ca_cert_path.clone(),
        }))
    }

    #[cfg(not(feature = "http"))]
    fn default_transport(&self) -> Arc<dyn Transport> {
        Arc::new(crate::transport::NoTransport)
    }

    /// The URLs that these options name besides those of ID lists: their origins may see the SDK
    /// key.
    pub(crate) fn named_urls(&self) -> Vec<String> {
        let of_sources = self.named_sources().filter_map(|source| match source {
            SpecAdapterConfig::NetworkHttp { specs_url } => specs_url.clone(),
            _ => None,
        });
        let own = [self.specs_url.to_string(), self.log_event_url.to_string()];
        own.into_iter().chain(of_sources).collect()
    }
}

/// Checks what every request depends on.
pub(super) fn check(options: &StatsigOptions) -> Result<(), OptionsError> {
    let name = options.service_name.as_deref().unwrap_or_default();
    if name.contains(char::is_control) {
        let expected = "text without line breaks and other control characters";
        let found = format!("{name:?}");
        return Err(OptionsError::new("service_name", expected, found));
    }
    let proxy = options.proxy_config.as_ref();
    proxy.map_or(Ok(()), ProxyConfig::check)
}
