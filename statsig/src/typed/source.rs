//! Where the values of a struct come from.

use std::fmt;

use serde_json::Value;

/// One evaluation, or one snapshot, behind a loaded struct: values, and the exposures that reading them by hand would log.
pub(crate) trait ParamSource: Send + Sync + fmt::Debug {
    /// The served value of a parameter, `None` when it is not served.
    fn value(&self, param: &str) -> Option<&Value>;

    /// Logs the exposure that a hand-written read of this served parameter would log.
    ///
    /// Called at most once for each parameter of a layer or parameter store, and at most once altogether for an experiment or config.
    fn expose(&self, param: &str, manual: bool);

    /// Whether the specs know the entity. Asked at each strict load, so it must be cheap.
    fn is_recognized(&self) -> bool;

    /// What the evaluation decided. Asked for reports and by [`Typed::meta`](super::Typed::meta) only, so it may allocate.
    fn meta(&self) -> ParamsMeta;
}

/// The evaluation behind a loaded struct.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ParamsMeta {
    /// The rule that decided. `None` when no single rule did, as in a parameter store.
    pub rule_id: Option<String>,
    /// The name of the group that the user is in.
    pub group_name: Option<String>,
    /// The experiment of a layer that the user is allocated to.
    pub allocated_experiment: Option<String>,
    /// Why the values are what they are, such as `Network:Recognized`.
    pub reason: String,
}

/// The source of [`Typed::detached`](super::Typed::detached): serves and exposes nothing.
#[derive(Debug)]
pub(crate) struct Detached;

impl ParamSource for Detached {
    fn value(&self, _param: &str) -> Option<&Value> {
        None
    }

    fn expose(&self, _param: &str, _manual: bool) {}

    fn is_recognized(&self) -> bool {
        false
    }

    fn meta(&self) -> ParamsMeta {
        ParamsMeta {
            reason: "Detached".to_owned(),
            ..ParamsMeta::default()
        }
    }
}
