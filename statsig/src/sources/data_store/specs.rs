//! Specs out of a data store.

use std::sync::Arc;

use bytes::Bytes;

use super::session::StoreSession;
use super::{DataStoreError, DataStoreFeature, RequestPath};
use crate::results::SpecsSource;
use crate::sources::{BackgroundSync, FetchError, SpecsAdapter, SpecsPayload, SpecsRequest};
use crate::transport::BoxFuture;

/// What is shown of a data store instead of an address.
const SOURCE_API: &str = "datastore";

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

    async fn read(&self) -> Result<Bytes, FetchError> {
        let does_hold_specs =
            (self.session.store()).supports_feature(DataStoreFeature::ConfigSpecs);
        if !does_hold_specs {
            return Err(FetchError::NothingStored);
        }
        let store = self.session.initialized().await?;
        let key = self.session.keys().specs();
        let found = match store.get_bytes(&key).await {
            Ok(answer) => answer.result,
            Err(DataStoreError::BytesNotImplemented) => {
                store.get(&key).await?.result.map(Bytes::from)
            }
            Err(error) => return Err(error.into()),
        };
        found.ok_or(FetchError::NothingStored)
    }
}

impl SpecsAdapter for DataStoreSpecs {
    fn source(&self) -> SpecsSource {
        SpecsSource::Adapter("DataStore".into())
    }

    fn fetch(&self, _: &SpecsRequest) -> BoxFuture<'_, Result<SpecsPayload, FetchError>> {
        Box::pin(async {
            let mut payload = SpecsPayload::new(self.read().await?);
            payload.source_api = Some(SOURCE_API.into());
            Ok(payload)
        })
    }

    fn background_sync(&self) -> BackgroundSync {
        self.background
    }
}
