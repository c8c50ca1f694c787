//! Options of sources, evaluation and the network.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use statsig::compat;
use statsig::overrides::LocalOverrides;
use statsig::sources::{BootstrapSpecs, FileDataStore};
use statsig::storage::InMemoryPersistentStorage;
use statsig::transport::ProxyConfig;

use super::{NoLists, Row, SPECS};

/// One row of the guide: its section, the first name in it, and code for it.
pub(crate) const ROWS: &[Row] = &[
    ("StatsigOptions, StatsigOptionsBuilder", "new", |s| {
        s.builds(&compat::StatsigOptions::new());
    }),
    ("StatsigOptions, StatsigOptionsBuilder", "builder", |s| {
        s.builds(&compat::StatsigOptions::builder().build());
    }),
    ("StatsigOptions, StatsigOptionsBuilder", "data_store", |s| {
        let mut options = compat::StatsigOptions::default();
        options.data_store =
            Some(Arc::new(FileDataStore::new(".")) as Arc<dyn compat::DataStoreTrait>);
        s.builds(&options);
        let builder = compat::StatsigOptionsBuilder::new()
            .data_store(Some(
                Arc::new(FileDataStore::new(".")) as Arc<dyn compat::DataStoreTrait>
            ));
        assert!(builder.build().data_store.is_some());
        s.native(|native| native.data_store(Arc::new(FileDataStore::new("."))));
    }),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "data_store_key_schema_version",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.data_store_key_schema_version = Some(compat::DataStoreKeyVersion::V2Hashed);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new()
                .data_store_key_schema_version(Some(compat::DataStoreKeyVersion::V2Hashed));
            assert!(builder.build().data_store_key_schema_version.is_some());
            s.native(|native| {
                native.data_store_key_schema_version(compat::DataStoreKeyVersion::V3HumanReadable)
            });
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "disable_country_lookup",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.disable_country_lookup = Some(true);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new().disable_country_lookup(Some(true));
            assert!(builder.build().disable_country_lookup.is_some());
            s.native(|native| native.disable_country_lookup(true));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "disable_network",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.disable_network = Some(true);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new().disable_network(Some(true));
            assert!(builder.build().disable_network.is_some());
            s.native(|native| native.disable_network(true));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "enable_id_lists",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.enable_id_lists = Some(true);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new().enable_id_lists(Some(true));
            assert!(builder.build().enable_id_lists.is_some());
            s.native(|native| native.enable_id_lists(true));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "enable_dcs_deltas",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.enable_dcs_deltas = Some(true);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new().enable_dcs_deltas(Some(true));
            assert!(builder.build().enable_dcs_deltas.is_some());
            s.native(|native| native.enable_dcs_deltas(true));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "dcs_delta_no_progress_threshold",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.dcs_delta_no_progress_threshold = Some(5);
            s.builds(&options);
            let builder =
                compat::StatsigOptionsBuilder::new().dcs_delta_no_progress_threshold(Some(5));
            assert!(builder.build().dcs_delta_no_progress_threshold.is_some());
            s.native(|native| native.dcs_delta_no_progress_threshold(5));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "environment",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.environment = Some("staging".to_owned());
            s.builds(&options);
            let builder =
                compat::StatsigOptionsBuilder::new().environment(Some("staging".to_owned()));
            assert!(builder.build().environment.is_some());
            s.native(|native| native.environment("staging"));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "config_compression_mode",
        |s| {
            s.native(|native| native.enable_proto_specs(true));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "fallback_to_statsig_api",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.fallback_to_statsig_api = Some(true);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new().fallback_to_statsig_api(Some(true));
            assert!(builder.build().fallback_to_statsig_api.is_some());
            s.native(|native| native.fallback_to_statsig_api(true));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "global_custom_fields",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.global_custom_fields = Some(HashMap::from([(
                "region".to_owned(),
                compat::DynamicValue::from("eu"),
            )]));
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new().global_custom_fields(Some(
                HashMap::from([("region".to_owned(), compat::DynamicValue::from("eu"))]),
            ));
            assert!(builder.build().global_custom_fields.is_some());
            s.native(|native| native.global_custom_field("region", "eu"));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "id_lists_adapter",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.id_lists_adapter = Some(Arc::new(NoLists) as Arc<dyn compat::IdListsAdapter>);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new()
                .id_lists_adapter(Some(Arc::new(NoLists) as Arc<dyn compat::IdListsAdapter>));
            assert!(builder.build().id_lists_adapter.is_some());
            s.native(|native| native.id_lists_adapter(Arc::new(NoLists)));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "id_lists_sync_interval_ms",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.id_lists_sync_interval_ms = Some(30_000);
            s.builds(&options);
            let builder =
                compat::StatsigOptionsBuilder::new().id_lists_sync_interval_ms(Some(30_000));
            assert!(builder.build().id_lists_sync_interval_ms.is_some());
            s.native(|native| native.id_lists_sync_interval(Duration::from_secs(30)));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "id_lists_request_timeout_ms",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.id_lists_request_timeout_ms = Some(3_000);
            s.builds(&options);
            let builder =
                compat::StatsigOptionsBuilder::new().id_lists_request_timeout_ms(Some(3_000));
            assert!(builder.build().id_lists_request_timeout_ms.is_some());
            s.native(|native| native.id_lists_request_timeout(Duration::from_secs(3)));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "id_lists_url",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.id_lists_url = Some("https://proxy/v1/get_id_lists".to_owned());
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new()
                .id_lists_url(Some("https://proxy/v1/get_id_lists".to_owned()));
            assert!(builder.build().id_lists_url.is_some());
            s.native(|native| native.id_lists_url("https://proxy/v1/get_id_lists"));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "download_id_list_file_api",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.download_id_list_file_api = Some("https://proxy/v1".to_owned());
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new()
                .download_id_list_file_api(Some("https://proxy/v1".to_owned()));
            assert!(builder.build().download_id_list_file_api.is_some());
            s.native(|native| native.download_id_list_file_api("https://proxy/v1"));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "init_timeout_ms",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.init_timeout_ms = Some(500);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new().init_timeout_ms(Some(500));
            assert!(builder.build().init_timeout_ms.is_some());
            s.native(|native| native.init_timeout(Duration::from_millis(500)));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "override_adapter",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.override_adapter = Some(Arc::new(compat::StatsigLocalOverrideAdapter::new())
                as Arc<dyn compat::OverrideAdapter>);
            s.builds(&options);
            s.native(|native| native.override_adapter(Arc::new(LocalOverrides::new())));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "persistent_storage",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.persistent_storage =
                Some(Arc::new(InMemoryPersistentStorage::new())
                    as Arc<dyn compat::PersistentStorage>);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new()
                .persistent_storage(Some(Arc::new(InMemoryPersistentStorage::new())
                    as Arc<dyn compat::PersistentStorage>));
            assert!(builder.build().persistent_storage.is_some());
            s.native(|native| {
                native.persistent_storage(Arc::new(InMemoryPersistentStorage::new()))
            });
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "service_name",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.service_name = Some("shop".to_owned());
            s.builds(&options);
            let builder =
                compat::StatsigOptionsBuilder::new().service_name(Some("shop".to_owned()));
            assert!(builder.build().service_name.is_some());
            s.native(|native| native.service_name("shop"));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "spec_adapters_config",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.spec_adapters_config = Some(vec![compat::SpecAdapterConfig::network_http()]);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new()
                .spec_adapters_config(Some(vec![compat::SpecAdapterConfig::network_http()]));
            assert!(builder.build().spec_adapters_config.is_some());
            s.native(|native| {
                native.spec_adapters_config([compat::SpecAdapterConfig::network_http()])
            });
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "specs_adapter",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.specs_adapter =
                Some(Arc::new(compat::StatsigBootstrapSpecsAdapter::new(SPECS))
                    as Arc<dyn compat::SpecsAdapter>);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new().specs_adapter(Some(Arc::new(
                compat::StatsigBootstrapSpecsAdapter::new(SPECS),
            )
                as Arc<dyn compat::SpecsAdapter>));
            assert!(builder.build().specs_adapter.is_some());
            s.native(|native| native.specs_adapter(Arc::new(BootstrapSpecs::new(SPECS))));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "specs_sync_interval_ms",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.specs_sync_interval_ms = Some(30_000);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new().specs_sync_interval_ms(Some(30_000));
            assert!(builder.build().specs_sync_interval_ms.is_some());
            s.native(|native| native.specs_sync_interval(Duration::from_secs(30)));
        },
    ),
    ("StatsigOptions, StatsigOptionsBuilder", "specs_url", |s| {
        let mut options = compat::StatsigOptions::default();
        options.specs_url = Some("https://proxy/v2/download_config_specs".to_owned());
        s.builds(&options);
        let builder = compat::StatsigOptionsBuilder::new()
            .specs_url(Some("https://proxy/v2/download_config_specs".to_owned()));
        assert!(builder.build().specs_url.is_some());
        s.native(|native| native.specs_url("https://proxy/v2/download_config_specs"));
    }),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "wait_for_country_lookup_init",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.wait_for_country_lookup_init = Some(true);
            s.builds(&options);
            let builder =
                compat::StatsigOptionsBuilder::new().wait_for_country_lookup_init(Some(true));
            assert!(builder.build().wait_for_country_lookup_init.is_some());
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "wait_for_user_agent_init",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.wait_for_user_agent_init = Some(true);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new().wait_for_user_agent_init(Some(true));
            assert!(builder.build().wait_for_user_agent_init.is_some());
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "proxy_config",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.proxy_config = Some(compat::ProxyConfig {
                proxy_host: Some("proxy".to_owned()),
                proxy_port: Some(3128),
                ..Default::default()
            });
            s.builds(&options);
            let builder =
                compat::StatsigOptionsBuilder::new().proxy_config(Some(compat::ProxyConfig {
                    proxy_host: Some("proxy".to_owned()),
                    proxy_port: Some(3128),
                    ..Default::default()
                }));
            assert!(builder.build().proxy_config.is_some());
            s.native(|native| {
                native
                    .proxy_config(ProxyConfig::new("proxy", 3128))
                    .ca_cert_path("/etc/ca.pem")
            });
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "use_third_party_ua_parser",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.use_third_party_ua_parser = Some(true);
            s.builds(&options);
            let builder =
                compat::StatsigOptionsBuilder::new().use_third_party_ua_parser(Some(true));
            assert!(builder.build().use_third_party_ua_parser.is_some());
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "disable_disk_access",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.disable_disk_access = Some(true);
            s.builds(&options);
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "experimental_flags",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.experimental_flags = Some(HashSet::from(["a_flag".to_owned()]));
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new()
                .experimental_flags(Some(HashSet::from(["a_flag".to_owned()])));
            assert!(builder.build().experimental_flags.is_some());
            s.native(|native| native.experimental_flags(["a_flag"]));
        },
    ),
];
