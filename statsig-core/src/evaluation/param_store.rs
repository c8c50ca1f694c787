//! Opening a parameter store.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::context::EvaluationContext;
use super::forced::REQUEST_OVERRIDE;
use crate::entity_kind::EntityKind;
use crate::request_overrides::ForcedValue;
use crate::results::{EvaluationDetails, Reason};
use crate::specs::compiled::{ParamStore, Parameter};
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

/// Like [`open_store`], but without the overrides of the request.
#[must_use]
#[inline]
pub fn open_unforced_store(
    context: &EvaluationContext<'_>,
    user: &StatsigUser,
    name: &str,
) -> OpenedStore {
    let snapshot = context.snapshot;
    let found = snapshot.specs.param_stores.get_key_value(name);
    let overrides = context.overrides;
    let forced = overrides.and_then(|overrides| overrides.parameter_store(user, name));
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

/// Looks up a parameter store. An override wins over the specs, and one of the request over all
/// others.
#[must_use]
pub fn open_store(context: &EvaluationContext<'_>, user: &StatsigUser, name: &str) -> OpenedStore {
    let opened = open_unforced_store(context, user, name);
    let forced = context
        .forced
        .and_then(|overrides| overrides.find(EntityKind::ParameterStore, &opened.name));
    let Some(ForcedValue::Parameters(forced)) = forced else {
        return opened;
    };
    let mut parameters = match opened.store {
        Some(store) => store.parameters.clone(),
        None => BTreeMap::new(),
    };
    let constant = |(name, value): (&String, _)| (name.as_str().into(), Parameter::constant(value));
    parameters.extend(forced.iter().map(constant));
    OpenedStore {
        name: opened.name,
        details: (context.snapshot).details(Reason::Overridden(REQUEST_OVERRIDE)),
        store: Some(Arc::new(ParamStore {
            parameters,
            target_app_ids: None,
        })),
    }
}
