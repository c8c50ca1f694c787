//! The evaluations behind a typed struct, all with the specs of one moment.

use serde_json::Value;

use statsig_core::entity_kind::EntityKind;

use super::entity::Entity;
use super::store::OpenedStore;
use crate::client::TypedEvaluationOptions;
use crate::client::exposure::Logging;
use crate::client::view::View;
use crate::typed::{DecidedBy, ParamSchema, ParamSource, Schema, ServedParams};
use crate::user::StatsigUser;

/// The source of a struct.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "an evaluated entity is what nearly all are: boxing it would cost an allocation each"
)]
pub(super) enum Opened {
    Entity(Entity),
    Store(OpenedStore),
    /// Fields have their own sources; each entity occurs once.
    Bundle {
        entities: Vec<(ParamSource, Opened)>,
        user: StatsigUser,
    },
}

impl Opened {
    pub(super) fn new(
        view: View<'_>,
        user: &StatsigUser,
        schema: &Schema,
        options: &TypedEvaluationOptions,
    ) -> Self {
        if let (Some(source), false) = (schema.source, schema.has_sources_of_fields()) {
            return Self::source(view, user, source, schema, options);
        }
        let sources = schema.sources().into_iter();
        Self::Bundle {
            entities: sources
                .map(|source| (source, Self::source(view, user, source, schema, options)))
                .collect(),
            user: user.clone(),
        }
    }

    fn source(
        view: View<'_>,
        user: &StatsigUser,
        source: ParamSource,
        schema: &Schema,
        options: &TypedEvaluationOptions,
    ) -> Self {
        match source.kind {
            EntityKind::ParameterStore => Self::Store(OpenedStore::new(view, user, source, schema)),
            kind => Self::Entity(Entity::new(view, user, kind, source.name, options)),
        }
    }

    /// The opened entity that a parameter comes from.
    #[inline]
    fn opened_for(&self, source: Option<ParamSource>) -> Option<&Self> {
        match self {
            Self::Bundle { entities, .. } => {
                let mut entities = entities.iter();
                let (_, opened) = match source {
                    Some(source) => entities.find(|(known, _)| *known == source),
                    // The struct's own source comes first.
                    None => entities.next(),
                }?;
                Some(opened)
            }
            only => Some(only),
        }
    }
}

impl ServedParams for Opened {
    fn value(&self, param: &ParamSchema, name: &str) -> Option<&Value> {
        match self.opened_for(param.source)? {
            Self::Entity(entity) => entity.value(name),
            Self::Store(store) => store.value(name),
            Self::Bundle { .. } => None,
        }
    }

    fn expose(&self, param: &ParamSchema, name: &str, manual: bool) {
        let logging = if manual {
            Logging::Manual
        } else {
            Logging::Automatic
        };
        match self.opened_for(param.source) {
            Some(Self::Entity(entity)) => entity.expose(name, logging),
            Some(Self::Store(store)) => store.expose(name, logging),
            Some(Self::Bundle { .. }) | None => {}
        }
    }

    fn decided_by(&self, param: Option<&ParamSchema>) -> DecidedBy {
        let opened = match (self, param) {
            (Self::Bundle { entities, .. }, None) => {
                let reason = entities
                    .first()
                    .map(|(_, first)| first.decided_by(None).reason);
                return DecidedBy {
                    reason: reason.unwrap_or_default(),
                    ..DecidedBy::default()
                };
            }
            (_, param) => self.opened_for(param.and_then(|param| param.source)),
        };
        let name = param.map(|param| param.name);
        match opened {
            Some(Self::Entity(entity)) => entity.decided_by(name),
            Some(Self::Store(store)) => store.decided_by(name),
            Some(Self::Bundle { .. }) | None => DecidedBy::default(),
        }
    }

    fn is_recognized(&self, entity: ParamSource) -> bool {
        match self.opened_for(Some(entity)) {
            Some(Self::Entity(entity)) => entity.is_recognized(),
            Some(Self::Store(store)) => store.is_recognized(),
            Some(Self::Bundle { .. }) | None => false,
        }
    }

    fn id_type(&self, entity: ParamSource) -> Option<String> {
        match self.opened_for(Some(entity))? {
            Self::Entity(entity) => Some(entity.id_type()),
            Self::Store(_) | Self::Bundle { .. } => None,
        }
    }

    fn lacks_unit(&self, id_type: &str) -> bool {
        let user = match self {
            Self::Entity(entity) => entity.user(),
            Self::Store(store) => store.user(),
            Self::Bundle { user, .. } => user,
        };
        let lower = id_type.to_lowercase();
        user.unit_id(lower == "userid", id_type, &lower).is_none()
    }
}
