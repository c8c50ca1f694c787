//! Deduplicates exposures, counts suppressed ones, and queues events.

use super::Logging;
use super::draft::{Draft, Exposable, ExposureKey, NestedGates, Subject};
use crate::client::ClientInner;
use crate::events::event::QueuedEvent;
use crate::hash::text_hash;
use crate::results::{EvaluationDetails, Reason, SpecsSource};
use crate::text::SharedStr;

impl ClientInner {
    /// Whether exposures are logged. Counts the check if logging is disabled for this call alone.
    #[inline]
    pub(in crate::client) fn logs(
        &self,
        logging: Logging,
        name_hash: u64,
        name: impl FnOnce() -> SharedStr,
    ) -> bool {
        if logging == Logging::Disabled {
            self.count_check(name_hash, name);
            return false;
        }
        !self.shared.options.disable_all_logging
    }

    /// Queues an exposure, unless one with this key was queued in the current window. `splits`
    /// means that the nested gates follow as separate exposures, also after a repeat.
    pub(in crate::client) fn submit(&self, draft: &Draft<'_>, splits: bool) {
        let is_new = self.is_new(draft.key);
        self.queue_exposure(draft, is_new, splits);
    }

    /// Queues an exposure after [`is_new`](Self::is_new).
    pub(in crate::client) fn queue_exposure(&self, draft: &Draft<'_>, is_new: bool, splits: bool) {
        if is_new {
            let exposure = draft.exposure(splits, self.shared.clock.now_ms());
            self.queue(QueuedEvent::Exposure(exposure));
        }
        if splits {
            self.submit_nested_gates(draft);
        }
    }

    #[cold]
    fn submit_nested_gates(&self, of: &Draft<'_>) {
        let submit = |gate: &SharedStr, rule_id: &SharedStr, value: bool| {
            let key = ExposureKey::new(
                text_hash(gate),
                text_hash(rule_id),
                of.user.exposure_hash_by(None),
                u64::from(value),
            );
            let nested = Draft {
                of: &NestedGateName(gate),
                user: of.user,
                key,
                rule_id,
                subject: Subject::NestedGate(value),
                nested_gates: NestedGates::Stored(&[]),
                is_manual: false,
            };
            self.submit(&nested, false);
        };
        match of.nested_gates {
            NestedGates::Absent => {}
            NestedGates::Evaluated(specs, gates) => {
                for nested in gates {
                    let (gate, rule_id) = (specs.text(nested.gate), specs.text(nested.rule_id));
                    submit(gate, rule_id, nested.value);
                }
            }
            NestedGates::Stored(gates) => {
                for nested in gates {
                    submit(&nested.gate, &nested.rule_id, nested.gate_value);
                }
            }
        }
    }

    /// Whether no exposure with this key was logged in the current window. Counts a repeat.
    #[inline]
    pub(in crate::client) fn is_new(&self, key: ExposureKey) -> bool {
        let is_new = self.shared.events.dedupe.is_new(key.whole);
        if !is_new {
            self.shared.events.counters.add_deduplicated();
        }
        is_new
    }

    /// Counts a check without an exposure, by the name and its hash.
    #[inline]
    pub(in crate::client) fn count_check(&self, hash: u64, name: impl FnOnce() -> SharedStr) {
        // The counts have locks, which a fork may have inherited in the held state.
        if !self.shared.options.disable_all_logging && self.shared.home.is_here() {
            self.shared.events.non_exposed.add(hash, name);
        }
    }

    /// Adds an event to the queue, or counts it as lost.
    pub(in crate::client) fn queue(&self, event: QueuedEvent) {
        if self.shared.events.record(event) {
            self.nudge();
        }
    }
}

/// A nested gate with a separate exposure.
struct NestedGateName<'a>(&'a SharedStr);

impl Exposable for NestedGateName<'_> {
    fn name(&self) -> SharedStr {
        self.0.clone()
    }

    fn details(&self) -> EvaluationDetails {
        EvaluationDetails::without_specs(Reason::NoSpecs(SpecsSource::NoValues))
    }
}
