//! Creates the adapter of each client.

use std::sync::Arc;

use statsig::OptionsError;
use statsig::sources::{AdapterContext, SpecAdapterConfig, SpecsAdapter, SpecsAdapterFactory};
use statsig::transport::shown_url;

use crate::adapter::GrpcSpecs;
use crate::connection::ProxyConnections;
use crate::proxy::{EXPECTED_ADDRESS, GrpcForwardProxy};

/// Each client gets its own stream when it starts.
impl SpecsAdapterFactory for GrpcForwardProxy {
    fn check(&self) -> Result<(), OptionsError> {
        if self.usable_url().is_some() {
            return Ok(());
        }
        let found = format!("{:?}", shown_url(&self.url));
        let option = "GrpcForwardProxy::new";
        Err(OptionsError::new(option, EXPECTED_ADDRESS, found))
    }

    fn make(&self, client: AdapterContext) -> Arc<dyn SpecsAdapter> {
        let opener = Box::new(ProxyConnections {
            proxy: self.clone(),
            sdk_key: client.sdk_key().into(),
        });
        Arc::new(GrpcSpecs::new(
            opener,
            self.init_timeout,
            self.reopening,
            client,
        ))
    }
}

impl From<GrpcForwardProxy> for SpecAdapterConfig {
    fn from(proxy: GrpcForwardProxy) -> Self {
        Self::made_by(proxy)
    }
}

#[cfg(test)]
mod tests {
    use statsig::StatsigOptions;

    use super::*;

    #[test]
    fn an_address_that_cannot_be_used_is_refused_when_options_are_built() {
        for url in ["", "unix:///run/proxy", "http://", "h:port", "a b"] {
            let proxy = GrpcForwardProxy::new(url);
            let alone = StatsigOptions::builder().specs_adapter(proxy.clone());
            let listed = StatsigOptions::builder().spec_adapters_config([proxy.into()]);
            for error in [alone.build().unwrap_err(), listed.build().unwrap_err()] {
                let text = error.to_string();
                let expected =
                    "option `GrpcForwardProxy::new`: expected an address such as http://host:50051";
                assert!(text.starts_with(expected), "{text}");
            }
        }
        for url in ["http://h:50051", "h:50051", "https://h"] {
            let alone = StatsigOptions::builder().specs_adapter(GrpcForwardProxy::new(url));
            alone.build().unwrap();
        }
    }

    #[test]
    fn options_show_no_password_token_or_key() {
        let url = "http://user:PASSWORD@proxy.internal:8080/secret-KEY/v1?token=TOKEN";
        let options = StatsigOptions::builder().specs_adapter(GrpcForwardProxy::new(url));
        let shown = format!("{:?}", options.build().unwrap());
        assert!(shown.contains("proxy.internal:8080"), "{shown}");
        for secret in ["PASSWORD", "TOKEN", "secret-KEY"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
