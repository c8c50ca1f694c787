//! A data store in a directory.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use super::{
    DataStore, DataStoreBytesResponse, DataStoreError, DataStoreFeature, DataStoreResponse,
    RequestPath,
};
use crate::files;
use crate::hash::sha256_base64;
use crate::transport::BoxFuture;

/// The limit of a value in bytes. Specs also have their own limit, `max_specs_bytes`.
const MAX_VALUE_BYTES: usize = 256 * 1024 * 1024;
/// The number of characters of a key that its file name shows.
const MAX_READABLE_CHARS: usize = 64;

/// A [`DataStore`] in a directory: one file for each key, replaced as a whole.
///
/// Use it for processes on one machine, or in containers that share a volume. A service that
/// restarts without a network then starts with its last specs. Let one process write, and the
/// others [poll](Self::polled). The store keeps specs and ID lists. Only the owner of the files can
/// read them, so the processes must run as the same user. Use the directory for nothing else.
///
/// ```
/// use std::sync::Arc;
/// use statsig::sources::FileDataStore;
/// use statsig::StatsigOptions;
///
/// let store = Arc::new(FileDataStore::new("/var/cache/shop/statsig"));
/// # let _ = store;
/// ```
#[derive(Debug, Clone)]
pub struct FileDataStore {
    directory: PathBuf,
    is_polled: bool,
    /// Whether the files that killed writers left were removed. Happens before the first write.
    is_swept: Arc<AtomicBool>,
}

impl FileDataStore {
    /// A store in this directory. The first write creates the directory.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            is_polled: false,
            is_swept: Arc::default(),
        }
    }

    /// Whether clients read the store at every sync interval instead of the network. Default:
    /// false.
    #[must_use]
    pub fn polled(mut self, is_polled: bool) -> Self {
        self.is_polled = is_polled;
        self
    }

    /// The file of a key. Its name shows the key except the last part, which may contain the SDK
    /// key.
    fn path(&self, key: &str) -> PathBuf {
        let (shown, _) = key.rsplit_once('|').unwrap_or_default();
        let readable: String = shown
            .chars()
            .take(MAX_READABLE_CHARS)
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let hash = sha256_base64(key).replace('/', "_").replace('+', "-");
        let hash = hash.trim_end_matches('=');
        self.directory.join(format!("{readable}-{hash}"))
    }

    fn read(&self, key: &str) -> BoxFuture<'_, Result<Option<Vec<u8>>, DataStoreError>> {
        let path = self.path(key);
        run_off_thread(move || match files::read_at_most(&path, MAX_VALUE_BYTES) {
            Ok(Some(value)) => Ok(Some(value)),
            Ok(None) => Err(DataStoreError::failed(format!(
                "expected at most {MAX_VALUE_BYTES} bytes in {}, found more",
                path.display()
            ))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", &path, error)),
        })
    }

    fn write(&self, key: &str, value: Bytes) -> BoxFuture<'_, Result<(), DataStoreError>> {
        let path = self.path(key);
        let directory = self.directory.clone();
        let is_swept = self.is_swept.swap(true, Ordering::Relaxed);
        run_off_thread(move || {
            if !is_swept {
                files::sweep(&directory, |_| true);
            }
            files::create_directory(&directory)
                .and_then(|()| files::replace(&path, |file| file.write_all(&value)))
                .map_err(|error| failed("write", &path, error))
        })
    }
}

fn failed(action: &str, path: &Path, error: io::Error) -> DataStoreError {
    let problem = format!("expected to {action} {}, found {error}", path.display());
    DataStoreError::failed(problem).with_source(error)
}

fn run_off_thread<'a, T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DataStoreError> + Send + 'static,
) -> BoxFuture<'a, Result<T, DataStoreError>> {
    Box::pin(async move {
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or_else(|_| Err(DataStoreError::failed("the runtime is shutting down")))
    })
}

impl DataStore for FileDataStore {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<DataStoreResponse, DataStoreError>> {
        Box::pin(async move {
            let text = self.read(key).await?.map(String::from_utf8).transpose();
            text.map(DataStoreResponse::new).map_err(|error| {
                let file = self.path(key);
                let problem = format!("expected text in {}, found other bytes", file.display());
                DataStoreError::failed(problem).with_source(error.utf8_error())
            })
        })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a str,
        _: Option<u64>,
    ) -> BoxFuture<'a, Result<(), DataStoreError>> {
        self.write(key, Bytes::copy_from_slice(value.as_bytes()))
    }

    fn get_bytes<'a>(
        &'a self,
        key: &'a str,
    ) -> BoxFuture<'a, Result<DataStoreBytesResponse, DataStoreError>> {
        Box::pin(async move {
            let value = self.read(key).await?;
            Ok(DataStoreBytesResponse::new(value.map(Bytes::from)))
        })
    }

    fn set_bytes<'a>(
        &'a self,
        key: &'a str,
        value: Bytes,
        _: Option<u64>,
    ) -> BoxFuture<'a, Result<(), DataStoreError>> {
        self.write(key, value)
    }

    fn byte_len<'a>(
        &'a self,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<usize>, DataStoreError>> {
        let path = self.path(key);
        run_off_thread(move || match std::fs::metadata(&path) {
            Ok(found) => Ok(Some(usize::try_from(found.len()).unwrap_or(usize::MAX))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", &path, error)),
        })
    }

    fn support_polling_updates_for(&self, _: RequestPath) -> bool {
        self.is_polled
    }

    fn supports_feature(&self, _: DataStoreFeature) -> bool {
        true
    }

    fn support_polling_updates_for_feature(&self, _: DataStoreFeature) -> Option<bool> {
        Some(self.is_polled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> PathBuf {
        std::env::temp_dir().join(format!("statsig-store-{}", uuid::Uuid::new_v4()))
    }

    #[tokio::test]
    async fn what_is_stored_is_found_by_another_store_in_the_same_directory() {
        let directory = directory();
        let (one, other) = (
            FileDataStore::new(&directory),
            FileDataStore::new(&directory),
        );
        assert_eq!(one.get("a|/key|=").await.unwrap().result, None);
        one.set("a|/key|=", "text", Some(5)).await.unwrap();
        one.set_bytes("a|/key|+", Bytes::from_static(&[0, 255]), None)
            .await
            .unwrap();
        assert_eq!(
            other.get("a|/key|=").await.unwrap().result.as_deref(),
            Some("text")
        );
        let bytes = other.get_bytes("a|/key|+").await.unwrap().result.unwrap();
        assert_eq!(&bytes[..], [0, 255]);
        assert_eq!(other.byte_len("a|/key|=").await.unwrap(), Some(4));
        assert_eq!(other.byte_len("a|/other|=").await.unwrap(), None);
        let error = other.get("a|/key|+").await.unwrap_err();
        assert!(error.to_string().contains("expected text in"), "{error}");
        std::fs::remove_dir_all(&directory).unwrap();
    }

    #[tokio::test]
    async fn a_directory_that_cannot_be_used_is_a_clear_error() {
        let file = directory();
        std::fs::write(&file, "in the way").unwrap();
        let store = FileDataStore::new(file.join("below"));
        let error = store.set("key", "value", None).await.unwrap_err();
        assert!(error.to_string().contains("expected to write"), "{error}");
        std::fs::remove_file(&file).unwrap();
    }
}
