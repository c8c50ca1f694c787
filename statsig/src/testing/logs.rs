//! Captures the SDK's log in tests.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

/// The log of one thread from one level up: one line for each event, with its fields.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    least: Level,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Log {
    /// Collects the log of this thread until the guard is dropped.
    pub(crate) fn from(least: Level) -> (Self, DefaultGuard) {
        let log = Self {
            least,
            lines: Arc::default(),
        };
        let subscriber = tracing_subscriber::registry().with(log.clone());
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.lines.lock();
        lines.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Line(String);

        impl Visit for Line {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                // Writing to a `String` cannot fail.
                let _ = write!(self.0, "{field}={value:?} ");
            }
        }

        if *event.metadata().level() <= self.least {
            let mut line = Line(String::new());
            event.record(&mut line);
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.push(line.0);
        }
    }
}

/// The warnings and errors that `work` logs.
pub(crate) fn warnings_of(work: impl FnOnce()) -> Vec<String> {
    let (log, guard) = Log::from(Level::WARN);
    work();
    drop(guard);
    log.lines()
}
