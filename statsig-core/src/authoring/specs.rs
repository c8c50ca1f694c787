//! A whole project.

use std::collections::BTreeMap;

use serde_json::Value;

use super::entity::{AsConfig, DynamicConfig, Gate, GateKind};
use super::experiment::Experiment;
use super::layer::{AsLayer, Layer};
use super::store::ParameterStore;

/// The gates, dynamic configs, experiments, layers and parameter stores of a project.
///
/// ```
/// use statsig_core::authoring::{Specs, country, custom, passes_gate};
///
/// let specs = Specs::new()
///     .gate("free_shipping", |g| {
///         g.rule("premium").when(custom("plan").any(["gold"]))
///             .rule("half").everyone().pass(50)
///     })
///     .config("limits", |c| {
///         c.default("items", 10)
///             .rule("large").when(passes_gate("free_shipping")).value("items", 100)
///     })
///     .layer("promo", |l| l.default("title", "Welcome"))
///     .experiment("title_test", |e| {
///         e.layer("promo")
///             .target(country().any(["DE"]))
///             .group("Control", |g| g.size(50))
///             .group("Deep cut", |g| g.size(50).value("title", "Everything must go"))
///     })
///     .store("theme", |s| s.fixed("color", "red").from_layer("title", "promo", "title"));
/// assert!(specs.problems().is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
#[must_use = "specs do nothing until a client or a network gets them"]
pub struct Specs {
    /// Gates, segments and holdouts.
    pub gates: Vec<Gate>,
    /// Dynamic configs.
    pub configs: Vec<DynamicConfig>,
    /// Experiments.
    pub experiments: Vec<Experiment>,
    /// Layers.
    pub layers: Vec<Layer>,
    /// Parameter stores.
    pub stores: Vec<ParameterStore>,
    /// The unit IDs in each ID list. The service serves them apart from the specs.
    pub id_lists: BTreeMap<String, Vec<String>>,
    /// The time of the specs, in epoch milliseconds. `None`:
    /// [`DEFAULT_TIME_MS`](Self::DEFAULT_TIME_MS).
    pub time_ms: Option<u64>,
    /// The identity of the specs.
    pub checksum: Option<String>,
    /// The tier of clients that set none.
    pub default_environment: Option<String>,
    /// The app that the specs are for.
    pub app_id: Option<String>,
    /// Settings that the service sends to the SDK, such as `sampling_mode`.
    pub sdk_configs: BTreeMap<String, Value>,
    /// Whether the specs are written even if the service would not accept the project.
    pub is_unchecked: bool,
}

impl Specs {
    /// The time of specs without one: 2025-06-15, 15:06:40 UTC, in epoch milliseconds.
    pub const DEFAULT_TIME_MS: u64 = 1_750_000_000_000;

    /// A project without entities.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a gate. Without a rule, every user fails it.
    pub fn gate(mut self, name: impl Into<String>, build: impl FnOnce(Gate) -> Gate) -> Self {
        self.gates.push(build(Gate::of(name, GateKind::Gate)));
        self
    }

    /// Adds a segment, for the conditions [`in_segment`](super::in_segment) and
    /// [`not_in_segment`](super::not_in_segment). Its name has no `segment:`.
    pub fn segment(mut self, name: impl Into<String>, build: impl FnOnce(Gate) -> Gate) -> Self {
        self.gates.push(build(Gate::of(name, GateKind::Segment)));
        self
    }

    /// Adds a holdout, for [`holdout`](super::Entity::holdout).
    pub fn holdout(mut self, name: impl Into<String>, build: impl FnOnce(Gate) -> Gate) -> Self {
        self.gates.push(build(Gate::of(name, GateKind::Holdout)));
        self
    }

    /// Adds a dynamic config.
    pub fn config(
        mut self,
        name: impl Into<String>,
        build: impl FnOnce(DynamicConfig) -> DynamicConfig,
    ) -> Self {
        let config = DynamicConfig::new(name, AsConfig::default());
        self.configs.push(build(config));
        self
    }

    /// Adds an experiment.
    pub fn experiment(
        mut self,
        name: impl Into<String>,
        build: impl FnOnce(Experiment) -> Experiment,
    ) -> Self {
        self.experiments.push(build(Experiment::named(name)));
        self
    }

    /// Adds a layer.
    pub fn layer(mut self, name: impl Into<String>, build: impl FnOnce(Layer) -> Layer) -> Self {
        self.layers
            .push(build(Layer::new(name, AsLayer::default())));
        self
    }

    /// Adds a parameter store.
    pub fn store(
        mut self,
        name: impl Into<String>,
        build: impl FnOnce(ParameterStore) -> ParameterStore,
    ) -> Self {
        self.stores.push(build(ParameterStore::named(name)));
        self
    }

    /// Adds an ID list with these unit IDs, or replaces it.
    pub fn id_list<I: Into<String>>(
        mut self,
        name: impl Into<String>,
        ids: impl IntoIterator<Item = I>,
    ) -> Self {
        let ids = ids.into_iter().map(Into::into).collect();
        self.id_lists.insert(name.into(), ids);
        self
    }

    /// Sets the time of the specs, in epoch milliseconds. A client never goes back to older specs.
    pub fn time(mut self, epoch_ms: u64) -> Self {
        self.time_ms = Some(epoch_ms);
        self
    }

    /// Sets the identity of the specs. A client ignores specs with the identity of those in use.
    pub fn checksum(mut self, checksum: impl Into<String>) -> Self {
        self.checksum = Some(checksum.into());
        self
    }

    /// Sets the tier of clients that set none.
    pub fn default_environment(mut self, tier: impl Into<String>) -> Self {
        self.default_environment = Some(tier.into());
        self
    }

    /// Sets the app that the specs are for.
    pub fn app_id(mut self, app: impl Into<String>) -> Self {
        self.app_id = Some(app.into());
        self
    }

    /// Sets a setting that the service sends to the SDK.
    pub fn sdk_config(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.sdk_configs.insert(name.into(), value.into());
        self
    }

    /// Writes the specs even if the service would not accept the project: for tests of code that
    /// meets such specs.
    pub fn unchecked(mut self) -> Self {
        self.is_unchecked = true;
        self
    }

    pub(super) fn experiments_in<'a>(
        &'a self,
        layer: &Layer,
    ) -> impl Iterator<Item = &'a Experiment> {
        let experiments = self.experiments.iter();
        experiments.filter(|experiment| experiment.own.layer.as_ref() == Some(&layer.name))
    }
}
