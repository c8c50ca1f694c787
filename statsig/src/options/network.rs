//! How requests are sent.

use std::path::PathBuf;
use std::sync::Arc;

use super::{StatsigOptions, StatsigOptionsBuilder};
use crate::error::OptionsError;
use crate::sources::SpecAdapterConfig;
use crate::transport::Transport;
use crate::transport::proxy::ProxyConfig;

impl StatsigOptionsBuilder {
    /// Sends nothing over the network; events are counted as dropped. Default: false.
    pub fn disable_network(mut self, disable: bool) -> Self {
        self.options.disable_network = disable;
        self
    }

    /// The service's name, sent with every request in a header: text without control characters.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.options.service_name = Some(name.into());
        self
    }

    /// Sends requests through this proxy. Default: the one that `HTTPS_PROXY`, `HTTP_PROXY` or `ALL_PROXY` name, unless `NO_PROXY`
    /// excludes the host.
    pub fn proxy_config(mut self, proxy: ProxyConfig) -> Self {
        self.options.proxy_config = Some(proxy);
        self
    }

    /// Trusts the certificates in this file, too: a bundle in PEM. The operating system's trusted certificates stay trusted
    /// (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others on Linux). It is read at the first request. If it cannot be read or holds no
    /// certificate, every request fails with [`TransportError::CertificateBundle`](crate::transport::TransportError::CertificateBundle);
    /// entries that are none are left out. Default: none.
    pub fn ca_cert_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.ca_cert_path = Some(path.into());
        self
    }

    /// Sends requests through this transport instead of the SDK's own HTTP client. `proxy_config` and `ca_cert_path` mean
    /// nothing then.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.options.transport = Some(transport);
        self
    }
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
}

/// Checks what every request depends on.
pub(super) fn check(options: &StatsigOptions) -> Result<(), OptionsError> {
    let name = options.service_name.as_deref().unwrap_or_default();
    if name.contains(char::is_control) {
        return Err(OptionsError {
            option: "service_name",
            expected: "text without line breaks and other control characters",
            found: format!("{name:?}"),
        });
    }
    options
        .proxy_config
        .as_ref()
        .map_or(Ok(()), ProxyConfig::check)
}

impl StatsigOptions {
    /// The URLs that these options name besides those of ID lists: their origins may see the SDK key.
    pub(crate) fn named_urls(&self) -> Vec<String> {
        let mut urls = vec![self.specs_url.to_string(), self.log_event_url.to_string()];
        for source in self.spec_adapters_config.iter().flatten() {
            if let SpecAdapterConfig::NetworkHttp {
                specs_url: Some(url),
            } = source
            {
                urls.push(url.clone());
            }
        }
        urls
    }
}
