//! The evaluations behind a typed struct, all with the specs of one moment.

use serde_json::Value;

use super::store::OpenedStore;
use crate::client::layers::allocated_experiment;
use crate::client::reading::{Held, Logging};
use crate::client::view::View;
use crate::evaluation::{Kind, Outcome};
use crate::events::event::ExposureSubject;
use crate::typed::{ParamSchema, ParamSource, ParamsMeta, Schema, Source, SourceKind};
use crate::user::StatsigUser;

/// What a struct reads from.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "an evaluated entity is what nearly all are: boxing it would cost an allocation each"
)]
pub(super) enum Opened {
    Entity(Entity),
    Store(OpenedStore),
    /// Fields have sources of their own: each entity once.
    Bundle {
        entities: Vec<(Source, Opened)>,
        user: StatsigUser,
    },
}

impl Opened {
    pub(super) fn new(view: View<'_>, user: &StatsigUser, schema: &Schema) -> Self {
        if let (Some(source), false) = (schema.source, schema.has_sources_of_fields()) {
            return Self::source(view, user, source, schema);
        }
        let sources = schema.sources().into_iter();
        Self::Bundle {
            entities: sources
                .map(|source| (source, Self::source(view, user, source, schema)))
                .collect(),
            user: user.clone(),
        }
    }

    fn source(view: View<'_>, user: &StatsigUser, source: Source, schema: &Schema) -> Self {
        let kind = match source.kind {
            SourceKind::ParameterStore => {
                return Self::Store(OpenedStore::new(view, user, source, schema));
            }
            SourceKind::Layer => Kind::Layer,
            SourceKind::Experiment => Kind::Experiment,
            SourceKind::DynamicConfig => Kind::DynamicConfig,
            SourceKind::FeatureGate => Kind::Gate,
        };
        Self::Entity(Entity::new(view, user, kind, source.name))
    }

    /// The opened entity that a parameter comes from.
    #[inline]
    fn behind(&self, source: Option<Source>) -> Option<&Self> {
        match self {
            Self::Bundle { entities, .. } => {
                let mut entities = entities.iter();
                let (_, opened) = match source {
                    Some(source) => entities.find(|(known, _)| *known == source),
                    // The struct's own source is the first.
                    None => entities.next(),
                }?;
                Some(opened)
            }
            only => Some(only),
        }
    }
}

impl ParamSource for Opened {
    fn value(&self, param: &ParamSchema, name: &str) -> Option<&Value> {
        match self.behind(param.source)? {
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
        match self.behind(param.source) {
            Some(Self::Entity(entity)) => entity.expose(name, logging),
            Some(Self::Store(store)) => store.expose(name, logging),
            Some(Self::Bundle { .. }) | None => {}
        }
    }

    fn meta(&self, param: Option<&ParamSchema>) -> ParamsMeta {
        let opened = match (self, param) {
            (Self::Bundle { entities, .. }, None) => {
                let reason = entities.first().map(|(_, first)| first.meta(None).reason);
                return ParamsMeta {
                    reason: reason.unwrap_or_default(),
                    ..ParamsMeta::default()
                };
            }
            (_, param) => self.behind(param.and_then(|param| param.source)),
        };
        let name = param.map(|param| param.name);
        match opened {
            Some(Self::Entity(entity)) => entity.meta(name),
            Some(Self::Store(store)) => store.meta(name),
            Some(Self::Bundle { .. }) | None => ParamsMeta::default(),
        }
    }

    fn is_recognized(&self, entity: Source) -> bool {
        match self.behind(Some(entity)) {
            Some(Self::Entity(entity)) => entity.is_recognized(),
            Some(Self::Store(store)) => store.is_recognized(),
            Some(Self::Bundle { .. }) | None => false,
        }
    }

    fn id_type(&self, entity: Source) -> Option<String> {
        match self.behind(Some(entity))? {
            Self::Entity(entity) => Some(entity.held.reading().id_type().as_str().to_owned()),
            Self::Store(_) | Self::Bundle { .. } => None,
        }
    }

    fn lacks_unit(&self, id_type: &str) -> bool {
        let user = match self {
            Self::Entity(entity) => entity.held.user(),
            Self::Store(store) => store.user(),
            Self::Bundle { user, .. } => user,
        };
        let lower = id_type.to_lowercase();
        user.unit_id(lower == "userid", id_type, &lower).is_none()
    }
}

/// A gate, config, experiment or layer, evaluated once.
#[derive(Debug)]
pub(super) struct Entity {
    kind: Kind,
    held: Held,
    /// Of a gate: its value, which is its only parameter.
    passes: Option<Value>,
}

impl Entity {
    fn new(view: View<'_>, user: &StatsigUser, kind: Kind, name: &str) -> Self {
        let held = view.evaluate(kind, name, user, |reading| {
            view.announce(kind, &reading);
            Held::new(view.statsig, &reading)
        });
        Self::held(kind, held)
    }

    pub(super) fn held(kind: Kind, held: Held) -> Self {
        let is_gate = kind == Kind::Gate && is_recognized(&held);
        Self {
            passes: is_gate.then_some(Value::Bool(held.evaluation.value)),
            kind,
            held,
        }
    }

    pub(super) fn passes(&self) -> bool {
        self.held.evaluation.value
    }

    #[inline]
    pub(super) fn value(&self, param: &str) -> Option<&Value> {
        match self.kind {
            Kind::Gate => self.passes.as_ref(),
            _ => self.held.parameter(param),
        }
    }

    /// Logs what a hand-written read would: a parameter of a layer by its name, anything else as a whole.
    pub(super) fn expose(&self, param: &str, logging: Logging) {
        let (statsig, reading) = (&self.held.statsig, self.held.reading());
        match self.kind {
            Kind::Gate => statsig.expose_gate(&reading, logging),
            Kind::DynamicConfig => statsig.expose_dynamic_config(&reading, logging),
            Kind::Experiment => {
                let subject = ExposureSubject::Experiment;
                statsig.core.expose(&reading, subject, logging);
            }
            Kind::Layer => {
                statsig.core.expose_looked_up_only(&reading, logging);
                self.held.expose_layer_parameter(param, logging);
            }
        }
    }

    pub(super) fn is_recognized(&self) -> bool {
        is_recognized(&self.held)
    }

    /// For a parameter of a layer, the rule that supplied it.
    pub(super) fn meta(&self, param: Option<&str>) -> ParamsMeta {
        let reading = self.held.reading();
        let text = |symbol| reading.text(symbol).as_str().to_owned();
        let rule_id = match (self.kind, param) {
            (Kind::Layer, Some(param)) if self.held.parameter(param).is_some() => {
                text(self.held.rule_of(param))
            }
            _ => reading.rule_id().as_str().to_owned(),
        };
        ParamsMeta {
            rule_id: Some(rule_id),
            group_name: reading.evaluation.group_name.map(text),
            allocated_experiment: allocated_experiment(reading.evaluation).map(text),
            reason: reading.details().reason.to_string(),
            fields: Vec::new(),
        }
    }
}

fn is_recognized(held: &Held) -> bool {
    let evaluation = &held.evaluation;
    evaluation.outcome == Outcome::Recognized || evaluation.override_reason.is_some()
}
