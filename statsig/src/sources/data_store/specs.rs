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
        let does_hold_specs =
            (self.session.store()).supports_feature(DataStoreFeature::ConfigSpecs);
        if !does_hold_specs {
            return Err(FetchError::NothingStored);
        }
        let json = self.session.read_specs().await;
        #[cfg(feature = "proto")]
        let json = self.or_binary(json, request.max_bytes).await;
        #[cfg(not(feature = "proto"))]
        let _ = request;
        json
    }

    /// The specs that an SDK wrote in the binary form, if they are newer and can be read.
    #[cfg(feature = "proto")]
    async fn or_binary(
        &self,
        json: Result<Bytes, FetchError>,
        max_bytes: usize,
    ) -> Result<Bytes, FetchError> {
        let Some(found) = self.find_binary().await else {
            return json;
        };
        let (otherwise, now_ms) = (json.clone(), self.session.now_ms());
        // Parsing specs takes long, so it runs outside the async workers.
        tokio::task::spawn_blocking(move || {
            let from_binary = binary::read(&found, max_bytes);
            binary::newer(json, from_binary, now_ms)
        })
        .await
        .unwrap_or(otherwise)
    }

    #[cfg(feature = "proto")]
    async fn find_binary(&self) -> Option<Bytes> {
        let store = self.session.initialized().await.ok()?;
        let key = self.session.keys().binary_specs();
        store.get_bytes(&key).await.ok()?.result
    }
}

/// The form in which other SDKs may write specs.
#[cfg(feature = "proto")]
mod binary {
    use bytes::Bytes;

    use super::super::kept::time_of;
    use crate::sources::FetchError;
    use crate::sources::http::binary;

    /// The JSON of specs in the binary form, if they can be read.
    pub(super) fn read(found: &Bytes, max_bytes: usize) -> Option<Bytes> {
        match binary::read(found, None, max_bytes) {
            Ok((json, _)) => Some(json),
            Err(problem) => {
                tracing::debug!(target: crate::targets::SYNC, %problem, "the binary specs in the data store cannot be read");
                None
            }
        }
    }

    /// The newer specs. A writer of one form leaves the other form unchanged, so either may be
    /// newer. Specs from the future do not count as newer.
    pub(super) fn newer(
        json: Result<Bytes, FetchError>,
        from_binary: Option<Bytes>,
        now_ms: u64,
    ) -> Result<Bytes, FetchError> {
        match (json, from_binary) {
            (Ok(json), Some(from_binary))
                if time_of(&json, now_ms) >= time_of(&from_binary, now_ms) =>
            {
                Ok(json)
            }
            (_, Some(from_binary)) => Ok(from_binary),
            (json, None) => json,
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
            let none = || Err(FetchError::NothingStored);
            let newest = |json, binary| newer(json, binary, 1_790_000_000_000).ok();
            assert_eq!(newest(Ok(specs(2)), Some(specs(1))), Some(specs(2)));
            let future = 9_000_000_000_000_000;
            assert_eq!(newest(Ok(specs(2)), Some(specs(future))), Some(specs(2)));
            assert_eq!(newest(Ok(specs(future)), Some(specs(2))), Some(specs(2)));
            assert_eq!(newest(Ok(specs(1)), Some(specs(2))), Some(specs(2)));
            assert_eq!(newest(Ok("broken".into()), Some(specs(2))), Some(specs(2)));
            assert_eq!(newest(none(), Some(specs(2))), Some(specs(2)));
            assert_eq!(newest(Ok(specs(1)), None), Some(specs(1)));
            assert_eq!(newest(none(), None), None);
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
