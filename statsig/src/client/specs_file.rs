//! Downloads specs to a file, for processes that read them from it.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::Statsig;
use crate::cause::Cause;
use crate::error::StatsigError;
use crate::files;
use crate::options::DEFAULT_SPECS_URL;
use crate::shared::Shared;
use crate::sources::http::HttpSpecs;
use crate::sources::{FetchError, FileSpecs, SpecsAdapter, SpecsRequest};
use crate::specs::compiled::origins::Origins;
use crate::specs::order::ordering_time;
use crate::specs::parse::parse;
use crate::text::SharedStr;
use crate::transport::service::Service;

/// The fields of specs that a request for newer specs contains.
#[derive(Debug, Default)]
struct Known {
    time: u64,
    checksum: Option<SharedStr>,
}

impl Statsig {
    /// Downloads the specs with one request and replaces the file that [`FileSpecs::in_directory`]
    /// reads, unless it is up to date. Returns true when it replaced the file.
    ///
    /// The client need not be initialised, and its own specs do not change. It creates the
    /// directory if it does not exist. A reader always finds a complete file, the old or the new
    /// one.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// use statsig::sources::FileSpecs;
    /// use statsig::{Statsig, StatsigOptions};
    ///
    /// // In a job that may use the network:
    /// Statsig::new("secret-key", None).fetch_and_write_to_file("/var/cache/shop").await?;
    ///
    /// // In a service that need not:
    /// let specs = FileSpecs::in_directory("/var/cache/shop", "secret-key");
    /// let options = StatsigOptions::builder().specs_adapter(std::sync::Arc::new(specs)).build()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`StatsigError::SyncFailed`] when the download fails or the file cannot be written. The file
    /// then does not change.
    pub async fn fetch_and_write_to_file(
        &self,
        directory: impl AsRef<Path>,
    ) -> Result<bool, StatsigError> {
        let shared = &self.inner.shared;
        let file = FileSpecs::in_directory(directory, shared.identity.key.expose());
        update(shared, &file)
            .await
            .map_err(|source| StatsigError::SyncFailed { source })
    }
}

async fn update(shared: &Shared, file: &FileSpecs) -> Result<bool, Cause> {
    let options = &shared.options;
    let mut request = SpecsRequest {
        since_time: 0,
        checksum: None,
        limit: options.specs_request_timeout,
        max_bytes: options.max_specs_bytes,
        is_background: false,
    };
    if options.disable_network {
        return Err(Cause::new(FetchError::NetworkDisabled));
    }
    // A missing or broken file must be replaced.
    if let Ok(payload) = file.fetch(&request).await {
        let known = off_thread(move || known(&payload.body)).await?;
        request.since_time = ordering_time(known.time, shared.clock.now_ms());
        request.checksum = known.checksum;
    }
    let service = Service {
        transport: shared.options.make_transport(),
        clock: Arc::clone(&shared.clock),
        identity: shared.identity.clone(),
    };
    let download = async |url: &str| {
        let specs = HttpSpecs::new(service.clone(), url);
        let payload = specs.fetch(&request).await.map_err(Cause::new)?;
        off_thread(move || full_specs(payload.body)).await?
    };
    let mut specs = download(&options.specs_url).await;
    if specs.is_err() && options.fallback_to_statsig_api && &*options.specs_url != DEFAULT_SPECS_URL
    {
        specs = download(DEFAULT_SPECS_URL).await;
    }
    let Some(json) = specs? else {
        return Ok(false);
    };
    let path = file.path().to_owned();
    off_thread(move || {
        let directory = path.parent().unwrap_or(Path::new(""));
        files::sweep_beside(&path);
        files::create_directory(directory)
            .and_then(|()| files::replace(&path, |file| file.write_all(&json)))
            .map_err(|error| {
                let text = format!("expected to write {}, found {error}", path.display());
                Cause::saying(&text, error)
            })
    })
    .await??;
    Ok(true)
}

fn known(json: &[u8]) -> Known {
    match parse(json, &Origins::default(), &mut Vec::new()) {
        Ok(Some(payload)) => Known {
            time: payload.time,
            checksum: payload.checksum.as_deref().map(SharedStr::from),
        },
        Ok(None) | Err(_) => Known::default(),
    }
}

/// The specs as received, or `None` when there is nothing new.
fn full_specs(json: Bytes) -> Result<Option<Bytes>, Cause> {
    let is_full = parse(&json, &Origins::default(), &mut Vec::new())
        .map_err(Cause::new)?
        .is_some();
    Ok(is_full.then_some(json))
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Cause> {
    tokio::task::spawn_blocking(work).await.map_err(Cause::new)
}
