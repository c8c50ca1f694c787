//! Detects changes of the specs, ID-lists and faults files.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::Mutex;
use tokio::time::MissedTickBehavior;

use crate::error::LocalError;
use crate::limits::{FILE_POLL_INTERVAL, MAX_ID_LISTS_BYTES, MAX_SPECS_BYTES};
use crate::notice::Notice;
use crate::shared::Shared;

/// The purpose of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Specs,
    IdLists,
    Faults,
}

/// The watched files. The lock prevents two reloads at the same time.
#[derive(Debug)]
pub(crate) struct Files(Mutex<Vec<WatchedFile>>);

/// A watched file.
#[derive(Debug, Clone)]
pub(crate) struct WatchedFile {
    path: PathBuf,
    content: Content,
    /// The stamp of the last successful read. `None` makes the next check read the file.
    stamp: Option<Stamp>,
    /// The last notice about this file. Each problem is reported once.
    problem: Option<String>,
}

/// Detects a change without reading the file.
type Stamp = (SystemTime, u64);

impl Files {
    pub(crate) fn new(files: Vec<WatchedFile>) -> Self {
        Self(Mutex::new(files))
    }

    /// Checks the files forever, and reports changes and problems as notices.
    pub(crate) async fn watch(self: Arc<Self>, shared: Arc<Shared>) {
        if self.0.lock().await.is_empty() {
            return;
        }
        let mut ticks = tokio::time::interval(FILE_POLL_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The files were just read, so the first check waits for the interval.
        ticks.reset();
        loop {
            ticks.tick().await;
            for file in self.0.lock().await.iter_mut() {
                match file.look(&shared).await {
                    Ok(_) => file.problem = None,
                    Err(error) => {
                        let problem = error.report();
                        if file.problem.as_ref() != Some(&problem) {
                            shared.notify(&Notice::FileRefused(error));
                            file.problem = Some(problem);
                        }
                    }
                }
            }
        }
    }

    /// Reads all files now. Returns true if what the server serves has changed.
    pub(crate) async fn reload(&self, shared: &Arc<Shared>) -> Result<bool, LocalError> {
        let mut has_changed = false;
        for file in self.0.lock().await.iter_mut() {
            file.stamp = None;
            has_changed |= file.look(shared).await?;
            file.problem = None;
        }
        Ok(has_changed)
    }
}

impl WatchedFile {
    /// Reads a file for the first time.
    pub(crate) fn open(path: PathBuf, content: Content) -> Result<(Self, String), LocalError> {
        let (stamp, text) = read(&path, None)?;
        let file = Self {
            path,
            content,
            stamp: Some(stamp),
            problem: None,
        };
        Ok((file, text.unwrap_or_default()))
    }

    /// The name of the file in notices and errors.
    pub(crate) fn origin(&self) -> String {
        self.path.display().to_string()
    }

    /// Serves the text of this file. Returns true if what the server serves has changed.
    pub(crate) fn serve(&self, text: String, shared: &Shared) -> Result<bool, LocalError> {
        let origin = self.origin();
        match self.content {
            Content::Specs => shared.set_specs(text, &origin),
            Content::IdLists => shared.set_id_lists(&text, &origin),
            Content::Faults => shared.set_faults(&text, &origin),
        }
    }

    /// Reads the file if its stamp has changed. Returns true if what the server serves has changed.
    async fn look(&mut self, shared: &Arc<Shared>) -> Result<bool, LocalError> {
        let (file, shared) = (self.clone(), Arc::clone(shared));
        let look = tokio::task::spawn_blocking(move || {
            let (stamp, text) = read(&file.path, file.stamp)?;
            let Some(text) = text else {
                return Ok((stamp, false));
            };
            Ok((stamp, file.serve(text, &shared)?))
        });
        let looked = look.await.unwrap_or(Err(LocalError::Stopped));
        self.stamp = looked.as_ref().ok().map(|(stamp, _)| *stamp);
        looked.map(|(_, has_changed)| has_changed)
    }
}

/// The file's stamp, and its text unless the stamp is the known one.
///
/// Reads at most one byte more than the largest limit. Parsers refuse a text beyond their limit.
fn read(path: &Path, known: Option<Stamp>) -> Result<(Stamp, Option<String>), LocalError> {
    let read = || {
        // The stamp is taken first, so that the next check detects a change during the read.
        let metadata = fs::metadata(path)?;
        let stamp = (metadata.modified()?, metadata.len());
        if known == Some(stamp) {
            return Ok((stamp, None));
        }
        let mut text = String::new();
        let limit = MAX_SPECS_BYTES.max(MAX_ID_LISTS_BYTES) as u64;
        let mut file = File::open(path)?.take(limit + 1);
        file.read_to_string(&mut text)?;
        Ok((stamp, Some(text)))
    };
    read().map_err(|source| LocalError::Read {
        path: path.to_owned(),
        source,
    })
}
