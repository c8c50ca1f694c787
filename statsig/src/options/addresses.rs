//! Where requests go. Building the options fails for an address that cannot receive requests, so
//! that the first request need not.

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
            ("user_enrichment_url", self.user_enrichment_url.as_ref()),
        ];
        for (option, address) in named {
            check(option, address.map(|address| &**address))?;
        }
        if let Some(source) = &self.specs_adapter {
            check_source("specs_adapter", source)?;
        }
        for source in self.spec_adapters_config.iter().flatten() {
            check_source("spec_adapters_config", source)?;
        }
        Ok(())
    }
}

fn check_source(option: &'static str, source: &SpecAdapterConfig) -> Result<(), OptionsError> {
    match source {
        SpecAdapterConfig::NetworkHttp { specs_url } => check(option, specs_url.as_deref()),
        SpecAdapterConfig::Factory(factory) => factory.check(),
        SpecAdapterConfig::DataStore | SpecAdapterConfig::Adapter(_) => Ok(()),
    }
}

fn check(option: &'static str, url: Option<&str>) -> Result<(), OptionsError> {
    match url {
        Some(url) if !address::is_usable(url) => {
            let found = format!("{:?}", Address::from(url));
            Err(OptionsError::new(option, address::EXPECTED, found))
        }
        _ => Ok(()),
    }
}
