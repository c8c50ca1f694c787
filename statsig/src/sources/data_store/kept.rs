//! The specs that a data store should hold, and whether it holds them.

use bytes::Bytes;
use serde::Deserialize;

use crate::specs::order::ordering_time;

/// The specs that a data store should hold, and the known state of the store. It outlives a
/// session, so that a restarted client still has it.
#[derive(Debug, Default)]
pub(crate) struct KeptSpecs {
    pub(super) specs: Option<Kept>,
    /// Counts the specs to keep. A task uses it to detect newer specs.
    version: u64,
    /// Whether the last write failed: each series of failures is logged once.
    has_failed: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) version: u64,
    pub(super) json: Bytes,
    pub(super) received_at: u64,
    pub(super) state: SpecsState,
    /// Whether the client writes them again when the store loses them.
    pub(super) is_guarded: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpecsState {
    /// Waits for the write.
    Pending,
    /// Written, but not read back yet. The client cannot detect a loss before it has read the value
    /// once.
    Written,
    /// The store held these specs, or others of this length that are not older.
    Stored { bytes: usize },
}

impl KeptSpecs {
    pub(super) fn keep(
        &mut self,
        json: Bytes,
        received_at: u64,
        state: SpecsState,
        is_guarded: bool,
    ) {
        self.version = self.version.wrapping_add(1);
        self.specs = Some(Kept {
            version: self.version,
            json,
            received_at,
            state,
            is_guarded,
        });
    }

    /// Sets the state of this version, unless a newer version replaced it.
    pub(super) fn settle(&mut self, version: u64, state: SpecsState) {
        let Some(kept) = self.specs.as_mut().filter(|kept| kept.version == version) else {
            return;
        };
        kept.state = state;
        if state == SpecsState::Written && !kept.is_guarded {
            // The JSON may be large.
            self.specs = None;
        }
    }

    /// Records the end of a write of this version. Returns whether the previous write failed.
    pub(super) fn written(&mut self, version: u64, is_ok: bool) -> bool {
        if is_ok {
            self.settle(version, SpecsState::Written);
        }
        std::mem::replace(&mut self.has_failed, !is_ok)
    }

    pub(super) fn is_pending(&self) -> bool {
        (self.specs.as_ref()).is_some_and(|kept| kept.state == SpecsState::Pending)
    }
}

/// The time of specs as JSON; 0 if they cannot be read, or are from the future.
pub(super) fn time_of(json: &[u8], now_ms: u64) -> u64 {
    #[derive(Deserialize)]
    struct Specs {
        time: u64,
    }

    serde_json::from_slice(json).map_or(0, |Specs { time }| ordering_time(time, now_ms))
}
