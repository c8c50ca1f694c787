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

impl SamplingNote {
    /// Whether the exposure is not sent.
    fn is_left_out(self) -> bool {
        self.mode == SamplingMode::On && !self.is_in_sample
    }
}

/// An event with the note of its sampling.
#[derive(Debug)]
pub(crate) struct BatchedEvent {
    pub(crate) event: QueuedEvent,
    pub(crate) sampling: Option<SamplingNote>,
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
        let sampling = match &event {
            QueuedEvent::Exposure(exposure) => self.note(exposure, config, now_ms),
            QueuedEvent::Other(_) => None,
        };
        let is_left_out = sampling.is_some_and(SamplingNote::is_left_out);
        (!is_left_out).then_some(BatchedEvent { event, sampling })
    }

    /// `None` if sampling does not apply.
    fn note(
        &mut self,
        exposure: &Exposure,
        config: SamplingConfig,
        now_ms: u64,
    ) -> Option<SamplingNote> {
        let inputs = exposure.sampling;
        if config.mode == SamplingMode::Off
            || inputs.forward_all
            || inputs.has_seen_analytical_gates
            || self.is_first_sight(inputs.spec_rule_hash, config.first_sight_ttl_ms, now_ms)
        {
            return None;
        }
        let is_special = matches!(exposure.rule_id.as_str(), "" | "default" | "disabled");
        let special_rate = config.special_case_rate.filter(|_| is_special);
        let rate = special_rate.or(inputs.rate);
        let is_in_sample = rate
            .is_none_or(|rate| inputs.key_hash.checked_rem(rate).unwrap_or(inputs.key_hash) == 0);
        Some(SamplingNote {
            rate,
            mode: config.mode,
            is_in_sample,
        })
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
    fn decide(
        config: SamplingConfig,
        rule_id: &str,
        sampling: SamplingInputs,
    ) -> Option<SamplingNote> {
        let mut sampler = Sampler::default();
        let exposure = exposure(rule_id, sampling);
        assert_eq!(sampler.note(&exposure, config, 1), None);
        sampler.note(&exposure, config, 2)
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
        assert_eq!(decide(ON, "rule", inputs(Some(10), 30)), Some(note));
        assert!(
            decide(ON, "rule", inputs(Some(10), 31))
                .unwrap()
                .is_left_out()
        );
        let unsampled = SamplingNote { rate: None, ..note };
        assert_eq!(decide(ON, "rule", inputs(None, 31)), Some(unsampled));
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
        assert_eq!(decide(shadow, "rule", inputs(Some(10), 31)), Some(note));
    }

    #[test]
    fn rules_that_no_rule_made_have_a_rate_of_their_own() {
        for rule_id in ["", "default", "disabled"] {
            assert!(
                decide(ON, rule_id, inputs(Some(10), 10))
                    .unwrap()
                    .is_left_out()
            );
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
            assert_eq!(decide(ON, "rule", sampling), None);
        }
        let off = SamplingConfig {
            mode: SamplingMode::Off,
            ..ON
        };
        assert_eq!(decide(off, "rule", inputs(Some(10), 31)), None);
    }

    #[test]
    fn the_first_sight_counts_anew_after_the_window_and_beyond_the_limit() {
        let mut sampler = Sampler::default();
        let repeated = exposure("rule", inputs(Some(10), 31));
        assert_eq!(sampler.note(&repeated, ON, 0), None);
        assert!(sampler.note(&repeated, ON, 60_000).unwrap().is_left_out());
        assert_eq!(sampler.note(&repeated, ON, 60_001), None);
        for pair in 1..=MAX_PAIRS as u64 {
            let sampling = SamplingInputs {
                spec_rule_hash: pair,
                ..inputs(Some(10), 31)
            };
            assert_eq!(sampler.note(&exposure("rule", sampling), ON, 60_002), None);
        }
        assert_eq!(sampler.note(&repeated, ON, 60_003), None);
    }
}
