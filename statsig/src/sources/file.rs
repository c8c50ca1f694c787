//! Specs from a file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::runtime::Handle;

use super::{BackgroundSync, ChangeSignal, FetchError, SpecsAdapter, SpecsPayload, SpecsRequest};
use crate::files;
use crate::hash::djb2;
use crate::results::SpecsSource;
use crate::transport::{BoxFuture, TransportError};

/// The pause between two checks of the file.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// Specs from a JSON file, read again when it changes.
///
/// The client downloads nothing: another process keeps the file up to date, for example with
/// [`fetch_and_write_to_file`](crate::Statsig::fetch_and_write_to_file). Evaluations report
/// `Adapter(FileBased)` as the source. Once a second the SDK checks whether the file's size or time
/// of modification has changed. If the file is missing or broken, the specs in use stay in use.
///
/// ```
/// use std::sync::Arc;
/// use statsig::sources::FileSpecs;
/// use statsig::StatsigOptions;
///
/// let specs = Arc::new(FileSpecs::new("/etc/shop/statsig.json"));
/// let options = StatsigOptions::builder().specs_adapter(specs).build()?;
/// # let _ = options;
/// # Ok::<(), statsig::OptionsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSpecs {
    path: PathBuf,
}

impl FileSpecs {
    /// An adapter for the file at this path. The SDK first reads it when a client starts.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// An adapter for the file in this directory in which Statsig's SDKs keep the specs of an SDK
    /// key: a hash of the key, then `_specs.json`.
    ///
    /// ```
    /// let file = statsig::sources::FileSpecs::in_directory("/var/cache/shop", "server-local-specs-test");
    /// assert!(file.path().ends_with("3099846163_specs.json"));
    /// ```
    pub fn in_directory(directory: impl AsRef<Path>, sdk_key: &str) -> Self {
        let name = format!("{}_specs.json", djb2(sdk_key));
        Self::new(directory.as_ref().join(name))
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl SpecsAdapter for FileSpecs {
    fn source(&self) -> SpecsSource {
        SpecsSource::Adapter("FileBased".into())
    }

    fn fetch(&self, request: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>> {
        let path = self.path.clone();
        let max_bytes = request.max_bytes;
        Box::pin(async move {
            tokio::task::spawn_blocking(move || read(&path, max_bytes))
                .await
                .unwrap_or(Err(FetchError::Abandoned))
        })
    }

    fn background_sync(&self) -> BackgroundSync {
        BackgroundSync::None
    }

    fn on_start(&self, signal: ChangeSignal) {
        // Clients start within a runtime. Without one, nothing watches the file.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(watch(self.path.clone(), signal));
        }
    }
}

fn read(path: &Path, max_bytes: usize) -> Result<SpecsPayload, FetchError> {
    let json = files::read_at_most(path, max_bytes).map_err(|error| {
        let file = path.display();
        let problem = format!("expected specs in the file {file}, found none ({error})");
        FetchError::other(problem).with_source(error)
    })?;
    let json = json.ok_or(TransportError::TooLarge { limit: max_bytes })?;
    Ok(SpecsPayload::new(json))
}

/// Signals every change of the file, until the client has ended.
async fn watch(path: PathBuf, signal: ChangeSignal) {
    let mut known = version(&path).await;
    loop {
        tokio::time::sleep(WATCH_INTERVAL).await;
        let found = version(&path).await;
        let is_news = found.is_some() && found != known;
        known = found;
        let is_wanted = if is_news {
            signal.notify()
        } else {
            signal.is_wanted()
        };
        if !is_wanted {
            return;
        }
    }
}

async fn version(path: &Path) -> Option<files::Version> {
    let path = path.to_owned();
    let look = move || files::version(&path);
    tokio::task::spawn_blocking(look).await.ok().flatten()
}
