//! A layer for `tracing` that forwards chosen log events to Statsig.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::fmt::{self, Debug, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::{Statsig, StatsigLogLineLevel};
use crate::mask::mask_keys;
use crate::transport::own_work::is_own_work;
use crate::user::StatsigUser;

/// The default user of log lines, the same as in the official SDKs' console capture.
const DEFAULT_USER: &str = "console-capture-user";
/// The limit of a forwarded message or value in bytes. Longer texts are cut.
pub(crate) const MAX_TEXT_BYTES: usize = 4_096;
/// The limit of forwarded fields of one event. Further fields are left out.
pub(crate) const MAX_FIELDS: usize = 100;
/// The targets of the SDK and of the crates that it uses. Forwarding their lines would cause more
/// of them. Some run in their own tasks, such as that of a connection, which the SDK cannot mark.
const OWN_TARGETS: [&str; 18] = [
    "statsig",
    "h2",
    "hyper",
    "hyper_rustls",
    "hyper_util",
    "mio",
    "ractor",
    "redis",
    "reqwest",
    "rustls",
    "rustls_platform_verifier",
    "tokio",
    "tokio_rustls",
    "tokio_util",
    "tonic",
    "tower",
    "tower_http",
    "want",
];
/// The target of all lines of the `log` crate that arrive through `tracing-log`. A field contains
/// their own target.
const LOG_CRATE: &str = "log";
const LOG_CRATE_TARGET: &str = "log.target";
/// The other fields of `tracing-log`: the position of a line in the source.
const LOG_CRATE_FIELDS: [&str; 4] = [LOG_CRATE_TARGET, "log.module_path", "log.file", "log.line"];

/// Forwards chosen `tracing` events as Statsig log lines, as
/// [`forward_log_line_event`](Statsig::forward_log_line_event) does. Feature `tracing-layer`.
///
/// By default it forwards the levels warn and error, for a user with the ID `console-capture-user`.
/// The event's message becomes the line. Its fields and its target become metadata. The layer cuts
/// texts at 4,096 bytes, leaves out fields beyond 100, and masks SDK keys.
///
/// A forwarded line causes a request. If lines about that request were forwarded too, this would
/// never end. So the layer never forwards, at any level, events of the SDK itself, events of the
/// crates that it sends with (even if the application uses them), and events logged while the SDK
/// sends a request (also by your [`Transport`](crate::transport::Transport) or
/// [`EventLoggingAdapter`](crate::event_logging::EventLoggingAdapter)). For lines of the `log`
/// crate that arrive through `tracing-log`, their own targets count. To filter further, add a
/// filter for a single layer (`with_filter`).
///
/// ```
/// use statsig::log_lines::LogLineLayer;
/// use statsig::Statsig;
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let statsig = Statsig::new("secret-key", None);
/// let subscriber = tracing_subscriber::registry()
///     .with(LogLineLayer::new(&statsig).targets(["checkout"]));
/// tracing::subscriber::with_default(subscriber, || {
///     tracing::warn!(target: "checkout::payment", order = 77, "payment gateway slow");
///     tracing::info!(target: "checkout::payment", "not forwarded");
/// });
/// assert_eq!(statsig.event_stats().pending, 1);
/// ```
#[derive(Debug, Clone)]
pub struct LogLineLayer {
    statsig: Statsig,
    user: StatsigUser,
    levels: Vec<Level>,
    /// Empty means all.
    targets: Vec<String>,
}

impl LogLineLayer {
    /// Forwards warnings and errors of all targets.
    #[must_use]
    pub fn new(statsig: &Statsig) -> Self {
        Self {
            statsig: statsig.clone(),
            user: StatsigUser::with_user_id(DEFAULT_USER),
            levels: vec![Level::WARN, Level::ERROR],
            targets: Vec::new(),
        }
    }

    /// Forwards these levels, and no others.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// use statsig::log_lines::LogLineLayer;
    /// use tracing::Level;
    ///
    /// let layer = LogLineLayer::new(&statsig).levels([Level::ERROR]);
    /// ```
    #[must_use]
    pub fn levels(mut self, levels: impl IntoIterator<Item = Level>) -> Self {
        self.levels = levels.into_iter().collect();
        self
    }

    /// Forwards these targets and their children (`checkout::payment` is a child of `checkout`),
    /// and no others.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// use statsig::log_lines::LogLineLayer;
    ///
    /// let layer = LogLineLayer::new(&statsig).targets(["checkout", "search"]);
    /// ```
    #[must_use]
    pub fn targets(mut self, targets: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.targets = targets.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the user of the lines. Default: a user with the ID `console-capture-user`.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// use statsig::log_lines::LogLineLayer;
    ///
    /// let layer = LogLineLayer::new(&statsig).user(StatsigUser::with_user_id("shop-backend"));
    /// ```
    #[must_use]
    pub fn user(mut self, user: StatsigUser) -> Self {
        self.user = user;
        self
    }

    fn forwards(&self, event: &Event<'_>) -> bool {
        if is_own_work() || !self.levels.contains(event.metadata().level()) {
            return false;
        }
        let target = &*target_of(event);
        !OWN_TARGETS.iter().any(|own| is_below(target, own))
            && (self.targets.is_empty()
                || self.targets.iter().any(|chosen| is_below(target, chosen)))
    }

    fn forward(&self, event: &Event<'_>) {
        let level = match *event.metadata().level() {
            Level::TRACE => StatsigLogLineLevel::Trace,
            Level::DEBUG => StatsigLogLineLevel::Debug,
            Level::INFO => StatsigLogLineLevel::Info,
            Level::WARN => StatsigLogLineLevel::Warn,
            Level::ERROR => StatsigLogLineLevel::Error,
        };
        let mut line = Line::default();
        event.record(&mut line);
        let target = target_of(event).into_owned();
        line.fields.insert("target".to_owned(), target);
        self.statsig
            .forward_log_line_event(&self.user, level, line.message, line.fields);
    }
}

impl<S: Subscriber> Layer<S> for LogLineLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        thread_local! {
            /// Formatting a field may itself log.
            static IS_FORWARDING: Cell<bool> = const { Cell::new(false) };
        }
        if !self.forwards(event) || IS_FORWARDING.replace(true) {
            return;
        }
        self.forward(event);
        IS_FORWARDING.set(false);
    }
}

/// The target of an event, also for lines of the `log` crate.
fn target_of<'a>(event: &'a Event<'_>) -> Cow<'a, str> {
    /// Finds the field with the target.
    struct LogTarget(Option<String>);

    impl Visit for LogTarget {
        fn record_str(&mut self, field: &Field, value: &str) {
            if field.name() == LOG_CRATE_TARGET {
                self.0 = Some(cut(value, MAX_TEXT_BYTES).to_owned());
            }
        }

        fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
    }

    let target = event.metadata().target();
    if target != LOG_CRATE {
        return Cow::Borrowed(target);
    }
    let mut found = LogTarget(None);
    event.record(&mut found);
    found.0.map_or(Cow::Borrowed(target), Cow::Owned)
}

fn is_below(target: &str, chosen: &str) -> bool {
    target
        .strip_prefix(chosen)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The message and the fields of an event.
#[derive(Debug, Default)]
struct Line {
    message: Option<String>,
    fields: HashMap<String, String>,
}

impl Line {
    fn add(&mut self, field: &Field, text: &str) {
        let text = mask_keys(text);
        if field.name() == "message" {
            self.message = Some(text);
        } else if self.fields.len() < MAX_FIELDS && !LOG_CRATE_FIELDS.contains(&field.name()) {
            self.fields.insert(field.name().to_owned(), text);
        }
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, cut(value, MAX_TEXT_BYTES));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = Bounded::default();
        // It fails only when the text has reached the limit.
        let _ = write!(text, "{value:?}");
        self.add(field, &text.0);
    }
}

/// The longest prefix of the text that fits into this number of bytes.
fn cut(text: &str, bytes: usize) -> &str {
    let fitting = (0..=bytes.min(text.len())).rev();
    fitting
        .filter_map(|end| text.get(..end))
        .next()
        .unwrap_or_default()
}

/// Collects text up to the limit. A longer write fails.
#[derive(Default)]
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let fitting = cut(part, MAX_TEXT_BYTES.saturating_sub(self.0.len()));
        self.0.push_str(fitting);
        if fitting.len() < part.len() {
            return Err(fmt::Error);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use tracing_subscriber::layer::SubscriberExt;

    use std::sync::Arc;

    use super::*;
    use crate::StatsigOptions;
    use crate::event_logging::{EventBatch, EventLoggingAdapter, EventLoggingError};
    use crate::testing::{OfflineClient, ScriptedTransport, Specs};
    use crate::transport::{BoxFuture, Request, Response, Transport, TransportError};

    /// The forwarded events of what `log` logs.
    fn forwarded(set: impl FnOnce(LogLineLayer) -> LogLineLayer, log: impl FnOnce()) -> Vec<Value> {
        let client = OfflineClient::without_specs(None);
        let subscriber = tracing_subscriber::registry().with(set(LogLineLayer::new(&client)));
        tracing::subscriber::with_default(subscriber, log);
        client.take_events()
    }

    #[test]
    fn a_warning_becomes_a_log_line() {
        let events = forwarded(
            |layer| layer,
            || {
                tracing::warn!(target: "shop", order = 77, name = "a-name", "gateway {}", "slow");
                tracing::info!(target: "shop", "not so important");
            },
        );
        assert_eq!(events.len(), 1);
        let event = &events[0];
        assert_eq!(event["eventName"], "statsig::log_line");
        assert_eq!(event["value"], "gateway slow");
        assert_eq!(event["user"]["userID"], DEFAULT_USER);
        let metadata = &event["metadata"];
        for (key, value) in [
            ("order", "77"),
            ("name", "a-name"),
            ("target", "shop"),
            ("status", "warn"),
            ("log_level", "Warn"),
        ] {
            assert_eq!(metadata[key], value, "{key}");
        }
    }

    #[test]
    fn levels_targets_and_user_are_chosen() {
        let choose = |layer: LogLineLayer| {
            layer
                .levels([Level::INFO])
                .targets(["shop"])
                .user(StatsigUser::with_user_id("logger"))
        };
        let events = forwarded(choose, || {
            tracing::info!(target: "shop::cart", "yes");
            tracing::warn!(target: "shop::cart", "another level");
            tracing::info!(target: "shopping", "another target");
        });
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["value"], "yes");
        assert_eq!(events[0]["user"]["userID"], "logger");
    }

    #[test]
    fn what_the_sdk_and_its_transport_log_is_not_forwarded() {
        let events = forwarded(
            |layer| layer,
            || {
                tracing::error!(target: "statsig", "own");
                tracing::error!(target: "statsig::sync", "own");
                tracing::error!(target: "hyper_util::client", "about our requests");
                tracing::error!(target: "statsigner", "another's");
            },
        );
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["value"], "another's");
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_transport_or_an_adapter_of_the_applications_own_logs_for_the_sdk_is_not_forwarded()
     {
        #[derive(Debug)]
        struct Chatty(ScriptedTransport);

        impl Transport for Chatty {
            fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
                tracing::info!(target: "shop::client", "preparing");
                Box::pin(async {
                    tokio::task::yield_now().await;
                    tracing::info!(target: "shop::client", "sending");
                    self.0.send(request).await
                })
            }
        }

        impl EventLoggingAdapter for Chatty {
            fn log_events(&self, _: EventBatch) -> BoxFuture<'_, Result<(), EventLoggingError>> {
                Box::pin(async {
                    tracing::info!(target: "shop::events", "sending");
                    Ok(())
                })
            }
        }

        let network = ScriptedTransport::new();
        network.serve_specs(Specs::new());
        let options = StatsigOptions::builder()
            .transport(Arc::new(Chatty(network)))
            .event_logging_adapter(Arc::new(Chatty(ScriptedTransport::new())))
            .disable_diagnostics(true);
        let client = Statsig::new("secret-key", options.build().unwrap());
        let layer = LogLineLayer::new(&client).levels([Level::INFO]);
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        client.initialize().await.unwrap();
        tracing::info!(target: "shop", "the application's");
        client.refresh().await.unwrap();
        client.flush_events().await.unwrap();
        client.flush_events().await.unwrap();
        assert_eq!(client.event_stats().enqueued, 1);
    }

    #[test]
    fn a_field_that_logs_while_it_is_shown_is_forwarded_once() {
        struct Chatty;

        impl Debug for Chatty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                tracing::error!(target: "shop", field = ?Chatty, "from within");
                f.write_str("chatty")
            }
        }

        let events = forwarded(
            |layer| layer,
            || tracing::error!(target: "shop", field = ?Chatty, "outer"),
        );
        assert!(events.len() <= 1, "{events:?}");
    }

    #[test]
    fn long_texts_are_cut_and_keys_masked() {
        let long = "é".repeat(MAX_TEXT_BYTES);
        let events = forwarded(
            |layer| layer,
            || tracing::error!(target: "shop", shown = long, debugged = ?long, key = "secret-abcdefghijkl", "m"),
        );
        let metadata = &events[0]["metadata"];
        for name in ["shown", "debugged"] {
            let length = metadata[name].as_str().unwrap().len();
            assert!(
                (MAX_TEXT_BYTES - 2..=MAX_TEXT_BYTES).contains(&length),
                "{name}: {length}"
            );
        }
        assert_eq!(metadata["key"], "secret-abcde*****");
    }
}
