//! Custom events and log lines.

use std::collections::HashMap;

use serde_json::Value;

use super::Statsig;
use crate::events::event::{Event, OtherEvent, QueuedEvent};
use crate::events::value::EventValue;

use crate::text::SharedStr;
use crate::transport::identity::SDK_TYPE;
use crate::user::StatsigUser;

/// The level of a forwarded log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum StatsigLogLineLevel {
    /// `trace`
    Trace,
    /// `debug`
    Debug,
    /// A plain line; its status is `info`.
    Log,
    /// `info`
    Info,
    /// `warn`
    Warn,
    /// `error`
    Error,
}

impl StatsigLogLineLevel {
    /// Status and level, in the service's spelling.
    fn wire(self) -> (&'static str, &'static str) {
        match self {
            Self::Trace => ("trace", "Trace"),
            Self::Debug => ("debug", "Debug"),
            Self::Log => ("info", "Log"),
            Self::Info => ("info", "Info"),
            Self::Warn => ("warn", "Warn"),
            Self::Error => ("error", "Error"),
        }
    }
}

/// The error for a level other than `trace`, `debug`, `log`, `info`, `warn` (or `warning`), `error`
/// (or `err`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected one of trace, debug, log, info, warn, error, found `{found}`")]
pub struct UnknownLogLineLevel {
    found: String,
}

impl std::str::FromStr for StatsigLogLineLevel {
    type Err = UnknownLogLineLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "trace" => Ok(Self::Trace),
            "debug" => Ok(Self::Debug),
            "log" => Ok(Self::Log),
            "info" => Ok(Self::Info),
            "warn" | "warning" => Ok(Self::Warn),
            "error" | "err" => Ok(Self::Error),
            _ => Err(UnknownLogLineLevel {
                found: text.to_owned(),
            }),
        }
    }
}

impl Statsig {
    /// Records a custom event. Never waits; custom events are neither deduplicated nor sampled.
    ///
    /// ```
    /// # use statsig::{Event, StatsigUser};
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// let event = Event::new("add_to_cart").value("SKU_12345").metadata("price", "9.99");
    /// statsig.log_event(&user, event);
    /// # assert_eq!(statsig.event_stats().pending, 1);
    /// ```
    pub fn log_event(&self, user: &StatsigUser, event: Event) {
        self.record(OtherEvent {
            name: event.name,
            user: Some(user.clone()),
            value: event.value,
            metadata: event.metadata,
            time_ms: self.inner.shared.clock.now_ms(),
        });
    }

    /// Records a user without a custom event, so that Statsig knows the user.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// statsig.identify(&user);
    /// assert_eq!(statsig.event_stats().pending, 1);
    /// ```
    pub fn identify(&self, user: &StatsigUser) {
        self.log_event(user, Event::new("statsig::identify"));
    }

    /// Records a line of the application's log, for Statsig's Logs Explorer.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// use std::collections::HashMap;
    /// use statsig::log_lines::StatsigLogLineLevel;
    ///
    /// let metadata = HashMap::from([("order".to_owned(), "17".to_owned())]);
    /// let message = "the payment failed".to_owned();
    /// statsig.forward_log_line_event(&user, StatsigLogLineLevel::Error, message, metadata);
    /// ```
    pub fn forward_log_line_event(
        &self,
        user: &StatsigUser,
        level: StatsigLogLineLevel,
        message: impl Into<Option<String>>,
        metadata: impl Into<Option<HashMap<String, String>>>,
    ) {
        let (status, log_level) = level.wire();
        let own = [
            ("status", status),
            ("source", SDK_TYPE),
            ("log_level", log_level),
        ];
        let metadata = metadata
            .into()
            .unwrap_or_default()
            .into_iter()
            .map(|(key, value)| (key, Value::from(value)))
            .chain(own.map(|(key, value)| (key.to_owned(), Value::from(value))))
            .collect();
        self.record(OtherEvent {
            name: SharedStr::from("statsig::log_line"),
            user: Some(user.clone()),
            value: message.into().map(EventValue::Text),
            metadata: Some(metadata),
            time_ms: self.inner.shared.clock.now_ms(),
        });
    }

    fn record(&self, event: OtherEvent) {
        if !self.inner.shared.options.disable_all_logging {
            self.inner.queue(QueuedEvent::Other(Box::new(event)));
        }
    }
}
