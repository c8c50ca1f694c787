//! What the server tells about itself while it runs.

use std::fmt;

use crate::error::LocalError;
use crate::requests::ReceivedRequest;
use crate::specs::SpecsSummary;

/// Something that a person at the terminal wants to know. `Display` is one line.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice {
    /// Changed specs are being served from now on.
    SpecsLoaded {
        /// The file name, or what else the text is.
        origin: String,
        /// What they hold.
        summary: SpecsSummary,
    },
    /// Changed ID lists are being served from now on.
    IdListsLoaded {
        /// The file name, or what else they are from.
        origin: String,
        /// Number of lists in it.
        lists: usize,
    },
    /// The faults of a changed file apply from now on, in place of all others.
    FaultsLoaded {
        /// The file name.
        origin: String,
        /// Number of faults in it.
        faults: usize,
    },
    /// A changed file is unusable; what was served before still is.
    FileRefused(LocalError),
    /// A batch of events was refused, for this reason.
    EventsRefused(String),
    /// A batch of events could not be sent to the upstream, for this reason; the SDK was told.
    EventsNotSentOn(String),
    /// A request for another host, or from a page of another origin, was refused, for this reason.
    RequestRefused(String),
    /// A request for a path that is not served, mostly a mistake in a configured URL.
    NotServed(ReceivedRequest),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SpecsLoaded { origin, summary } => write!(f, "serving {origin}: {summary}"),
            Self::IdListsLoaded { origin, lists } => {
                write!(f, "serving {origin}: {lists} ID lists")
            }
            Self::FaultsLoaded { origin, faults } => {
                write!(f, "applying {origin}: {faults} faults")
            }
            Self::FileRefused(error) => {
                write!(f, "{}; still serving what was good", error.report())
            }
            Self::EventsRefused(reason) => write!(f, "refused events: {reason}"),
            Self::EventsNotSentOn(reason) => write!(f, "could not send events on: {reason}"),
            Self::RequestRefused(reason) => write!(f, "refused a request: {reason}"),
            Self::NotServed(request) => write!(f, "{request} is not served here"),
        }
    }
}
