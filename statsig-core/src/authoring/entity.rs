//! What gates, dynamic configs, experiments and layers have in common; gates and dynamic configs.

use serde_json::Value;

use super::condition::{Condition, everyone};
use super::rule::{Rule, Values, set};

/// A gate, dynamic config, experiment or layer. `T` is what only this kind has.
///
/// Methods such as [`when`](Self::when) and [`pass`](Self::pass) belong to the last
/// [`rule`](Self::rule). Without one, they begin a rule: `everyone` begins the rule `everyone`, and
/// the others begin the rule `rule`.
///
/// ```
/// use statsig_core::authoring::{Specs, country, custom};
///
/// let specs = Specs::new()
///     .gate("free_shipping", |g| {
///         g.id_type("companyID")
///             .rule("gold").when(custom("plan").any(["gold"]))
///             .rule("a third of France").when(country().any(["FR"])).pass(33)
///     })
///     .config("limits", |c| {
///         c.default("items", 10)
///             .rule("large").when(custom("seats").gt(50)).value("items", 100)
///     });
/// # assert!(specs.problems().is_empty());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[must_use = "an entity does nothing until specs have it"]
pub struct Entity<T> {
    /// The name.
    pub name: String,
    /// The ID type by which shares are drawn. `userID` by default.
    pub id_type: String,
    /// The salt of all shares. `None`: the name.
    pub salt: Option<String>,
    /// Whether the entity is enabled. It only decides whether a user without a rule gets the rule
    /// ID `default` or `disabled`.
    pub is_enabled: bool,
    /// The version, for evaluation details.
    pub version: Option<u32>,
    /// The apps whose clients may see the entity. `None`: every app.
    pub target_apps: Option<Vec<String>>,
    /// Whether exposures are never sampled.
    pub forwards_all_exposures: bool,
    /// Users who pass one of these holdouts get the default value.
    pub holdouts: Vec<String>,
    /// The rules, in order: the first that applies decides.
    pub rules: Vec<Rule>,
    /// What only this kind of entity has.
    pub own: T,
}

/// A gate, segment or holdout.
pub type Gate = Entity<AsGate>;

/// A dynamic config.
pub type DynamicConfig = Entity<AsConfig>;

/// What only a gate has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AsGate {
    /// What the gate is for.
    pub kind: GateKind,
    /// Whether users pass if no rule applies to them.
    pub passes_by_default: bool,
}

/// What a gate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GateKind {
    /// A feature gate.
    Gate,
    /// A segment: a named set of users, for conditions.
    Segment,
    /// A holdout: users who get the default values of the entities that name it.
    Holdout,
}

/// What only a dynamic config has.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct AsConfig {
    /// What users get if no rule applies to them.
    pub defaults: Values,
}

/// Kinds of entities with parameters.
pub trait WithDefaults {
    /// The default values.
    fn defaults_mut(&mut self) -> &mut Values;
}

impl WithDefaults for AsConfig {
    fn defaults_mut(&mut self) -> &mut Values {
        &mut self.defaults
    }
}

impl<T> Entity<T> {
    pub(super) fn new(name: impl Into<String>, own: T) -> Self {
        Self {
            name: name.into(),
            id_type: "userID".to_owned(),
            salt: None,
            is_enabled: true,
            version: None,
            target_apps: None,
            forwards_all_exposures: false,
            holdouts: Vec::new(),
            rules: Vec::new(),
            own,
        }
    }

    /// Draws shares by IDs of this type, such as `stableID` or `companyID`.
    pub fn id_type(mut self, id_type: impl Into<String>) -> Self {
        self.id_type = id_type.into();
        self
    }

    /// Draws shares with this salt instead of the name.
    pub fn salt(mut self, salt: impl Into<String>) -> Self {
        self.salt = Some(salt.into());
        self
    }

    /// Sets the version in evaluation details.
    pub fn version(mut self, version: u32) -> Self {
        self.version = Some(version);
        self
    }

    /// Disables the entity.
    pub fn disabled(mut self) -> Self {
        self.is_enabled = false;
        self
    }

    /// Only clients of these apps see the entity.
    pub fn target_apps<A: Into<String>>(mut self, apps: impl IntoIterator<Item = A>) -> Self {
        self.target_apps = Some(apps.into_iter().map(Into::into).collect());
        self
    }

    /// Logs every exposure, even if the specs turn sampling on.
    pub fn forward_all_exposures(mut self) -> Self {
        self.forwards_all_exposures = true;
        self
    }

    /// Users who pass this holdout get the default value.
    pub fn holdout(mut self, holdout: impl Into<String>) -> Self {
        self.holdouts.push(holdout.into());
        self
    }

    /// Begins a rule, which follows those before. Its name is also its ID.
    pub fn rule(mut self, name: impl Into<String>) -> Self {
        self.rules.push(Rule::new(name));
        self
    }

    /// The last rule applies only if this condition holds, too.
    pub fn when(self, condition: Condition) -> Self {
        self.in_rule("rule", |rule| rule.conditions.push(condition))
    }

    /// The last rule applies to every user.
    pub fn everyone(self) -> Self {
        self.in_rule("everyone", |rule| rule.conditions.push(everyone()))
    }

    /// The share of the last rule's users who pass, from 0 to 100; 100 by default. The others get
    /// the default value.
    pub fn pass(self, percentage: impl Into<f64>) -> Self {
        self.in_rule("rule", |rule| rule.pass_percentage = percentage.into())
    }

    /// What the users of the last rule get: an object with parameters, or a bool from a gate.
    pub fn returns(self, value: impl Into<Value>) -> Self {
        self.in_rule("rule", |rule| rule.value = Some(value.into()))
    }

    /// The users of the last rule get this value of a parameter.
    pub fn value(self, parameter: impl Into<String>, value: impl Into<Value>) -> Self {
        self.in_rule("rule", |rule| {
            set(&mut rule.value, parameter.into(), value.into());
        })
    }

    /// The ID of the last rule, if it differs from its name.
    pub fn rule_id(self, id: impl Into<String>) -> Self {
        self.in_rule("rule", |rule| rule.id = Some(id.into()))
    }

    /// The salt of the last rule's share instead of its ID.
    pub fn rule_salt(self, salt: impl Into<String>) -> Self {
        self.in_rule("rule", |rule| rule.salt = Some(salt.into()))
    }

    /// The ID type of the last rule's share instead of the entity's.
    pub fn rule_id_type(self, id_type: impl Into<String>) -> Self {
        self.in_rule("rule", |rule| rule.id_type = Some(id_type.into()))
    }

    /// The name of the group that the users of the last rule are in. In an experiment, it makes the
    /// rule a group.
    pub fn group_name(self, group: impl Into<String>) -> Self {
        self.in_rule("rule", |rule| rule.group_name = Some(group.into()))
    }

    /// Lets this experiment decide for the users of the last rule, in a layer. Without such a rule,
    /// the experiments of a layer follow its rules.
    pub fn delegate(self, experiment: impl Into<String>) -> Self {
        self.in_rule("rule", |rule| rule.delegate = Some(experiment.into()))
    }

    /// Logs only one exposure of the last rule in `one_in`, if the specs turn sampling on.
    pub fn sampling_rate(self, one_in: u64) -> Self {
        self.in_rule("rule", |rule| rule.sampling_rate = Some(one_in))
    }

    fn in_rule(mut self, otherwise: &str, change: impl FnOnce(&mut Rule)) -> Self {
        if self.rules.is_empty() {
            self.rules.push(Rule::new(otherwise));
        }
        if let Some(rule) = self.rules.last_mut() {
            change(rule);
        }
        self
    }

    /// The salt of all shares.
    pub(in crate::authoring) fn own_salt(&self) -> &str {
        self.salt.as_deref().unwrap_or(&self.name)
    }
}

impl<T: WithDefaults> Entity<T> {
    /// The value of a parameter for users to whom no rule applies.
    pub fn default(mut self, parameter: impl Into<String>, value: impl Into<Value>) -> Self {
        let defaults = self.own.defaults_mut();
        defaults.insert(parameter.into(), value.into());
        self
    }

    /// The values of several parameters for users to whom no rule applies.
    pub fn defaults<N: Into<String>, V: Into<Value>>(
        mut self,
        values: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let values = values
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        self.own.defaults_mut().extend(values);
        self
    }
}

impl Gate {
    pub(in crate::authoring) fn of(name: impl Into<String>, kind: GateKind) -> Self {
        let own = AsGate {
            kind,
            passes_by_default: false,
        };
        Self::new(name, own)
    }

    /// Lets users pass if no rule applies to them.
    pub fn passes_by_default(mut self) -> Self {
        self.own.passes_by_default = true;
        self
    }

    /// The name in specs. Those of segments begin with `segment:`.
    pub(in crate::authoring) fn wire_name(&self) -> String {
        match self.own.kind {
            GateKind::Segment => segment(&self.name),
            GateKind::Gate | GateKind::Holdout => self.name.clone(),
        }
    }
}

/// The name of a segment in specs.
pub(super) fn segment(name: &str) -> String {
    format!("segment:{name}")
}
