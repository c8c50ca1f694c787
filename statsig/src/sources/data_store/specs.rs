//! Specs from a data store.

use std::sync::Arc;

use bytes::Bytes;

use super::session::StoreSession;
use super::{DataStoreFeature, RequestPath};
use crate::results::SpecsSource;
use crate::sources::{BackgroundSync, FetchError, SpecsAdapter, SpecsPayload, SpecsRequest};
use crate::transport::BoxFuture;

/// The text that represents a data store instead of an address.
const SOURCE_API: &str = "datastore";

/// The source of specs from a data store.
pub(crate) fn source() -> SpecsSource {
    SpecsSource::Adapter("DataStore".into())
}

/// Reads specs from the data store.
#[derive(Debug)]
pub(crate) struct DataStoreSpecs {
    session: Arc<StoreSession>,
    background: BackgroundSync,
}

impl DataStoreSpecs {
    pub(crate) fn new(session: Arc<StoreSession>) -> Self {
        let store = session.store();
        let is_polled = store.supports_feature(DataStoreFeature::ConfigSpecs)
            && store.support_polling_updates_for(RequestPath::RulesetsV2);
        let background = if is_polled {
            BackgroundSync::Polled
        } else {
            BackgroundSync::None
        };
        Self {
            session,
            background,
        }
    }

    /// The JSON.
    async fn read(&self, request: &SpecsRequest) -> Result<Bytes, FetchError> {
        let store = self.session.store();
        if !store.supports_feature(DataStoreFeature::ConfigSpecs) {
            return Err(FetchError::NothingStored);
        }
        let json = match self.session.read_specs().await {
            Ok(found) => found.ok_or(FetchError::NothingStored),
            Err(error) => Err(error.into()),
        };
        #[cfg(feature = "proto")]
        let json = binary::or_newer(json, &self.session, request.max_bytes).await;
        #[cfg(not(feature = "proto"))]
        let _ = request;
        json
    }
}

/// The form in which other SDKs may write specs.
#[cfg(feature = "proto")]
mod binary {
    use bytes::Bytes;

    use super::super::session::StoreSession;
    use super::super::writes::time_of;
    use crate::sources::FetchError;
    use crate::sources::http::binary;

    /// The specs that an SDK wrote in the binary form, if they are newer and can be read.
    pub(super) async fn or_newer(
        json: Result<Bytes, FetchError>,
        session: &StoreSession,
        max_bytes: usize,
    ) -> Result<Bytes, FetchError> {
        let Some(found) = find(session).await else {
            return json;
        };
        let (otherwise, now_ms) = (json.clone(), session.now_ms());
        // Parsing specs takes long, so it runs outside the async workers.
        tokio::task::spawn_blocking(move || match binary::read(&found, None, max_bytes) {
            Ok((from_binary, _)) => newer(json, from_binary, now_ms),
            Err(problem) => {
                tracing::debug!(target: crate::targets::SYNC, %problem, "the binary specs in the data store cannot be read");
                json
            }
        })
        .await
        .unwrap_or(otherwise)
    }

    async fn find(session: &StoreSession) -> Option<Bytes> {
        let store = session.initialized().await.ok()?;
        let key = session.keys().binary_specs();
        store.get_bytes(&key).await.ok()?.result
    }

    /// The newer specs. A writer of one form leaves the other form unchanged, so either may be
    /// newer. Specs from the future do not count as newer.
    fn newer(
        json: Result<Bytes, FetchError>,
        from_binary: Bytes,
        now_ms: u64,
    ) -> Result<Bytes, FetchError> {
        let is_newest = |json: &Bytes| time_of(json, now_ms) >= time_of(&from_binary, now_ms);
        match json {
            Ok(json) if is_newest(&json) => Ok(json),
            Ok(_) | Err(_) => Ok(from_binary),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn specs(time: u64) -> Bytes {
            format!(r#"{{"has_updates":true,"time":{time}}}"#).into()
        }

        #[test]
        fn the_newer_form_is_taken() {
            let newest = |json, binary| newer(json, binary, 1_790_000_000_000).unwrap();
            assert_eq!(newest(Ok(specs(2)), specs(1)), specs(2));
            let future = 9_000_000_000_000_000;
            assert_eq!(newest(Ok(specs(2)), specs(future)), specs(2));
            assert_eq!(newest(Ok(specs(future)), specs(2)), specs(2));
            assert_eq!(newest(Ok(specs(1)), specs(2)), specs(2));
            assert_eq!(newest(Ok("broken".into()), specs(2)), specs(2));
            assert_eq!(newest(Err(FetchError::NothingStored), specs(2)), specs(2));
        }
    }
}

impl SpecsAdapter for DataStoreSpecs {
    fn source(&self) -> SpecsSource {
        source()
    }

    fn fetch(&self, request: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>> {
        let request = request.clone();
        Box::pin(async move {
            let mut payload = SpecsPayload::new(self.read(&request).await?);
            payload.source_api = Some(SOURCE_API.into());
            Ok(payload)
        })
    }

    fn background_sync(&self) -> BackgroundSync {
        self.background
    }
}
