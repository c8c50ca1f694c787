//! An adapter that appends events to a file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{EventBatch, EventLoggingAdapter, EventLoggingError};
use crate::files;
use crate::hash::djb2;
use crate::transport::BoxFuture;

/// Appends events to a file instead of posting them, so that another process can send them or a
/// person can read them.
///
/// The file has the format of the official local-file adapter:
/// `<directory>/<djb2 of the SDK key>_events.json`, with one line for each batch, a JSON array of
/// its events. The adapter appends complete lines, so several processes may share the file. A
/// process that drains the file must not do so while another writes. The adapter does not sync the
/// file to the disk, and the file grows without limit: the process that drains it must empty it.
/// Only its owner can read a file that the adapter creates; an existing file keeps its permissions.
/// It must be a regular file, not a link.
///
/// ```
/// use std::sync::Arc;
/// use statsig::event_logging::FileEvents;
/// use statsig::StatsigOptions;
///
/// # let directory = std::env::temp_dir();
/// let events = Arc::new(FileEvents::new("server-local-file-events-test", &directory));
/// assert!(events.path().ends_with("3776104929_events.json"));
/// let options = StatsigOptions::builder().event_logging_adapter(events).build()?;
/// # drop(options);
/// # Ok::<(), statsig::OptionsError>(())
/// ```
#[derive(Debug)]
pub struct FileEvents(Arc<Target>);

#[derive(Debug)]
struct Target {
    path: PathBuf,
    /// Within this process, writes one batch at a time.
    turn: Mutex<()>,
}

impl FileEvents {
    /// An adapter that writes to the file of this SDK key in this directory, which must exist. It
    /// opens the file at the first batch.
    #[must_use]
    pub fn new(sdk_key: &str, directory: impl AsRef<Path>) -> Self {
        let name = format!("{}_events.json", djb2(sdk_key));
        Self(Arc::new(Target {
            path: directory.as_ref().join(name),
            turn: Mutex::new(()),
        }))
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

impl Target {
    fn append(&self, batch: &EventBatch) -> io::Result<()> {
        #[derive(Deserialize)]
        struct Body<'a> {
            #[serde(borrow)]
            events: &'a RawValue,
        }

        let json = batch.json()?;
        let body: Body<'_> = serde_json::from_slice(&json)?;
        let line = format!("{}\n", body.events.get());
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = files::open_own(&self.path, files::private().append(true).create(true))?;
        // One call, so that lines of several processes do not mix.
        file.write_all(line.as_bytes())
    }
}

impl EventLoggingAdapter for FileEvents {
    fn log_events(&self, batch: EventBatch) -> BoxFuture<'_, Result<(), EventLoggingError>> {
        let target = Arc::clone(&self.0);
        Box::pin(async move {
            tokio::task::spawn_blocking(move || target.append(&batch))
                .await
                .unwrap_or_else(|error| Err(io::Error::other(error)))
                .map_err(EventLoggingError::temporary)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::batch::SealedBatch;
    use crate::events::seal;

    fn batch(json: &str, events: u64) -> EventBatch {
        EventBatch(SealedBatch {
            first: 0,
            events,
            attempts: 0,
            is_urgent: false,
            sealed_at: None,
            body: seal::compressed(|to| to.write_all(json.as_bytes())).unwrap(),
            record: None,
        })
    }

    #[test]
    fn each_batch_is_a_line_of_its_events_and_their_text_stays() {
        let directory = tempfile::tempdir().unwrap();
        let events = FileEvents::new("server-local-file-events-test", directory.path());
        assert!(events.path().ends_with("3776104929_events.json"));
        let first = batch(
            r#"{"events":[{"a":1.0},{"b":"x"}],"statsigMetadata":{}}"#,
            2,
        );
        let second = batch(r#"{"events":[{"c":null}],"statsigMetadata":{}}"#, 1);
        events.0.append(&first).unwrap();
        events.0.append(&second).unwrap();
        let text = std::fs::read_to_string(events.path()).unwrap();
        assert_eq!(text, "[{\"a\":1.0},{\"b\":\"x\"}]\n[{\"c\":null}]\n");
    }

    #[test]
    fn a_directory_that_is_not_there_is_a_temporary_error() {
        let directory = tempfile::tempdir().unwrap();
        let events = FileEvents::new("secret-abc", directory.path().join("missing"));
        let error = events.0.append(&batch(r#"{"events":[]}"#, 0)).unwrap_err();
        assert!(!error.to_string().contains("abc"), "{error}");
    }
}
