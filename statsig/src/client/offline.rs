//! The deduplication window of a client without actors: its clock ends it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{ClientInner, Statsig};

/// When the current window began, in epoch milliseconds; unset where the exposure actor ends windows.
#[derive(Debug, Default)]
pub(super) struct OfflineWindow(OnceLock<AtomicU64>);

impl Statsig {
    /// Ends deduplication windows by the clock from now on, since no actor will.
    pub(crate) fn end_windows_by_clock(&self) {
        let now_ms = self.inner.shared.clock.now_ms();
        self.inner
            .offline_window
            .0
            .get_or_init(|| AtomicU64::new(now_ms));
    }
}

impl ClientInner {
    pub(super) fn roll_offline_window(&self) {
        let Some(start) = self.offline_window.0.get() else {
            return;
        };
        let began = start.load(Ordering::Relaxed);
        let now = self.shared.clock.now_ms();
        let window = self.shared.published.load().settings.dedupe_ttl_ms;
        let is_over = now.saturating_sub(began) >= window;
        // Of several threads, one begins the next window.
        let begins = || start.compare_exchange(began, now, Ordering::Relaxed, Ordering::Relaxed);
        if is_over && begins().is_ok() {
            self.shared.events.dedupe.start_window();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use crate::options::StatsigOptions;
    use crate::testing::{OfflineClient, SimulatedClock};
    use crate::user::StatsigUser;

    #[test]
    fn an_exposure_is_logged_again_once_the_simulated_clock_has_passed_a_minute() {
        let specs = r#"{"has_updates":true,"time":1,"feature_gates":{},"dynamic_configs":{},"layer_configs":{},
            "condition_map":{},"experiment_to_layer":{}}"#;
        let clock = Arc::new(SimulatedClock::new());
        let options = StatsigOptions::builder().clock(clock.clone());
        let client = OfflineClient::new(specs, options.build().unwrap()).unwrap();
        let user = StatsigUser::with_user_id("u");
        let exposures = || {
            let _ = (client.check_gate(&user, "g"), client.check_gate(&user, "g"));
            client.take_events().len()
        };
        assert_eq!(exposures(), 1);
        clock.jump(Duration::from_secs(59));
        assert_eq!(exposures(), 0);
        clock.jump(Duration::from_secs(2));
        assert_eq!(exposures(), 1);
    }
}
