//! Reports each problem once for each generation of specs. The time in the specs (`lcut`)
//! identifies it: new ID lists are not new specs.

use std::collections::HashSet;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::hash::mix;
use crate::process::HomeProcess;

/// Remembers reported problems, up to a limit. Newer specs start again.
///
/// A repeated problem takes no lock and no memory: it reads an immutable set, which each new
/// problem replaces.
#[derive(Debug)]
pub(crate) struct OncePerGeneration {
    home: Arc<HomeProcess>,
    limit: usize,
    seen: ArcSwap<Seen>,
}

#[derive(Debug, Clone, Default)]
struct Seen {
    lcut: u64,
    /// Holds one more than the limit, to distinguish the first problem beyond it.
    hashes: HashSet<u64>,
}

/// Whether to report a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    First,
    /// The limit is reached; this is the first problem beyond it.
    FirstBeyondLimit,
    Repeated,
}

impl Seen {
    /// Whether this problem needs no report.
    fn covers(&self, lcut: u64, problem: u64, limit: usize) -> bool {
        lcut <= self.lcut && (self.hashes.len() > limit || self.hashes.contains(&problem))
    }

    /// A copy with one more problem.
    fn with(&self, lcut: u64, problem: u64) -> Self {
        let mut next = if lcut > self.lcut {
            Self {
                lcut,
                hashes: HashSet::new(),
            }
        } else {
            self.clone()
        };
        next.hashes.insert(problem);
        next
    }
}

impl OncePerGeneration {
    /// For a client of this process. Forks report nothing, because locks behind the log may be held
    /// for ever.
    pub(crate) fn new(limit: usize, home: Arc<HomeProcess>) -> Self {
        Self {
            home,
            limit,
            seen: ArcSwap::default(),
        }
    }

    /// Records a problem by its hash. Never waits.
    pub(crate) fn see(&self, lcut: u64, problem: u64) -> Sight {
        if !self.home.is_here() {
            return Sight::Repeated;
        }
        // Reads of pinned older specs must not cause new reports of the current ones.
        let problem = mix(problem, lcut);
        if self.seen.load().covers(lcut, problem, self.limit) {
            Sight::Repeated
        } else {
            self.note(lcut, problem)
        }
    }

    #[cold]
    fn note(&self, lcut: u64, problem: u64) -> Sight {
        let mut sight = Sight::Repeated;
        self.seen.rcu(|seen| {
            if seen.covers(lcut, problem, self.limit) {
                sight = Sight::Repeated;
                return Arc::clone(seen);
            }
            let next = Arc::new(seen.with(lcut, problem));
            sight = if next.hashes.len() > self.limit {
                Sight::FirstBeyondLimit
            } else {
                Sight::First
            };
            next
        });
        sight
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn reports_up_to(limit: usize) -> OncePerGeneration {
        OncePerGeneration::new(limit, Arc::new(HomeProcess::here()))
    }

    #[test]
    fn each_problem_is_reported_once_for_newer_specs() {
        let reported = reports_up_to(10);
        assert_eq!(reported.see(1, 7), Sight::First);
        assert_eq!(reported.see(1, 7), Sight::Repeated);
        assert_eq!(reported.see(2, 7), Sight::First);
        assert_eq!(reported.see(1, 7), Sight::First, "pinned");
        assert_eq!(reported.see(1, 7), Sight::Repeated);
        assert_eq!(reported.see(2, 7), Sight::Repeated);
    }

    #[test]
    fn problems_are_reported_up_to_the_limit() {
        let reported = reports_up_to(3);
        let sights: Vec<_> = (0..6).map(|problem| reported.see(1, problem)).collect();
        let expected = [Sight::First; 3].into_iter();
        let expected = expected.chain([Sight::FirstBeyondLimit, Sight::Repeated, Sight::Repeated]);
        assert_eq!(sights, expected.collect::<Vec<_>>());
    }

    #[test]
    fn a_problem_seen_again_or_beyond_the_limit_takes_no_memory() {
        let reported = reports_up_to(3);
        for problem in 0..4 {
            reported.see(1, problem);
        }
        let before = reported.seen.load_full();
        for problem in 0..100 {
            assert_eq!(reported.see(1, problem), Sight::Repeated);
        }
        assert!(Arc::ptr_eq(&before, &reported.seen.load()));
    }

    #[test]
    fn of_many_threads_that_see_a_problem_one_tells_it() {
        let reported = reports_up_to(1_000);
        let firsts = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for problem in 0..500 {
                        if reported.see(1, problem) == Sight::First {
                            firsts.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(firsts.into_inner(), 500);
    }
}
