//! What an event exposes.

use std::fmt;

use serde_json::Value;

/// What the event of an exposure exposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exposed<'a> {
    Gate(&'a str),
    /// A dynamic config or an experiment.
    Config(&'a str),
    Parameter {
        layer: &'a str,
        parameter: &'a str,
    },
}

impl<'a> Exposed<'a> {
    /// What this event exposes. `None` for an event that is no exposure.
    pub(super) fn by(event: &'a Value) -> Option<Self> {
        let named = |key| text_at(event, &["metadata", key]);
        match text_at(event, &["eventName"])? {
            "statsig::gate_exposure" => Some(Self::Gate(named("gate")?)),
            "statsig::config_exposure" => Some(Self::Config(named("config")?)),
            "statsig::layer_exposure" => Some(Self::Parameter {
                layer: named("config")?,
                parameter: named("parameterName")?,
            }),
            _ => None,
        }
    }
}

impl fmt::Display for Exposed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gate(gate) => write!(f, "gate \"{gate}\""),
            Self::Config(config) => write!(f, "config or experiment \"{config}\""),
            Self::Parameter { layer, parameter } => {
                write!(f, "parameter \"{parameter}\" of layer \"{layer}\"")
            }
        }
    }
}

/// The text at this path.
pub(super) fn text_at<'a>(event: &'a Value, path: &[&str]) -> Option<&'a str> {
    let found = path.iter().try_fold(event, |value, key| value.get(key));
    found?.as_str()
}
