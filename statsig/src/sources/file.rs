//! Specs from a file.

use std::path::{Path, PathBuf};

use super::{FetchError, SpecsAdapter, SpecsPayload, SpecsRequest};
use crate::files;
use crate::results::SpecsSource;
use crate::transport::{BoxFuture, TransportError};

/// Specs from a JSON file, read again at every sync interval.
///
/// Nothing is downloaded: some other process keeps the file up to date, or nobody does. Evaluations say `Adapter(FileBased)`
/// as the source. A file that is missing or broken leaves the specs in use as they are.
///
/// ```
/// use std::sync::Arc;
/// use statsig::{FileSpecs, StatsigOptions};
///
/// let specs = Arc::new(FileSpecs::new("/etc/shop/statsig.json"));
/// let options = StatsigOptions::builder().specs_adapter(specs).build()?;
/// # let _ = options;
/// # Ok::<(), statsig::OptionsError>(())
/// ```
#[derive(Debug)]
pub struct FileSpecs {
    path: PathBuf,
}

impl FileSpecs {
    /// An adapter for the file at this path. It is first read when a client starts.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
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
}

fn read(path: &Path, max_bytes: usize) -> Result<SpecsPayload, FetchError> {
    let json = files::read_at_most(path, max_bytes).map_err(|error| FetchError::Other {
        problem: format!(
            "expected specs in the file {}, found none ({error})",
            path.display()
        ),
    })?;
    let json = json.ok_or(TransportError::TooLarge { limit: max_bytes })?;
    Ok(SpecsPayload::new(json))
}
