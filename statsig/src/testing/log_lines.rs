//! The log of a test.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Display};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, Interest};
use tracing::{Event, Level, Metadata, Subscriber};

/// One event of `tracing`. `Display` shows it in one line:
/// `WARN statsig::sync: message, field=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLine {
    /// Its level.
    pub level: Level,
    /// Its target: `statsig::sync` and others for lines of the SDK, a module path for other lines.
    pub target: String,
    /// The message, without the fields.
    pub message: String,
    /// The other fields, by name.
    pub fields: BTreeMap<&'static str, String>,
}

impl Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.level, self.target, self.message)?;
        for (name, value) in &self.fields {
            write!(f, ", {name}={value}")?;
        }
        Ok(())
    }
}

/// The log of this thread while this value lives. Made by [`record_logs`].
#[derive(Debug)]
#[must_use = "dropping it ends the recording"]
pub struct LogLines {
    recorder: Recorder,
    _guard: DefaultGuard,
}

/// Records the log lines of this thread from level info up, those of the SDK and all others, until
/// the returned value is dropped.
///
/// It replaces the subscriber of this thread only: tests that run at the same time do not see each
/// other's lines, and nothing global changes. In a `#[tokio::test]`, all tasks run on the thread of
/// the test. With the flavor `multi_thread`, tasks run on other threads, which are not recorded.
///
/// ```
/// use statsig::testing::{self, Answer, Endpoint, Specs};
/// use tracing::Level;
///
/// // #[tokio::test(start_paused = true)]
/// async fn a_service_that_is_down_is_logged() {
///     let log = testing::record_logs();
///     let test = testing::client(Specs::new()).await;
///     log.assert_logged(Level::INFO, "initialised: 0 gates");
///     log.assert_no_warnings();
///
///     test.network.always(Endpoint::Specs, Answer::status(503));
///     tokio::time::sleep(std::time::Duration::from_secs(60)).await;
///     log.assert_logged(Level::WARN, "found 503");
/// }
/// # let mut builder = tokio::runtime::Builder::new_current_thread();
/// # let runtime = builder.enable_all().start_paused(true).build().unwrap();
/// # runtime.block_on(a_service_that_is_down_is_logged());
/// ```
pub fn record_logs() -> LogLines {
    record_logs_from(Level::INFO)
}

/// Like [`record_logs`], from another level up.
///
/// ```
/// use statsig::testing;
/// use tracing::Level;
///
/// let log = testing::record_logs_from(Level::DEBUG);
/// tracing::debug!(attempt = 2, "retrying");
/// tracing::trace!("not recorded");
/// let lines = log.lines();
/// assert_eq!(lines.len(), 1);
/// assert_eq!((lines[0].message.as_str(), lines[0].fields["attempt"].as_str()), ("retrying", "2"));
/// ```
pub fn record_logs_from(least: Level) -> LogLines {
    let recorder = Recorder {
        least,
        lines: Arc::default(),
    };
    LogLines {
        _guard: tracing::subscriber::set_default(recorder.clone()),
        recorder,
    }
}

impl LogLines {
    /// All lines so far, in order.
    #[must_use]
    pub fn lines(&self) -> Vec<LogLine> {
        self.recorder.lines().clone()
    }

    /// The lines since the last `take`, in order. Later calls and assertions do not see them again.
    #[must_use]
    pub fn take(&self) -> Vec<LogLine> {
        std::mem::take(&mut self.recorder.lines())
    }

    /// Asserts that there is a line of this level that contains the text. The text may span the
    /// message and the fields, as [`LogLine`] shows them.
    ///
    /// # Panics
    /// If there is no such line. The message lists all lines.
    #[track_caller]
    pub fn assert_logged(&self, level: Level, text: &str) {
        let is_meant = |line: &LogLine| line.level == level && line.to_string().contains(text);
        let lines = self.lines();
        assert!(
            lines.iter().any(is_meant),
            "expected a line of level {level} with {text:?}, found {}",
            listed(&lines)
        );
    }

    /// Asserts that there is no warning and no error.
    ///
    /// # Panics
    /// If there is one. The message lists all lines.
    #[track_caller]
    pub fn assert_no_warnings(&self) {
        let lines = self.lines();
        assert!(
            lines.iter().all(|line| line.level > Level::WARN),
            "expected no warning and no error, found {}",
            listed(&lines)
        );
    }
}

/// Lists the lines for the message of an assertion.
fn listed(lines: &[LogLine]) -> String {
    if lines.is_empty() {
        return "no lines".to_owned();
    }
    let lines: Vec<_> = lines.iter().map(|line| format!("\n  {line}")).collect();
    format!("these lines:{}", lines.concat())
}

/// Records the events of the threads that it is the subscriber of. Ignores spans.
#[derive(Debug, Clone)]
struct Recorder {
    least: Level,
    lines: Arc<Mutex<Vec<LogLine>>>,
}

impl Recorder {
    fn lines(&self) -> MutexGuard<'_, Vec<LogLine>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscriber for Recorder {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.least
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.least.into())
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = LogLine {
            level: *event.metadata().level(),
            target: event.metadata().target().to_owned(),
            message: String::new(),
            fields: BTreeMap::new(),
        };
        event.record(&mut Fields(&mut line));
        self.lines().push(line);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Fields<'a>(&'a mut LogLine);

impl Fields<'_> {
    fn add(&mut self, field: &Field, value: String) {
        if field.name() == "message" {
            self.0.message = value;
        } else {
            self.0.fields.insert(field.name(), value);
        }
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.to_owned());
    }
}
