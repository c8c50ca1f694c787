//! What the engine reports about its input.
//!
//! The engine has no logger. It gives each notice to the function that the SDK installed.

use std::fmt;
use std::sync::OnceLock;

/// A part of the input that the engine left out. All texts are safe to log.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// An entity of the specs is malformed.
    MalformedEntity {
        /// The kind of entity.
        what: &'a str,
        /// The entity's name.
        name: &'a str,
        /// Why it is malformed.
        problem: &'a str,
    },
    /// This many more malformed entities exist. Their notices are left out.
    MoreMalformedEntities(usize),
    /// Entries of the specs have names that are not text.
    NamesThatAreNotText(usize),
    /// An optional part of the specs is malformed.
    MalformedPart {
        /// Why it is malformed.
        problem: &'a str,
    },
    /// An envelope of binary specs is malformed.
    MalformedEnvelope {
        /// Why it is malformed.
        problem: &'a str,
    },
    /// An envelope of binary specs has a kind that this version does not know.
    UnknownEnvelope {
        /// The kind's number.
        kind: i32,
    },
    /// A value is nested deeper than the limit.
    TooDeep {
        /// The place of the value.
        place: fmt::Arguments<'a>,
        /// The limit.
        max_depth: usize,
    },
}

static RECEIVER: OnceLock<fn(&Notice<'_>)> = OnceLock::new();

/// Installs the function that receives all notices. The first call in a process decides.
pub fn install(receiver: fn(&Notice<'_>)) {
    // A second receiver is not an error: all clients install the same one.
    let _ = RECEIVER.set(receiver);
}

#[cold]
pub(crate) fn give(notice: &Notice<'_>) {
    if let Some(receiver) = RECEIVER.get() {
        receiver(notice);
    }
}
