//! Parameter stores.

use serde_json::Value;

/// A parameter store: parameters that are fixed, or come from another entity.
///
/// ```
/// use statsig_core::authoring::Specs;
///
/// let specs = Specs::new()
///     .gate("dark_mode", |g| g.everyone().pass(10))
///     .layer("promo", |l| l.default("title", "Welcome"))
///     .store("theme", |s| {
///         s.fixed("font", "serif")
///             .by_gate("background", "dark_mode", "black", "white")
///             .from_layer("headline", "promo", "title")
///     });
/// # assert!(specs.problems().is_empty());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[must_use = "a store does nothing until specs have it"]
pub struct ParameterStore {
    /// The name.
    pub name: String,
    /// The parameters, in the order in which they were added.
    pub parameters: Vec<StoreParameter>,
    /// The apps whose clients may see the store. `None`: every app.
    pub target_apps: Option<Vec<String>>,
}

/// A parameter of a store.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StoreParameter {
    /// The name.
    pub name: String,
    /// Where its value comes from.
    pub target: StoreTarget,
}

/// Where the value of a store's parameter comes from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum StoreTarget {
    /// Always this value.
    Fixed(Value),
    /// One of two values.
    Gate {
        /// The gate that decides.
        gate: String,
        /// The value for users who pass.
        pass: Value,
        /// The value for the others.
        fail: Value,
    },
    /// A parameter of a dynamic config.
    DynamicConfig {
        /// The dynamic config.
        config: String,
        /// Its parameter.
        parameter: String,
    },
    /// A parameter of an experiment.
    Experiment {
        /// The experiment.
        experiment: String,
        /// Its parameter.
        parameter: String,
    },
    /// A parameter of a layer.
    Layer {
        /// The layer.
        layer: String,
        /// Its parameter.
        parameter: String,
    },
}

impl ParameterStore {
    pub(super) fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            parameters: Vec::new(),
            target_apps: None,
        }
    }

    fn parameter(mut self, name: impl Into<String>, target: StoreTarget) -> Self {
        let name = name.into();
        self.parameters.push(StoreParameter { name, target });
        self
    }

    /// A parameter with a fixed value.
    pub fn fixed(self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.parameter(name, StoreTarget::Fixed(value.into()))
    }

    /// A parameter with one value for users who pass a gate, and another for the others.
    pub fn by_gate(
        self,
        name: impl Into<String>,
        gate: impl Into<String>,
        pass: impl Into<Value>,
        fail: impl Into<Value>,
    ) -> Self {
        let target = StoreTarget::Gate {
            gate: gate.into(),
            pass: pass.into(),
            fail: fail.into(),
        };
        self.parameter(name, target)
    }

    /// A parameter that takes the value of a dynamic config's parameter.
    pub fn from_config(
        self,
        name: impl Into<String>,
        config: impl Into<String>,
        parameter: impl Into<String>,
    ) -> Self {
        let target = StoreTarget::DynamicConfig {
            config: config.into(),
            parameter: parameter.into(),
        };
        self.parameter(name, target)
    }

    /// A parameter that takes the value of an experiment's parameter.
    pub fn from_experiment(
        self,
        name: impl Into<String>,
        experiment: impl Into<String>,
        parameter: impl Into<String>,
    ) -> Self {
        let target = StoreTarget::Experiment {
            experiment: experiment.into(),
            parameter: parameter.into(),
        };
        self.parameter(name, target)
    }

    /// A parameter that takes the value of a layer's parameter.
    pub fn from_layer(
        self,
        name: impl Into<String>,
        layer: impl Into<String>,
        parameter: impl Into<String>,
    ) -> Self {
        let target = StoreTarget::Layer {
            layer: layer.into(),
            parameter: parameter.into(),
        };
        self.parameter(name, target)
    }

    /// Only clients of these apps see the store.
    pub fn target_apps<A: Into<String>>(mut self, apps: impl IntoIterator<Item = A>) -> Self {
        self.target_apps = Some(apps.into_iter().map(Into::into).collect());
        self
    }
}
