//! Logs what the engine reports: it has no logger of its own.

use statsig_core::notice::{self, Notice};

use crate::targets;

/// Logs the engine's notices from now on.
pub(crate) fn install() {
    notice::install(log);
}

fn log(notice: &Notice<'_>) {
    match notice {
        Notice::MalformedEntity {
            what,
            name,
            problem,
        } => {
            tracing::warn!(target: targets::SYNC, what, name, problem, "left out a malformed entity of the specs");
        }
        Notice::MoreMalformedEntities(more) => {
            tracing::warn!(target: targets::SYNC, more, "left out more malformed entities of the specs");
        }
        Notice::NamesThatAreNotText(count) => {
            tracing::warn!(target: targets::SYNC, count, "left out entries whose names are not text");
        }
        Notice::MalformedPart { problem } => {
            tracing::warn!(target: targets::SYNC, problem, "left out a malformed part of the specs");
        }
        Notice::MalformedEnvelope { problem } => {
            tracing::warn!(target: targets::SYNC, problem, "left out a malformed envelope of the specs");
        }
        Notice::UnknownEnvelope { kind } => {
            tracing::warn!(target: targets::SYNC, kind, "left out an envelope of an unknown kind");
        }
        Notice::TooDeep { place, max_depth } => {
            tracing::warn!(
                target: targets::CLIENT,
                "{place} is nested deeper than {max_depth} lists and objects; it is left out"
            );
        }
        notice => tracing::warn!(target: targets::SYNC, ?notice, "left out a part of the input"),
    }
}
