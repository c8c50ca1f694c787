//! Notices: what the server reports while it runs.

use std::fmt;

use crate::error::LocalError;
use crate::requests::ReceivedRequest;
use crate::specs::SpecsSummary;

/// A notice for the person at the terminal. `Display` is one line.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The server now serves changed specs.
    SpecsLoaded {
        /// The file name, or a description of the source.
        origin: String,
        /// The contents of the specs.
        summary: SpecsSummary,
    },
    /// The server now serves changed ID lists.
    IdListsLoaded {
        /// The file name, or a description of the source.
        origin: String,
        /// Number of lists in it.
        lists: usize,
    },
    /// The faults of a changed file replace all others from now on.
    FaultsLoaded {
        /// The file name.
        origin: String,
        /// Number of faults in it.
        faults: usize,
    },
    /// A changed file is unusable. The server continues to serve the previous contents.
    FileRefused(LocalError),
    /// The server refused a batch of events, for this reason.
    EventsRefused(String),
    /// The server could not forward a batch of events, for this reason. The SDK got an error.
    EventsNotSentOn(String),
    /// The server refused a request for another host, or from a page of another origin, for this
    /// reason.
    RequestRefused(String),
    /// A request for a path that the server does not serve. The usual cause is a mistake in a
    /// configured URL.
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
