//! Whether an exposure is sent, when the service asked for a sample only.

use std::collections::HashSet;

use super::event::Exposure;

/// The most (spec, rule) pairs remembered in one window.
const MAX_PAIRS: usize = 100_000;

/// What the service asks for, from `sdk_configs` of the specs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SamplingConfig {
    pub(crate) mode: SamplingMode,
    /// The rate for the rule ids `default`, `disabled` and the empty one.
    pub(crate) special_case_rate: Option<u64>,
    /// After this time the first sight of each (spec, rule) pair counts anew.
    pub(crate) first_sight_ttl_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum SamplingMode {
    #[default]
    Off,
    /// Exposures outside of the sample are left out.
    On,
    /// Everything is sent, marked with what would have happened.
    Shadow,
}

impl Default for SamplingConfig {
    fn default() -> Self {
        Self {
            mode: SamplingMode::Off,
            special_case_rate: None,
            first_sight_ttl_ms: 60_000,
        }
    }
}

/// What the event says about its sampling; absent when sampling played no part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SamplingNote {
    pub(crate) rate: Option<u64>,
    pub(crate) mode: SamplingMode,
    /// Whether the exposure is in the sample.
    pub(crate) is_in_sample: bool,
}

/// The decision for one exposure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sampled {
    /// Send it, with this note.
    Keep(Option<SamplingNote>),
    /// Leave it out.
    LeaveOut,
}

/// Remembers which (spec, rule) pairs were seen in the current window.
#[derive(Debug, Default)]
pub(crate) struct Sampler {
    seen: HashSet<u64>,
    window_start_ms: u64,
}

impl Sampler {
    pub(crate) fn decide(
        &mut self,
        exposure: &Exposure,
        config: SamplingConfig,
        now_ms: u64,
    ) -> Sampled {
        let inputs = exposure.sampling;
        if config.mode == SamplingMode::Off
            || inputs.forward_all
            || inputs.has_seen_analytical_gates
        {
            return Sampled::Keep(None);
        }
        if self.is_first_sight(inputs.spec_rule_hash, config.first_sight_ttl_ms, now_ms) {
            return Sampled::Keep(None);
        }
        let is_special = matches!(exposure.rule_id.as_str(), "" | "default" | "disabled");
        let rate = config
            .special_case_rate
            .filter(|_| is_special)
            .or(inputs.rate);
        let is_in_sample = rate
            .is_none_or(|rate| inputs.key_hash.checked_rem(rate).unwrap_or(inputs.key_hash) == 0);
        if config.mode == SamplingMode::On && !is_in_sample {
            return Sampled::LeaveOut;
        }
        Sampled::Keep(Some(SamplingNote {
            rate,
            mode: config.mode,
            is_in_sample,
        }))
    }

    fn is_first_sight(&mut self, pair: u64, ttl_ms: u64, now_ms: u64) -> bool {
        if now_ms.saturating_sub(self.window_start_ms) > ttl_ms || self.seen.len() > MAX_PAIRS {
            self.seen.clear();
            self.window_start_ms = now_ms;
        }
        self.seen.insert(pair)
    }
}
