//! Opening a parameter store.

use std::sync::Arc;

use super::context::EvaluationContext;
use crate::results::{EvaluationDetails, Reason};
use crate::specs::compiled::ParamStore;
use crate::text::SharedStr;
use crate::user::StatsigUser;

/// A parameter store for one user.
#[derive(Debug)]
pub struct OpenedStore {
    /// The requested name.
    pub name: SharedStr,
    /// The reason for the store's content.
    pub details: EvaluationDetails,
    /// The store's parameters. `None` if the specs do not know the name.
    pub store: Option<Arc<ParamStore>>,
}

/// Looks up a parameter store. An override wins over the specs.
#[must_use]
#[inline]
pub fn open_store(context: &EvaluationContext<'_>, user: &StatsigUser, name: &str) -> OpenedStore {
    let snapshot = context.snapshot;
    let found = snapshot.specs.param_stores.get_key_value(name);
    let forced = context
        .overrides
        .and_then(|overrides| overrides.parameter_store(user, name));
    let name = found.map_or_else(|| name.into(), |(name, _)| name.clone());
    if let Some(parameters) = forced {
        return OpenedStore {
            name,
            details: snapshot.details(Reason::Overridden("LocalOverride")),
            store: Some(Arc::new(ParamStore::of_values(&parameters))),
        };
    }
    let store = found.map(|(_, store)| Arc::clone(store));
    OpenedStore {
        name,
        details: snapshot.details_of_name(store.is_some()),
        store,
    }
}
