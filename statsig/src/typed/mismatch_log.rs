//! Logs each problem once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{OnMismatch, ParamProblem};
use crate::once_per_generation::{OncePerGeneration, Sight};
use crate::process::HomeProcess;

/// Distinct problems that one client warns about for each generation of specs; more are only
/// counted.
const MAX_DISTINCT_PROBLEMS: usize = 1_000;

/// Warns once about each distinct problem of a generation of specs, and counts mismatches.
#[derive(Debug)]
pub(crate) struct MismatchLog {
    seen_problems: OncePerGeneration,
    total: AtomicU64,
    /// Whether `on_mismatch = "panic_in_tests"` panics.
    panics: bool,
}

impl MismatchLog {
    /// Of a client that works in this process. In a fork it counts only.
    pub(crate) fn new(home: Arc<HomeProcess>, panics: bool) -> Self {
        Self {
            seen_problems: OncePerGeneration::new(MAX_DISTINCT_PROBLEMS, home),
            total: AtomicU64::new(0),
            panics,
        }
    }

    /// Mismatches met so far, repeated ones included.
    pub(crate) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Reports the problems of one load. The time in the specs identifies them.
    pub(crate) fn report(&self, lcut: u64, policy: OnMismatch, problems: &[ParamProblem]) {
        for problem in problems {
            if let ParamProblem::Mismatch(_) = problem {
                self.total.fetch_add(1, Ordering::Relaxed);
            }
            if policy == OnMismatch::Default {
                continue;
            }
            match self.first_time(lcut, problem) {
                Sight::First => {
                    tracing::warn!(target: crate::targets::CLIENT, "{problem}{}", problem.consequence())
                }
                Sight::FirstBeyondLimit => tracing::warn!(
                    target: crate::targets::CLIENT,
                    "more than {MAX_DISTINCT_PROBLEMS} distinct problems with parameters; further ones are counted, not logged"
                ),
                Sight::Repeated => {}
            }
        }
        if let ([first, ..], OnMismatch::PanicInTests, true) = (problems, policy, self.panics) {
            fail_test(first);
        }
    }

    fn first_time(&self, lcut: u64, problem: &ParamProblem) -> Sight {
        let mut hasher = DefaultHasher::new();
        problem.hash(&mut hasher);
        self.seen_problems.see(lcut, hasher.finish())
    }
}

#[expect(clippy::panic, reason = "asked for by an option for tests")]
fn fail_test(problem: &ParamProblem) {
    panic!("{problem}");
}

#[cfg(feature = "macros")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::record_logs;
    use crate::typed::{DecidedBy, ParamSchema, ServedParams, StatsigParams, load};

    fn log() -> MismatchLog {
        MismatchLog::new(Arc::new(HomeProcess::here()), false)
    }

    #[derive(StatsigParams)]
    #[statsig(layer = "promos")]
    struct Promo {
        #[statsig(default = 0.1)]
        discount: f64,
    }

    /// Serves one value for all parameters.
    #[derive(Debug)]
    struct One(serde_json::Value);

    impl ServedParams for One {
        fn value(&self, _param: &ParamSchema, _name: &str) -> Option<&serde_json::Value> {
            Some(&self.0)
        }

        fn expose(&self, _param: &ParamSchema, _name: &str, _manual: bool) {}

        fn decided_by(&self, _param: Option<&ParamSchema>) -> DecidedBy {
            DecidedBy::default()
        }
    }

    /// The problem with a text where a number belongs.
    fn mismatch(found: &str) -> ParamProblem {
        let mut problem = None;
        let promo = load::<Promo, _>(One(found.into()), |found| problem = found.first().cloned());
        assert_eq!(promo.peek().discount, 0.1);
        problem.expect("a problem")
    }

    #[test]
    fn repeated_mismatches_are_logged_once() {
        let lines = record_logs();
        let log = log();
        log.report(1, OnMismatch::Warn, &[mismatch("1"), mismatch("2")]);
        log.report(1, OnMismatch::Warn, &[mismatch("1")]);
        log.report(1, OnMismatch::Default, &[mismatch("3")]);
        assert_eq!(log.total(), 4);
        let logged = lines.lines();
        assert_eq!(logged.len(), 2, "{logged:?}");
        assert!(
            logged[0]
                .message
                .ends_with("expected a number, found \"1\"; using the default")
        );
    }

    #[test]
    fn newer_specs_are_reported_anew_and_older_ones_once() {
        let log = log();
        let first_time = |generation| log.first_time(generation, &mismatch("1"));
        assert_eq!(first_time(1), Sight::First);
        assert_eq!(first_time(1), Sight::Repeated);
        assert_eq!(log.first_time(1, &mismatch("2")), Sight::First);
        assert_eq!(first_time(2), Sight::First);
        assert_eq!(first_time(1), Sight::First, "pinned");
        assert_eq!(
            (first_time(1), first_time(2)),
            (Sight::Repeated, Sight::Repeated)
        );
    }

    #[test]
    fn distinct_problems_are_bounded() {
        let log = log();
        let first_time = |found: &str| log.first_time(1, &mismatch(found));
        for found in 0..MAX_DISTINCT_PROBLEMS {
            assert_eq!(first_time(&found.to_string()), Sight::First);
        }
        assert_eq!(first_time("one more"), Sight::FirstBeyondLimit);
        assert_eq!(first_time("two more"), Sight::Repeated);
    }

    #[test]
    #[should_panic(expected = "expected a number, found \"1\"")]
    fn an_option_asks_for_a_panic() {
        let log = MismatchLog::new(Arc::new(HomeProcess::here()), true);
        log.report(1, OnMismatch::PanicInTests, &[mismatch("1")]);
    }

    #[test]
    fn without_the_option_nothing_panics() {
        log().report(1, OnMismatch::PanicInTests, &[mismatch("1")]);
    }
}
