//! `Debug` of the official options: those that are set, without credentials and keys.

use std::fmt;

use super::options::{ProxyConfig, StatsigOptions};
use crate::transport::shown_url;

/// Adds the fields that are set. A field that is missing here does not compile.
macro_rules! show {
    ($options:expr, $shown:ident, plain: [$($field:ident),+ $(,)?], urls: [$($url:ident),+ $(,)?] $(,)?) => {
        let StatsigOptions { $($field,)+ $($url,)+ } = $options;
        $(if let Some(value) = $field {
            $shown.field(stringify!($field), value);
        })+
        $(if let Some(url) = $url {
            $shown.field(stringify!($url), &shown_url(url));
        })+
    };
}

impl fmt::Debug for StatsigOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("StatsigOptions");
        show!(
            self,
            shown,
            plain: [
            data_store,
            data_store_key_schema_version,
            disable_all_logging,
            disable_country_lookup,
            disable_network,
            log_event_connection_reuse,
            enable_id_lists,
            enable_dcs_deltas,
            dcs_delta_no_progress_threshold,
            environment,
            event_logging_adapter,
            event_logging_flush_interval_ms,
            event_logging_max_pending_batch_queue_size,
            event_logging_max_queue_size,
            exposure_dedupe_max_keys,
            fallback_to_statsig_api,
            global_custom_fields,
            id_lists_adapter,
            id_lists_sync_interval_ms,
            id_lists_request_timeout_ms,
            init_timeout_ms,
            observability_client,
            output_log_level,
            override_adapter,
            persistent_storage,
            service_name,
            spec_adapters_config,
            specs_adapter,
            specs_sync_interval_ms,
            wait_for_country_lookup_init,
            wait_for_user_agent_init,
            proxy_config,
            use_third_party_ua_parser,
            disable_disk_access,
            experimental_flags,
            ],
            urls: [
            specs_url,
            log_event_url,
            id_lists_url,
            download_id_list_file_api,
            ],
        );
        shown.finish()
    }
}

impl fmt::Debug for ProxyConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            proxy_host,
            proxy_port,
            proxy_auth,
            proxy_protocol,
            ca_cert_path,
        } = self;
        f.debug_struct("ProxyConfig")
            .field("proxy_host", proxy_host)
            .field("proxy_port", proxy_port)
            .field("proxy_auth", &proxy_auth.as_ref().map(|_| "*****"))
            .field("proxy_protocol", proxy_protocol)
            .field("ca_cert_path", ca_cert_path)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_in_a_log_show_no_credentials() {
        let options = StatsigOptions {
            specs_url: Some("https://ann:hunter2@proxy/v2/specs?k=hunter2".to_owned()),
            log_event_url: Some("https://ann:hunter2@proxy/v1/log_event".to_owned()),
            proxy_config: Some(ProxyConfig {
                proxy_host: Some("proxy".to_owned()),
                proxy_auth: Some("ann:hunter2".to_owned()),
                ..ProxyConfig::default()
            }),
            init_timeout_ms: Some(500),
            ..StatsigOptions::default()
        };
        let builder = StatsigOptions::builder().proxy_config(options.proxy_config.clone());
        for shown in [format!("{options:?}"), format!("{builder:?}")] {
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.contains("\"proxy\""), "{shown}");
        }
        let shown = format!("{options:?}");
        assert!(shown.contains("https://proxy/v2/specs"), "{shown}");
        assert!(shown.contains("init_timeout_ms: 500"), "{shown}");
    }
}
