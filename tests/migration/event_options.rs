//! Options of events, of the log and of metrics.

use std::sync::Arc;
use std::time::Duration;

use statsig::compat;
use statsig::event_logging::FileEvents;

use super::Row;

/// One row of the guide: its section, the first name in it, and code for it.
pub(crate) const ROWS: &[Row] = &[
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "disable_all_logging",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.disable_all_logging = Some(true);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new().disable_all_logging(Some(true));
            assert!(builder.build().disable_all_logging.is_some());
            s.native(|native| native.disable_all_logging(true));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "log_event_connection_reuse",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.log_event_connection_reuse = Some(false);
            s.builds(&options);
            let builder =
                compat::StatsigOptionsBuilder::new().log_event_connection_reuse(Some(false));
            assert!(builder.build().log_event_connection_reuse.is_some());
            s.native(|native| native.log_event_connection_reuse(false));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "event_logging_adapter",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.event_logging_adapter = Some(Arc::new(FileEvents::new("secret-key", "."))
                as Arc<dyn compat::EventLoggingAdapter>);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new()
                .event_logging_adapter(Some(Arc::new(FileEvents::new("secret-key", "."))
                    as Arc<dyn compat::EventLoggingAdapter>));
            assert!(builder.build().event_logging_adapter.is_some());
            s.native(|native| {
                native.event_logging_adapter(Arc::new(FileEvents::new("secret-key", ".")))
            });
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "event_logging_flush_interval_ms",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.event_logging_flush_interval_ms = Some(5_000);
            s.builds(&options);
            let builder =
                compat::StatsigOptionsBuilder::new().event_logging_flush_interval_ms(Some(5_000));
            assert!(builder.build().event_logging_flush_interval_ms.is_some());
            s.native(|native| native.event_flush_interval(Duration::from_secs(5)));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "event_logging_max_pending_batch_queue_size",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.event_logging_max_pending_batch_queue_size = Some(20);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new()
                .event_logging_max_pending_batch_queue_size(Some(20));
            assert!(
                builder
                    .build()
                    .event_logging_max_pending_batch_queue_size
                    .is_some()
            );
            s.native(|native| native.event_logging_max_pending_batch_queue_size(20));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "event_logging_max_queue_size",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.event_logging_max_queue_size = Some(500);
            s.builds(&options);
            let builder =
                compat::StatsigOptionsBuilder::new().event_logging_max_queue_size(Some(500));
            assert!(builder.build().event_logging_max_queue_size.is_some());
            s.native(|native| native.event_logging_max_queue_size(500));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "exposure_dedupe_max_keys",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.exposure_dedupe_max_keys = Some(5_000);
            s.builds(&options);
            let builder =
                compat::StatsigOptionsBuilder::new().exposure_dedupe_max_keys(Some(5_000));
            assert!(builder.build().exposure_dedupe_max_keys.is_some());
            s.native(|native| native.exposure_dedupe_max_keys(5_000));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "log_event_url",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.log_event_url = Some("https://proxy/v1/log_event".to_owned());
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new()
                .log_event_url(Some("https://proxy/v1/log_event".to_owned()));
            assert!(builder.build().log_event_url.is_some());
            s.native(|native| native.log_event_url("https://proxy/v1/log_event"));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "observability_client",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.observability_client = Some(Arc::downgrade(&s.metrics));
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new()
                .observability_client(Some(Arc::downgrade(&s.metrics)));
            assert!(builder.build().observability_client.is_some());
            s.native(|native| native.observability_client(s.metrics.clone()));
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "output_log_level",
        |s| {
            let mut options = compat::StatsigOptions::default();
            options.output_log_level = Some(compat::LogLevel::Debug);
            s.builds(&options);
            let builder = compat::StatsigOptionsBuilder::new().output_log_level(Some(4));
            assert_eq!(
                builder.build().output_log_level,
                Some(compat::LogLevel::Debug)
            );
            let _ = tracing_subscriber::fmt().with_env_filter("warn,statsig=debug");
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "output_logger_provider",
        |_| {
            let _ = tracing_subscriber::registry();
        },
    ),
    (
        "StatsigOptions, StatsigOptionsBuilder",
        "console_capture_options",
        |s| {
            let _ = statsig::log_lines::LogLineLayer::new(&s.statsig);
        },
    ),
];
