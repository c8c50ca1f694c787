//! When to start a crashed actor again. Pure.

use std::time::{Duration, Instant};

use crate::transport::backoff::Backoff;

/// The pause before the first restart.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause before a restart.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// After this time without a crash, the pauses start over.
const QUIET_PERIOD: Duration = Duration::from_secs(60);

const BACKOFF: Backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);

/// The crashes of one actor in a row.
#[derive(Debug, Default)]
pub(super) struct CrashRecord {
    crashes: u32,
    last: Option<Instant>,
}

impl CrashRecord {
    /// Counts a crash. Returns the pause before the restart.
    pub(super) fn crashed(&mut self, now: Instant, random: f64) -> Duration {
        let is_quiet = self
            .last
            .is_none_or(|last| now.saturating_duration_since(last) >= QUIET_PERIOD);
        self.crashes = if is_quiet {
            1
        } else {
            self.crashes.saturating_add(1)
        };
        self.last = Some(now);
        BACKOFF.pause(self.crashes, random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_while_it_keeps_crashing_and_start_over_after_a_quiet_period() {
        let mut record = CrashRecord::default();
        let mut now = tokio::time::Instant::now().into_std();
        let mut pauses = Vec::new();
        for _ in 0..12 {
            let pause = record.crashed(now, 0.0);
            pauses.push(pause.as_millis());
            now += pause;
        }
        assert_eq!(pauses[..4], [100, 200, 400, 800]);
        assert_eq!(pauses[11], 30_000);
        assert_eq!(record.crashed(now + QUIET_PERIOD, 0.0), FIRST_PAUSE);
    }
}
