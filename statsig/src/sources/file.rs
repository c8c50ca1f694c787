//! Specs from a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{FetchError, SpecsAdapter, SpecsPayload, SpecsRequest};
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
    let read_capped = || -> io::Result<Vec<u8>> {
        let mut json = Vec::new();
        File::open(path)?
            .take(max_bytes as u64 + 1)
            .read_to_end(&mut json)?;
        Ok(json)
    };
    let json = read_capped().map_err(|error| FetchError::Other {
        problem: format!(
            "expected specs in the file {}, found none ({error})",
            path.display()
        ),
    })?;
    if json.len() > max_bytes {
        return Err(TransportError::TooLarge { limit: max_bytes }.into());
    }
    Ok(SpecsPayload::new(json))
}
