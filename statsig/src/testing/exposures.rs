//! Finds the exposed fields of a parameter struct in recorded events.

use std::fmt;
use std::marker::PhantomData;

use serde_json::Value;

use super::exposed::Exposed;
use crate::client::Statsig;
use crate::specs::compiled::ParameterTarget;
use crate::typed::{ParamSchema, ParamSource, StatsigParams};
use statsig_core::entity_kind::EntityKind;

/// The exposures of one parameter struct among recorded events.
///
/// Made by [`exposures_of`].
#[derive(Clone, PartialEq, Eq)]
pub struct Exposures<P> {
    /// The fields of each exposure, in the order of the events.
    fields: Vec<Vec<&'static str>>,
    params: PhantomData<fn() -> P>,
}

/// Finds the exposures of a struct among events, as
/// [`OfflineClient::take_events`](super::OfflineClient::take_events) and
/// [`ScriptedTransport::events`](super::ScriptedTransport::events) return them. It looks up the
/// targets of a store's parameters in the client's specs.
///
/// ```
/// use statsig::testing::{OfflineClient, Specs, exposures_of};
/// # #[cfg(feature = "macros")] {
/// use statsig::{StatsigParams, StatsigUser};
///
/// #[derive(Debug, StatsigParams)]
/// #[statsig(layer = "promos", expose = "read")]
/// struct Promo {
///     #[statsig(default = "Welcome")]
///     title: String,
///     #[statsig(default = 0.1)]
///     discount: f64,
/// }
///
/// let specs = Specs::new().layer("promos", |l| {
///     l.default("title", "Hello").default("discount", 0.2)
/// });
/// let statsig = OfflineClient::new(specs, None)?;
/// let promo = statsig.get_typed::<Promo>(StatsigUser::with_user_id("u-1"));
/// assert_eq!(promo.title(), "Hello");
///
/// exposures_of::<Promo>(&statsig, &statsig.take_events()).assert_fields(["title"]);
/// # }
/// # Ok::<(), statsig::sources::SpecsError>(())
/// ```
#[must_use]
pub fn exposures_of<P: StatsigParams>(statsig: &Statsig, events: &[Value]) -> Exposures<P> {
    let covered = |event: &Value| {
        let params = P::SCHEMA.params.iter();
        let fields = params.filter(|param| {
            let source = P::SCHEMA.source_of(param);
            source.is_some_and(|source| is_exposure(statsig, source, param, event))
        });
        fields.map(|param| param.field).collect::<Vec<_>>()
    };
    Exposures {
        fields: events
            .iter()
            .map(covered)
            .filter(|fields| !fields.is_empty())
            .collect(),
        params: PhantomData,
    }
}

impl<P: StatsigParams> Exposures<P> {
    /// The fields of each exposure, by their names in Rust, in the order of the events. A layer
    /// exposes each field separately. An experiment, config or gate exposes all of its fields
    /// together.
    #[must_use]
    pub fn fields(&self) -> &[Vec<&'static str>] {
        &self.fields
    }

    /// How often a field was exposed.
    #[must_use]
    pub fn count(&self, field: &str) -> usize {
        let covering = self.fields.iter().filter(|fields| fields.contains(&field));
        covering.count()
    }

    /// Asserts that exactly these fields were exposed, each once, in any order.
    ///
    /// # Panics
    /// If other fields were exposed, or one of these was not, or more than once. The message lists
    /// the exposed fields.
    #[track_caller]
    pub fn assert_fields<'a>(&self, fields: impl IntoIterator<Item = &'a str>) {
        let mut expected: Vec<_> = fields.into_iter().collect();
        let mut found = self.fields.concat();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(
            expected,
            found,
            "expected exposures of these fields of {} (left), found others (right)",
            P::SCHEMA.struct_name
        );
    }

    /// Asserts that no field was exposed.
    ///
    /// # Panics
    /// If a field was exposed. The message lists the exposed fields.
    #[track_caller]
    pub fn assert_none(&self) {
        self.assert_fields([]);
    }
}

impl<P: StatsigParams> fmt::Debug for Exposures<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exposures")
            .field("struct_name", &P::SCHEMA.struct_name)
            .field("fields", &self.fields)
            .finish()
    }
}

/// Whether an event exposes a parameter of this source.
fn is_exposure(statsig: &Statsig, source: ParamSource, param: &ParamSchema, event: &Value) -> bool {
    let Some(exposed) = Exposed::by(event) else {
        return false;
    };
    let is_parameter = |layer, parameter| exposed == Exposed::Parameter { layer, parameter };
    let mut names = param.names();
    match source.kind {
        EntityKind::Layer => names.any(|name| is_parameter(source.name, name)),
        EntityKind::Experiment | EntityKind::DynamicConfig => {
            exposed == Exposed::Config(source.name)
        }
        EntityKind::Gate => exposed == Exposed::Gate(source.name),
        EntityKind::ParameterStore => {
            let snapshot = statsig.shared_state().published.load();
            let store = snapshot.specs.param_stores.get(source.name);
            let parameter =
                store.and_then(|store| names.find_map(|name| store.parameters.get(name)));
            match parameter.map(|parameter| &parameter.target) {
                None | Some(ParameterTarget::Static(_)) => false,
                Some(ParameterTarget::Gate { name, .. }) => exposed == Exposed::Gate(name),
                Some(ParameterTarget::Parameter {
                    kind,
                    name,
                    parameter,
                }) => match kind {
                    EntityKind::Layer => is_parameter(name, parameter),
                    _ => exposed == Exposed::Config(name),
                },
            }
        }
    }
}
