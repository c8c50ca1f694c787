//! The served values of a struct, and the decisions behind them.

use std::fmt;

use serde_json::Value;

use super::schema::{ParamSchema, ParamSource};

/// The evaluations of a loaded struct, all from one snapshot: the values, and the exposures that
/// untyped reads would log.
pub trait ServedParams: Send + Sync + fmt::Debug {
    /// The served value of a parameter under one of its names. `None` if the name is not served.
    fn value(&self, param: &ParamSchema, name: &str) -> Option<&Value>;

    /// Logs the exposure that an untyped read of this served parameter would log.
    ///
    /// The SDK calls it at most once for each parameter of a layer or parameter store, and at most
    /// once for any other entity.
    fn expose(&self, param: &ParamSchema, name: &str, manual: bool);

    /// The decision of the evaluation as a whole, or for a parameter. Only reports and
    /// [`Typed::meta`](super::Typed::meta) call it, so it may allocate.
    fn decided_by(&self, param: Option<&ParamSchema>) -> DecidedBy;

    /// Whether the specs know the entity. Each strict load calls it, so it must be cheap.
    fn is_recognized(&self, _entity: ParamSource) -> bool {
        false
    }

    /// The type of ID that the entity buckets by, if any.
    fn id_type(&self, _entity: ParamSource) -> Option<String> {
        None
    }

    /// Whether the user has no ID of this type.
    fn lacks_unit(&self, _id_type: &str) -> bool {
        false
    }
}

/// The first name of a parameter that is served, and its value.
#[inline]
pub(crate) fn find<'a>(
    source: &'a dyn ServedParams,
    param: &ParamSchema,
) -> Option<(&'static str, &'a Value)> {
    if let Some(value) = source.value(param, param.name) {
        return Some((param.name, value));
    }
    let mut aliases = param.aliases.iter();
    aliases.find_map(|&alias| Some((alias, source.value(param, alias)?)))
}

/// The origin of a field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParamOrigin {
    /// Statsig served the value.
    Served,
    /// No value was served, so the field has its default.
    Default,
    /// The served value did not fit the field. The field has its default, or with `clamp` the
    /// nearest number in range.
    Mismatch,
}

/// The decision of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecidedBy {
    /// The rule that decided.
    pub rule_id: Option<String>,
    /// The user's group.
    pub group_name: Option<String>,
    /// The experiment that a layer allocated the user to.
    pub allocated_experiment: Option<String>,
    /// The reason, as in events.
    pub reason: String,
}

/// The decisions behind the values of a loaded struct.
///
/// If fields have their own sources, the rule, the group and the experiment are present only in
/// `fields`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ParamsMeta {
    /// The rule that decided. `None` if no single rule decided, for example in a parameter store.
    pub rule_id: Option<String>,
    /// The name of the user's group.
    pub group_name: Option<String>,
    /// The experiment that a layer allocated the user to.
    pub allocated_experiment: Option<String>,
    /// The reason for the values, such as `Network:Recognized`. If fields have their own sources,
    /// this is the reason of the first source.
    pub reason: String,
    /// The fields that are read, in the order of the schema.
    pub fields: Vec<FieldMeta>,
}

impl ParamsMeta {
    /// The meta of one field.
    #[must_use]
    pub fn field(&self, field: &str) -> Option<&FieldMeta> {
        self.fields.iter().find(|meta| meta.field == field)
    }
}

/// The decision behind the value of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldMeta {
    /// The field's name in Rust.
    pub field: &'static str,
    /// The parameter's name in Statsig: the name under which it was served, else its current name.
    pub parameter: &'static str,
    /// The origin of the value.
    pub origin: ParamOrigin,
    /// The rule that decided, if any.
    pub rule_id: Option<String>,
    /// The name of the user's group.
    pub group_name: Option<String>,
    /// The experiment that a layer allocated the user to.
    pub allocated_experiment: Option<String>,
}

/// The source of [`Typed::detached`](super::Typed::detached). It serves and exposes nothing.
#[derive(Debug)]
pub(crate) struct Detached;

impl ServedParams for Detached {
    fn value(&self, _param: &ParamSchema, _name: &str) -> Option<&Value> {
        None
    }

    fn expose(&self, _param: &ParamSchema, _name: &str, _manual: bool) {}

    fn decided_by(&self, _param: Option<&ParamSchema>) -> DecidedBy {
        DecidedBy {
            reason: "Detached".to_owned(),
            ..DecidedBy::default()
        }
    }
}
