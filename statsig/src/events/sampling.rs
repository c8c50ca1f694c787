//! Decides which exposures are sent if the service asks for a sample.

use std::collections::HashSet;

use super::event::{Exposure, QueuedEvent};
use crate::specs::settings::{SamplingConfig, SamplingMode};

/// The most (spec, rule) pairs remembered in one window.
const MAX_PAIRS: usize = 100_000;

/// What an event says about its sampling. Absent if sampling did not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SamplingNote {
    pub(crate) rate: Option<u64>,
    pub(crate) mode: SamplingMode,
    /// Whether the exposure is in the sample.
    pub(crate) is_in_sample: bool,
}

/// An event with the note of its sampling.
#[derive(Debug)]
pub(crate) struct BatchedEvent {
    pub(crate) event: QueuedEvent,
    pub(crate) sampling: Option<SamplingNote>,
}

/// The decision for one exposure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sampled {
    /// Send it, with this note.
    Keep(Option<SamplingNote>),
    /// Leave it out.
    LeaveOut,
}

/// Remembers the (spec, rule) pairs of the current window.
#[derive(Debug, Default)]
pub(crate) struct Sampler {
    seen: HashSet<u64>,
    window_start_ms: u64,
}

impl Sampler {
    /// The event with the note of its sampling. `None` for an exposure outside of the sample.
    pub(crate) fn batched(
        &mut self,
        event: QueuedEvent,
        config: SamplingConfig,
        now_ms: u64,
    ) -> Option<BatchedEvent> {
        let sampled = match &event {
            QueuedEvent::Exposure(exposure) => self.decide(exposure, config, now_ms),
            QueuedEvent::Other(_) => Sampled::Keep(None),
        };
        match sampled {
            Sampled::Keep(sampling) => Some(BatchedEvent { event, sampling }),
            Sampled::LeaveOut => None,
        }
    }

    fn decide(&mut self, exposure: &Exposure, config: SamplingConfig, now_ms: u64) -> Sampled {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::event::{ExposureSubject, SamplingInputs, SecondaryExposures};
    use crate::results::{EvaluationDetails, Reason, SpecsSource};
    use crate::user::StatsigUser;

    fn exposure(rule_id: &str, sampling: SamplingInputs) -> Exposure {
        Exposure {
            user: StatsigUser::anonymous(),
            name: "a_gate".into(),
            rule_id: rule_id.into(),
            subject: ExposureSubject::Gate { value: true },
            details: EvaluationDetails::without_specs(Reason::NoSpecs(SpecsSource::NoValues)),
            secondary: SecondaryExposures::Empty,
            is_manual: false,
            override_config_name: None,
            sampling,
            time_ms: 0,
        }
    }

    const ON: SamplingConfig = SamplingConfig {
        mode: SamplingMode::On,
        special_case_rate: Some(7),
        first_sight_ttl_ms: 60_000,
    };

    /// Decides about a second sight, within the window.
    fn decide(config: SamplingConfig, rule_id: &str, sampling: SamplingInputs) -> Sampled {
        let mut sampler = Sampler::default();
        let exposure = exposure(rule_id, sampling);
        assert_eq!(sampler.decide(&exposure, config, 1), Sampled::Keep(None));
        sampler.decide(&exposure, config, 2)
    }

    fn inputs(rate: Option<u64>, key_hash: u64) -> SamplingInputs {
        SamplingInputs {
            rate,
            key_hash,
            ..SamplingInputs::default()
        }
    }

    #[test]
    fn keeps_one_in_so_many_and_says_so() {
        let note = SamplingNote {
            rate: Some(10),
            mode: SamplingMode::On,
            is_in_sample: true,
        };
        assert_eq!(
            decide(ON, "rule", inputs(Some(10), 30)),
            Sampled::Keep(Some(note))
        );
        assert_eq!(decide(ON, "rule", inputs(Some(10), 31)), Sampled::LeaveOut);
        let unsampled = SamplingNote { rate: None, ..note };
        assert_eq!(
            decide(ON, "rule", inputs(None, 31)),
            Sampled::Keep(Some(unsampled))
        );
    }

    #[test]
    fn shadow_keeps_everything_and_says_what_it_would_have_done() {
        let shadow = SamplingConfig {
            mode: SamplingMode::Shadow,
            ..ON
        };
        let note = SamplingNote {
            rate: Some(10),
            mode: SamplingMode::Shadow,
            is_in_sample: false,
        };
        assert_eq!(
            decide(shadow, "rule", inputs(Some(10), 31)),
            Sampled::Keep(Some(note))
        );
    }

    #[test]
    fn rules_that_no_rule_made_have_a_rate_of_their_own() {
        for rule_id in ["", "default", "disabled"] {
            assert_eq!(decide(ON, rule_id, inputs(Some(10), 10)), Sampled::LeaveOut);
        }
    }

    #[test]
    fn forced_exposures_are_never_left_out() {
        let forward = SamplingInputs {
            forward_all: true,
            ..inputs(Some(10), 31)
        };
        let analytical = SamplingInputs {
            has_seen_analytical_gates: true,
            ..inputs(Some(10), 31)
        };
        for sampling in [forward, analytical] {
            assert_eq!(decide(ON, "rule", sampling), Sampled::Keep(None));
        }
        let off = SamplingConfig {
            mode: SamplingMode::Off,
            ..ON
        };
        assert_eq!(
            decide(off, "rule", inputs(Some(10), 31)),
            Sampled::Keep(None)
        );
    }

    #[test]
    fn the_first_sight_counts_anew_after_the_window_and_beyond_the_limit() {
        let mut sampler = Sampler::default();
        let repeated = exposure("rule", inputs(Some(10), 31));
        assert_eq!(sampler.decide(&repeated, ON, 0), Sampled::Keep(None));
        assert_eq!(sampler.decide(&repeated, ON, 60_000), Sampled::LeaveOut);
        assert_eq!(sampler.decide(&repeated, ON, 60_001), Sampled::Keep(None));
        for pair in 1..=MAX_PAIRS as u64 {
            let sampling = SamplingInputs {
                spec_rule_hash: pair,
                ..inputs(Some(10), 31)
            };
            assert_eq!(
                sampler.decide(&exposure("rule", sampling), ON, 60_002),
                Sampled::Keep(None)
            );
        }
        assert_eq!(sampler.decide(&repeated, ON, 60_003), Sampled::Keep(None));
    }
}
