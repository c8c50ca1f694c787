//! Where requests go: addresses that lead nowhere are refused when the options are built, not at the first request.

use super::StatsigOptions;
use crate::error::OptionsError;
use crate::sources::SpecAdapterConfig;
use crate::transport::address::{self, Address};

impl StatsigOptions {
    pub(super) fn check_addresses(&self) -> Result<(), OptionsError> {
        let named = [
            ("specs_url", Some(&self.specs_url)),
            ("id_lists_url", self.id_lists_url.as_ref()),
            (
                "download_id_list_file_api",
                self.download_id_list_file_api.as_ref(),
            ),
            ("log_event_url", Some(&self.log_event_url)),
        ];
        for (option, address) in named {
            check(option, address.map(|address| &**address))?;
        }
        #[cfg(feature = "grpc")]
        if let Some(proxy) = &self.grpc_forward_proxy {
            check_proxy("grpc_forward_proxy", proxy)?;
        }
        for source in self.spec_adapters_config.iter().flatten() {
            match source {
                SpecAdapterConfig::NetworkHttp { specs_url } => {
                    check("spec_adapters_config", specs_url.as_deref())?;
                }
                #[cfg(feature = "grpc")]
                SpecAdapterConfig::NetworkGrpc(proxy) => {
                    check_proxy("spec_adapters_config", proxy)?;
                }
                SpecAdapterConfig::DataStore | SpecAdapterConfig::Adapter(_) => {}
            }
        }
        Ok(())
    }
}

fn check(option: &'static str, url: Option<&str>) -> Result<(), OptionsError> {
    match url {
        Some(url) if !address::is_usable(url) => Err(refused(option, address::EXPECTED, url)),
        _ => Ok(()),
    }
}

#[cfg(feature = "grpc")]
fn check_proxy(
    option: &'static str,
    proxy: &crate::sources::GrpcForwardProxy,
) -> Result<(), OptionsError> {
    if proxy.leads_somewhere() {
        return Ok(());
    }
    Err(refused(
        option,
        "an address such as http://host:50051",
        proxy.url(),
    ))
}

fn refused(option: &'static str, expected: &'static str, url: &str) -> OptionsError {
    OptionsError {
        option,
        expected,
        found: format!("{:?}", Address::from(url)),
    }
}
