//! One sync of all lists: from the data store, or from an adapter, one file after another.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::manifest::Manifest;
use super::round::{Download, Round};
use super::store::StoredIdLists;
use super::{
    FetchError, IdListsAdapter, IdListsError, IdListsRequest, Limits, MAX_MANIFEST_BYTES, Synced,
};
use crate::clock::Clock;
use crate::specs::id_list::IdLists;
use crate::transport::BoxFuture;

/// The sources of a client's ID lists: the data store, if it keeps them, then the adapter.
#[derive(Debug, Clone)]
pub(crate) struct IdListSource {
    pub(crate) adapter: Arc<dyn IdListsAdapter>,
    pub(crate) store: Option<Arc<StoredIdLists>>,
    pub(crate) is_network_disabled: bool,
    pub(crate) clock: Arc<dyn Clock>,
}

impl IdListSource {
    /// Whether there is a source to ask.
    pub(crate) fn is_usable(&self) -> bool {
        self.store.is_some() || self.may_download()
    }

    fn may_download(&self) -> bool {
        !(self.is_network_disabled && self.adapter.uses_network())
    }

    /// Updates all lists.
    pub(crate) async fn sync(
        &self,
        current: &Arc<IdLists>,
        is_first: bool,
        limits: Limits,
    ) -> Result<Synced, IdListsError> {
        let Some(store) = &self.store else {
            return self.download(current, limits).await;
        };
        let may_download = self.may_download();
        if is_first && may_download {
            return self.first(store, current, limits).await;
        }
        if store.is_polled() || !may_download {
            match store.read(current, limits).await {
                Ok(lists) => return Ok(Synced::read(lists)),
                Err(problem) if !may_download => return Err(problem.into()),
                Err(_) => {}
            }
        }
        self.download_all(current, limits).await
    }

    /// The first sync, for which a caller waits. Reads the store. If the store does not answer for
    /// a while, it also asks the network, and uses the first source that has all lists.
    async fn first(
        &self,
        store: &StoredIdLists,
        current: &Arc<IdLists>,
        limits: Limits,
    ) -> Result<Synced, IdListsError> {
        let mut reading = pin!(store.read(current, limits));
        loop {
            let before = store.values_read();
            match tokio::time::timeout(limits.store_alone, &mut reading).await {
                Ok(Ok(lists)) => return Ok(Synced::read(lists)),
                Ok(Err(_)) => return self.download_all(current, limits).await,
                Err(_) if store.values_read() > before => {}
                Err(_) => break,
            }
        }
        let mut downloading = pin!(self.download_all(current, limits));
        tokio::select! {
            read = &mut reading => match read {
                Ok(lists) => Ok(Synced::read(lists)),
                Err(_) => downloading.await,
            },
            downloaded = &mut downloading => match downloaded {
                Ok(lists) => Ok(lists),
                Err(error) => reading.await.map(Synced::read).map_err(|_| error),
            },
        }
    }

    /// Downloads complete lists.
    async fn download_all(
        &self,
        current: &Arc<IdLists>,
        limits: Limits,
    ) -> Result<Synced, IdListsError> {
        match self.download(current, limits).await {
            // Lists from the store are complete, and so must be the lists of a process that writes
            // it. A malformed entry stays malformed, and must not prevent the use of the other
            // lists.
            Ok(Synced {
                failure: Some(failure),
                ..
            }) if !failure.is_malformed_entry() => Err(failure),
            outcome => outcome,
        }
    }

    async fn download(
        &self,
        current: &Arc<IdLists>,
        limits: Limits,
    ) -> Result<Synced, IdListsError> {
        if !self.may_download() {
            return Err(FetchError::NetworkDisabled.into());
        }
        let request = IdListsRequest {
            limit: limits.request,
            max_bytes: MAX_MANIFEST_BYTES,
        };
        let body = in_time(limits.request, self.adapter.manifest(&request)).await?;
        let manifest = Manifest::parse(&body)?;
        let mut round = Round::begin(current, manifest.clone(), self.clock.now_ms());
        while let Some(download) = round.next_download() {
            let request = download.request(limits);
            match in_time(limits.request, self.adapter.file(&request)).await {
                Ok(body) => round = absorb(round, download, body, limits.max_ids).await?,
                Err(error) => {
                    let is_enough = error.asks_for_fewer_requests();
                    round.fail(&download, error.into());
                    if is_enough {
                        break;
                    }
                }
            }
        }
        let (lists, failure) = round.end();
        Ok(Synced {
            lists,
            failure,
            manifest: Some(manifest),
        })
    }
}

/// Parsing a long file takes long, so it runs outside the async workers.
async fn absorb(
    mut round: Round,
    download: Download,
    body: Bytes,
    max_ids: usize,
) -> Result<Round, IdListsError> {
    let absorbed = tokio::task::spawn_blocking(move || {
        round.absorb(&download, &body, max_ids);
        round
    });
    absorbed.await.map_err(|_| IdListsError::Interrupted)
}

/// Enforces the time limit of a request to an adapter.
async fn in_time<T>(
    limit: Duration,
    answer: BoxFuture<'_, Result<T, FetchError>>,
) -> Result<T, FetchError> {
    tokio::time::timeout(limit, answer)
        .await
        .unwrap_or(Err(FetchError::TimedOut { limit }))
}
