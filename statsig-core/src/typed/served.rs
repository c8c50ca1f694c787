//! The served values of a struct, and what decided them.

use std::fmt;

use serde_json::Value;

use super::schema::{ParamSchema, ParamSource};

/// The evaluations behind a loaded struct, all of one snapshot: values, and the exposures that
/// reading them by hand would log.
pub trait ServedParams: Send + Sync + fmt::Debug {
    /// The value that is served for a parameter under one of its names, `None` when none is.
    fn value(&self, param: &ParamSchema, name: &str) -> Option<&Value>;

    /// Logs the exposure that a hand-written read of this served parameter would log.
    ///
    /// Called at most once for each parameter of a layer or parameter store, and at most once
    /// altogether for any other entity.
    fn expose(&self, param: &ParamSchema, name: &str, manual: bool);

    /// What the evaluation decided, as a whole or for a parameter. Asked for reports and by
    /// [`Typed::meta`](super::Typed::meta) only, so it may allocate.
    fn decided_by(&self, param: Option<&ParamSchema>) -> DecidedBy;

    /// Whether the specs know the entity. Asked at each strict load, so it must be cheap.
    fn is_recognized(&self, _entity: ParamSource) -> bool {
        false
    }

    /// The type of ID that the entity counts with, where it has one.
    fn id_type(&self, _entity: ParamSource) -> Option<String> {
        None
    }

    /// Whether the user has no ID of this type.
    fn lacks_unit(&self, _id_type: &str) -> bool {
        false
    }
}

/// The first of a parameter's names that is served, and its value.
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

/// Where the value of a field came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParamOrigin {
    /// Statsig served it.
    Served,
    /// Nothing was served, so it is the default.
    Default,
    /// What was served did not fit the field, so it is the default, or with `clamp` the nearest
    /// number in range.
    Mismatch,
}

/// The decision of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecidedBy {
    /// The rule that decided.
    pub rule_id: Option<String>,
    /// The group that the user is in.
    pub group_name: Option<String>,
    /// The experiment of a layer that the user is allocated to.
    pub allocated_experiment: Option<String>,
    /// Why, as events carry it.
    pub reason: String,
}

/// What decided the values of a loaded struct.
///
/// Where each field has a source of its own, the rule, the group and the experiment are told for
/// the fields alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ParamsMeta {
    /// The rule that decided. `None` when no single rule did, as in a parameter store.
    pub rule_id: Option<String>,
    /// The name of the group that the user is in.
    pub group_name: Option<String>,
    /// The experiment of a layer that the user is allocated to.
    pub allocated_experiment: Option<String>,
    /// Why the values are what they are, such as `Network:Recognized`. Where fields have sources of
    /// their own, that of the first.
    pub reason: String,
    /// Each field that is read, in the order of the schema.
    pub fields: Vec<FieldMeta>,
}

impl ParamsMeta {
    /// The meta of one field.
    #[must_use]
    pub fn field(&self, field: &str) -> Option<&FieldMeta> {
        self.fields.iter().find(|meta| meta.field == field)
    }
}

/// What decided the value of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldMeta {
    /// The field's name in Rust.
    pub field: &'static str,
    /// The parameter's name in Statsig: the one it was served under, else its current one.
    pub parameter: &'static str,
    /// Where the value came from.
    pub origin: ParamOrigin,
    /// The rule that decided, where one did.
    pub rule_id: Option<String>,
    /// The name of the group that the user is in.
    pub group_name: Option<String>,
    /// The experiment of a layer that the user is allocated to.
    pub allocated_experiment: Option<String>,
}

/// The source of [`Typed::detached`](super::Typed::detached): serves and exposes nothing.
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
