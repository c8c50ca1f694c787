use std::sync::Arc;

use super::*;
use crate::sources::SpecAdapterConfig;

/// An address with all kinds of secrets.
const WITH_SECRETS: &str =
    "http://user:PASSWORD@proxy.internal:8080/secret-KEY/v1/download_config_specs?token=TOKEN";

fn with_every_address() -> StatsigOptionsBuilder {
    StatsigOptions::builder()
        .specs_url(WITH_SECRETS)
        .id_lists_url(WITH_SECRETS)
        .download_id_list_file_api(WITH_SECRETS)
        .log_event_url(WITH_SECRETS)
        .proxy_config(ProxyConfig::new("proxy.internal", 3128).auth("user:PASSWORD"))
        .spec_adapters_config([SpecAdapterConfig::network_http_at(WITH_SECRETS)])
}

#[test]
fn no_option_shows_a_password_a_token_or_a_key() {
    let builder = with_every_address();
    let options = builder.clone().build().unwrap();
    let statsig = crate::Statsig::new("secret-KEY", options.clone());
    for shown in [
        format!("{builder:?}"),
        format!("{options:?}"),
        format!("{statsig:?}"),
    ] {
        assert!(shown.len() < 20_000, "{} bytes", shown.len());
        for secret in ["PASSWORD", "TOKEN", "secret-KEY"] {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
    }
    // The host is not a secret.
    assert!(format!("{options:?}").contains("proxy.internal:8080"));
}

type Setter = fn(StatsigOptionsBuilder, &str) -> StatsigOptionsBuilder;

const ADDRESSES: [(&str, Setter); 6] = [
    ("specs_url", |options, url| options.specs_url(url)),
    ("id_lists_url", |options, url| options.id_lists_url(url)),
    ("download_id_list_file_api", |options, url| {
        options.download_id_list_file_api(url)
    }),
    ("log_event_url", |options, url| options.log_event_url(url)),
    ("spec_adapters_config", |options, url| {
        options.spec_adapters_config([SpecAdapterConfig::network_http_at(url)])
    }),
    ("specs_adapter", |options, url| {
        options.specs_adapter(SpecAdapterConfig::network_http_at(url))
    }),
];

#[test]
fn an_address_that_leads_nowhere_is_refused_at_once() {
    for (option, set) in ADDRESSES {
        for url in [
            "nonsense",
            "proxy.internal/v1",
            "ftp://proxy.internal/v1",
            "http://",
            "http:///v1",
            "http://user:PASSWORD@/v1",
            "http://proxy.internal:port/v1",
            "http://proxy.internal:70000/v1",
            "http://proxy internal/v1",
            "http://proxy.internal/v1\nv2",
            "http://proxy.internal/v1#part",
            "http://user:PASS/WORD@proxy.internal/v1",
            "secret-PASSWORD",
        ] {
            let error = set(StatsigOptions::builder(), url).build().unwrap_err();
            assert_eq!(error.option, option, "{url:?}");
            let error = error.to_string();
            assert!(error.contains("http"), "{error}");
            assert!(!error.contains("PASS"), "{error}");
        }
        for url in [
            "http://proxy.internal/v1",
            "https://user:password@proxy.internal:8443/v1?x=1",
            "HTTP://127.0.0.1:80/v1",
            "http://[::1]:8080/v1",
            " http://proxy.internal/v1\n",
            "",
            "null",
        ] {
            let built = set(StatsigOptions::builder(), url).build();
            assert!(built.is_ok(), "{option} {url:?}: {built:?}");
        }
    }
}

#[test]
fn a_service_name_that_no_header_can_carry_is_refused_at_once() {
    let named = |name: &str| StatsigOptions::builder().service_name(name).build();
    let error = named("shop\nx-other: 1").unwrap_err();
    assert_eq!(error.option, "service_name");
    named("shop").unwrap();
    named("café 2").unwrap();
}

#[test]
fn a_proxy_without_a_port_is_refused_at_once() {
    let proxy = |host: &str, port| {
        let proxy = ProxyConfig::new(host, port);
        StatsigOptions::builder().proxy_config(proxy).build()
    };
    assert!(proxy("proxy", 0).is_err());
    assert!(proxy("pro\nxy", 80).is_err());
    proxy("proxy", 80).unwrap();
}

#[test]
fn a_key_that_cannot_work_is_reported_at_once() {
    let warned = |key: &str, options: StatsigOptions| {
        let log = crate::testing::record_logs();
        drop(crate::Statsig::new(key, options));
        let lines = log.lines().into_iter().map(|line| line.message);
        lines.collect::<Vec<_>>().join("\n")
    };
    for (key, expected) in [
        ("", "empty"),
        ("client-0123456789", "client key"),
        ("console-0123456789", "console"),
        ("secret-0123456789\n", "white space"),
        (" secret-0123456789", "white space"),
        ("secret-01234\u{0}56789", "header"),
        ("secret-0123é56789", "header"),
    ] {
        let warning = warned(key, StatsigOptions::default());
        assert!(warning.contains(expected), "{key:?}: {warning}");
        assert!(!warning.contains("56789"), "{warning}");
        let offline = StatsigOptions::builder().disable_network(true);
        assert_eq!(warned(key, offline.build().unwrap()), "");
    }
    assert_eq!(warned("secret-0123456789", StatsigOptions::default()), "");
    let _: Option<Arc<str>> = None;
}

#[test]
fn a_data_store_as_the_only_source_needs_a_data_store() {
    let only_store = StatsigOptions::builder().specs_adapter(SpecAdapterConfig::DataStore);
    let error = only_store.build().unwrap_err();
    assert_eq!(error.option, "specs_adapter");
    assert!(error.to_string().contains("no option `data_store`"));
}
