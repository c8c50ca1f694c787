//! Where values come from and why. Every result carries these details.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::text::SharedStr;

/// Where the specs in memory came from.
///
/// Its [`Display`](fmt::Display) is the first part of every [`Reason`]: `Network`, `Bootstrap`,
/// `Adapter(DataStore)`, …
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SpecsSource {
    /// `initialize` has not been called.
    #[default]
    Uninitialized,
    /// `initialize` has started, and no specs have arrived.
    Loading,
    /// Every source failed during `initialize`.
    NoValues,
    /// The specs endpoint, over HTTP.
    Network,
    /// A JSON text from the application.
    Bootstrap,
    /// Another adapter, by name.
    Adapter(SharedStr),
}

impl fmt::Display for SpecsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uninitialized => f.write_str("Uninitialized"),
            Self::Loading => f.write_str("Loading"),
            Self::NoValues => f.write_str("NoValues"),
            Self::Network => f.write_str("Network"),
            Self::Bootstrap => f.write_str("Bootstrap"),
            Self::Adapter(name) => write!(f, "Adapter({name})"),
        }
    }
}

/// The ID lists that an evaluation used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdListSource {
    /// The lists held in memory.
    InMemory,
    /// Memberships in the user object.
    Enriched,
}

/// Why an evaluation has its result.
///
/// Its [`Display`](fmt::Display) is the exact text in events, such as `Network:Recognized` or
/// `LocalOverride:Recognized`. It compares with string literals.
///
/// ```
/// use statsig::{Reason, SpecsSource};
///
/// let reason = Reason::Unrecognized(SpecsSource::Network);
/// assert_eq!(reason, "Network:Unrecognized");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The client has no specs. The source tells why (`Uninitialized`, `NoValues`).
    NoSpecs(SpecsSource),
    /// The specs contain the name.
    Recognized {
        /// The source of the specs.
        source: SpecsSource,
        /// The ID lists, if the evaluation used an ID list.
        id_list: Option<IdListSource>,
    },
    /// The specs do not contain the name.
    Unrecognized(SpecsSource),
    /// The specs use something that this SDK does not know.
    Unsupported(SpecsSource),
    /// Something other than the specs decided, such as `LocalOverride`.
    Overridden(&'static str),
    /// A sticky value from persistent storage.
    Persisted,
    /// The evaluation stopped, for example because gates are nested too deeply.
    Error(&'static str),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSpecs(source) => source.fmt(f),
            Self::Recognized { source, id_list } => {
                write!(f, "{source}:Recognized")?;
                match id_list {
                    None => Ok(()),
                    Some(IdListSource::InMemory) => f.write_str(":IdListInMemory"),
                    Some(IdListSource::Enriched) => f.write_str(":IdListEnriched"),
                }
            }
            Self::Unrecognized(source) => write!(f, "{source}:Unrecognized"),
            Self::Unsupported(source) => write!(f, "{source}:Unsupported"),
            Self::Overridden(by) => write!(f, "{by}:Recognized"),
            Self::Persisted => f.write_str("Persisted"),
            Self::Error(message) => write!(f, "Error:{message}"),
        }
    }
}

impl PartialEq<str> for Reason {
    fn eq(&self, other: &str) -> bool {
        let text = self.to_string();
        text == other
    }
}

impl PartialEq<&str> for Reason {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a value is what it is, and which specs decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EvaluationDetails {
    /// The reason.
    pub reason: Reason,
    /// The time of the specs (`lcut`), in epoch milliseconds. `None` without specs.
    pub lcut: Option<u64>,
    /// The time when this client applied the specs, in epoch milliseconds. `None` without specs.
    pub received_at: Option<u64>,
    /// The version of the evaluated gate, config or layer.
    pub version: Option<u32>,
}

impl EvaluationDetails {
    /// Details without specs.
    #[must_use]
    pub fn without_specs(reason: Reason) -> Self {
        Self {
            reason,
            lcut: None,
            received_at: None,
            version: None,
        }
    }

    /// The same details, for another version of the entity.
    #[must_use]
    pub fn with_version(self, version: Option<u32>) -> Self {
        Self { version, ..self }
    }

    /// The same details, for another reason.
    #[doc(hidden)]
    #[must_use]
    pub fn with_reason(self, reason: Reason) -> Self {
        Self { reason, ..self }
    }

    /// Details of a stored assignment that was made with specs of this time.
    #[must_use]
    pub fn persisted(lcut: Option<u64>, received_at: u64, version: Option<u32>) -> Self {
        Self {
            reason: Reason::Persisted,
            lcut,
            received_at: Some(received_at),
            version,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_as_on_the_wire() {
        let adapter = SpecsSource::Adapter("DataStore".into());
        let cases = [
            (Reason::NoSpecs(SpecsSource::Uninitialized), "Uninitialized"),
            (
                Reason::Recognized {
                    source: adapter,
                    id_list: None,
                },
                "Adapter(DataStore):Recognized",
            ),
            (
                Reason::Recognized {
                    source: SpecsSource::Network,
                    id_list: Some(IdListSource::InMemory),
                },
                "Network:Recognized:IdListInMemory",
            ),
            (
                Reason::Unsupported(SpecsSource::Bootstrap),
                "Bootstrap:Unsupported",
            ),
            (
                Reason::Overridden("LocalOverride"),
                "LocalOverride:Recognized",
            ),
            (Reason::Error("too deep"), "Error:too deep"),
        ];
        for (reason, text) in cases {
            assert_eq!(reason.to_string(), text);
            assert_eq!(reason, text);
            assert_ne!(reason, format!("{text}x").as_str());
            assert_ne!(reason, &text[..text.len() - 1]);
        }
    }
}
