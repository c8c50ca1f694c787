//! Experiments.

use serde_json::Value;

use super::condition::Condition;
use super::entity::{Entity, WithDefaults};
use super::rule::{Values, set};

/// An experiment, alone or in a layer.
///
/// Its rules, if it has any, come before the groups.
///
/// ```
/// use statsig_core::authoring::{Specs, country};
///
/// let specs = Specs::new().experiment("title_test", |e| {
///     e.default("title", "Welcome")
///         .allocation(50) // the other half gets the default
///         .target(country().any(["DE", "AT"]))
///         .override_ids("Deep cut", ["a-tester"])
///         .group("Control", |g| g.size(80))
///         .group("Deep cut", |g| g.size(20).value("title", "Everything must go"))
/// });
/// # assert!(specs.problems().is_empty());
/// ```
pub type Experiment = Entity<AsExperiment>;

/// What only an experiment has.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AsExperiment {
    /// The values for users in no group. In a layer, the layer's defaults are used where these
    /// lack a parameter.
    pub defaults: Values,
    /// The layer, if it is in one.
    pub layer: Option<String>,
    /// The share of all users, or of those of the layer, from 0 to 100, who take part.
    pub allocation: f64,
    /// Only users for whom all of these hold take part.
    pub targeting: Vec<Condition>,
    /// Users with a fixed group.
    pub overrides: Vec<GroupOverride>,
    /// The groups.
    pub groups: Vec<Group>,
    /// The parameters that the specs list as the experiment's own. `None`: all that its defaults,
    /// rules and groups have.
    pub explicit_parameters: Option<Vec<String>>,
    /// Whether the experiment runs. Otherwise, it has not started, or has ended with a decision.
    pub is_active: bool,
    /// The group that was chosen for all users when the experiment ended.
    pub launched: Option<String>,
}

/// A group of an experiment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Group {
    /// The name. It is also the ID of the group's rule.
    pub name: String,
    /// The ID of the group's rule. `None`: the name.
    pub id: Option<String>,
    /// The share of the experiment's users, from 0 to 100. Groups without a size share the rest
    /// equally.
    pub size: Option<f64>,
    /// What its users get, on top of the defaults.
    pub value: Option<Value>,
}

/// Users with a fixed group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupOverride {
    /// The IDs, of the experiment's ID type.
    pub ids: Vec<String>,
    /// Their group.
    pub group: String,
}

impl WithDefaults for AsExperiment {
    fn defaults_mut(&mut self) -> &mut Values {
        &mut self.defaults
    }
}

impl Group {
    /// The share of the experiment's users, from 0 to 100.
    #[must_use]
    pub fn size(mut self, percentage: impl Into<f64>) -> Self {
        self.size = Some(percentage.into());
        self
    }

    /// The value of a parameter.
    #[must_use]
    pub fn value(mut self, parameter: impl Into<String>, value: impl Into<Value>) -> Self {
        set(&mut self.value, parameter.into(), value.into());
        self
    }

    /// All parameters with their values, as an object.
    #[must_use]
    pub fn returns(mut self, value: impl Into<Value>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// The ID of the group's rule, if it differs from the name.
    #[must_use]
    pub fn rule_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The ID of the group's rule.
    #[must_use]
    pub fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.name)
    }
}

impl Experiment {
    pub(super) fn named(name: impl Into<String>) -> Self {
        let own = AsExperiment {
            defaults: Values::new(),
            layer: None,
            allocation: 100.0,
            targeting: Vec::new(),
            overrides: Vec::new(),
            groups: Vec::new(),
            explicit_parameters: None,
            is_active: true,
            launched: None,
        };
        Self::new(name, own)
    }

    /// Puts the experiment into this layer. Its parameters must be parameters of the layer.
    pub fn layer(mut self, layer: impl Into<String>) -> Self {
        self.own.layer = Some(layer.into());
        self
    }

    /// The share of users, from 0 to 100, who take part; 100 by default. The allocations of all
    /// experiments of a layer are at most 100 together.
    pub fn allocation(mut self, percentage: impl Into<f64>) -> Self {
        self.own.allocation = percentage.into();
        self
    }

    /// Only users for whom this condition holds take part.
    pub fn target(mut self, condition: Condition) -> Self {
        self.own.targeting.push(condition);
        self
    }

    /// Adds a group.
    pub fn group(mut self, name: impl Into<String>, build: impl FnOnce(Group) -> Group) -> Self {
        self.own.groups.push(build(Group {
            name: name.into(),
            id: None,
            size: None,
            value: None,
        }));
        self
    }

    /// Puts users with these IDs into this group. The ID of their rule is the group's name, the ID
    /// type and `id_override`, separated by colons.
    pub fn override_ids<I: Into<String>>(
        mut self,
        group: impl Into<String>,
        ids: impl IntoIterator<Item = I>,
    ) -> Self {
        self.own.overrides.push(GroupOverride {
            ids: ids.into_iter().map(Into::into).collect(),
            group: group.into(),
        });
        self
    }

    /// Lists only these parameters as the experiment's own. Exposures of other parameters of a
    /// layer do not name the experiment.
    pub fn explicit_parameters<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.own.explicit_parameters = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// The experiment has not started: all users get the defaults, by the rule `prestart`.
    pub fn not_started(mut self) -> Self {
        self.own.is_active = false;
        self
    }

    /// The experiment has ended with this group for all users, by the rule `launchedGroup`.
    pub fn launched(mut self, group: impl Into<String>) -> Self {
        self.own.is_active = false;
        self.own.launched = Some(group.into());
        self
    }
}
