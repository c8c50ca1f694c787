//! The proxy of all requests.

use std::fmt;

use super::address;
use crate::error::OptionsError;

/// A proxy for every request, instead of the proxy in the environment variables.
///
/// ```
/// use statsig::transport::ProxyConfig;
/// use statsig::StatsigOptions;
///
/// let proxy = ProxyConfig::new("proxy.internal", 3128).auth("user:password");
/// let options = StatsigOptions::builder().proxy_config(proxy).build()?;
/// # let _ = options;
/// # Ok::<(), statsig::OptionsError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyConfig {
    host: String,
    port: u16,
    protocol: String,
    auth: Option<String>,
}

impl ProxyConfig {
    /// A proxy at this host and port. The client connects to it over `http`.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            protocol: "http".to_owned(),
            auth: None,
        }
    }

    /// Sets the credentials for the proxy: `user:password`. `Debug` and errors hide them. Default:
    /// none.
    #[must_use]
    pub fn auth(mut self, user_and_password: impl Into<String>) -> Self {
        self.auth = Some(user_and_password.into());
        self
    }

    /// Sets the protocol of the connection to the proxy: `http` or `https`. Default: `http`.
    #[must_use]
    pub fn protocol(mut self, protocol: impl Into<String>) -> Self {
        self.protocol = protocol.into();
        self
    }

    pub(crate) fn check(&self) -> Result<(), OptionsError> {
        let wrong = |expected, found| Err(OptionsError::new("proxy_config", expected, found));
        if !matches!(self.protocol.as_str(), "http" | "https") {
            return wrong("the protocol http or https", self.protocol.clone());
        }
        if !address::is_host_and_port(&format!("{}:{}", self.host, self.port)) {
            let found = format!("{:?} and port {}", address::shown(&self.host), self.port);
            return wrong("a host name or an address, and a port", found);
        }
        match &self.auth {
            Some(auth) if !auth.contains(':') => wrong("`user:password`", "no colon".to_owned()),
            _ => Ok(()),
        }
    }

    /// `protocol://host:port`.
    #[cfg(feature = "http")]
    pub(crate) fn url(&self) -> String {
        format!("{}://{}:{}", self.protocol, self.host, self.port)
    }

    #[cfg(feature = "http")]
    pub(crate) fn user_and_password(&self) -> Option<(&str, &str)> {
        self.auth.as_ref()?.split_once(':')
    }
}

impl fmt::Debug for ProxyConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("protocol", &self.protocol)
            .field("auth", &self.auth.as_ref().map(|_| "*****"))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_used_is_accepted() {
        let good = ProxyConfig::new("proxy", 80);
        for proxy in [
            good.clone(),
            good.clone().protocol("https"),
            good.clone().auth("user:pass:word"),
            ProxyConfig::new("[::1]", 80),
        ] {
            proxy.check().unwrap();
        }
        for (proxy, expected) in [
            (good.clone().protocol("socks5"), "http or https"),
            (ProxyConfig::new("", 80), "a host name"),
            (ProxyConfig::new("http://proxy", 80), "a host name"),
            (good.auth("pass1234"), "user:password"),
        ] {
            let error = proxy.check().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("pass1234"), "{error}");
        }
    }

    #[test]
    fn debug_hides_the_password() {
        let shown = format!("{:?}", ProxyConfig::new("proxy", 80).auth("me:pass1234"));
        assert!(
            shown.contains("proxy") && !shown.contains("pass1234"),
            "{shown}"
        );
    }
}
