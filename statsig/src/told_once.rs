//! Telling each problem once for each generation of specs.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use crate::hash::mix;
use crate::process::Home;

/// Remembers what was told already, up to a limit. A newer generation of specs starts anew.
#[derive(Debug)]
pub(crate) struct ToldOnce {
    home: Arc<Home>,
    limit: usize,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    generation: u64,
    hashes: HashSet<u64>,
}

/// Whether something is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    First,
    /// As many as the limit were told before.
    FirstBeyondLimit,
    Repeated,
}

impl ToldOnce {
    /// Of a client that works in this process. In a fork nothing is told: locks behind the log may be held for ever.
    pub(crate) fn new(limit: usize, home: Arc<Home>) -> Self {
        Self {
            home,
            limit,
            told: Mutex::default(),
        }
    }

    /// Takes note of a problem, by its hash. Never waits: one that another thread gets in the way of is told by a later call.
    pub(crate) fn see(&self, generation: u64, problem: u64) -> Sight {
        if !self.home.is_here() {
            return Sight::Repeated;
        }
        let mut told = match self.told.try_lock() {
            Ok(told) => told,
            Err(TryLockError::Poisoned(poisoned)) => PoisonError::into_inner(poisoned),
            Err(TryLockError::WouldBlock) => return Sight::Repeated,
        };
        if generation > told.generation {
            *told = Told {
                generation,
                ..Told::default()
            };
        }
        // One more than the limit is remembered, to tell the first beyond it from the others.
        let hashes = &mut told.hashes;
        // Whoever reads with older specs, which were pinned, does not make the newer ones be told again.
        let problem = mix(problem, generation);
        if hashes.len() > self.limit || !hashes.insert(problem) {
            Sight::Repeated
        } else if hashes.len() > self.limit {
            Sight::FirstBeyondLimit
        } else {
            Sight::First
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_up_to(limit: usize) -> ToldOnce {
        ToldOnce::new(limit, Arc::new(Home::here()))
    }

    #[test]
    fn each_problem_is_told_once_for_each_newer_generation() {
        let told = told_up_to(10);
        assert_eq!(told.see(1, 7), Sight::First);
        assert_eq!(told.see(1, 7), Sight::Repeated);
        assert_eq!(told.see(2, 7), Sight::First);
        assert_eq!(told.see(1, 7), Sight::First, "pinned");
        assert_eq!(told.see(1, 7), Sight::Repeated);
        assert_eq!(told.see(2, 7), Sight::Repeated);
    }

    #[test]
    fn problems_are_told_up_to_the_limit() {
        let told = told_up_to(3);
        let sights: Vec<_> = (0..6).map(|problem| told.see(1, problem)).collect();
        let expected = [Sight::First; 3].into_iter();
        let expected = expected.chain([Sight::FirstBeyondLimit, Sight::Repeated, Sight::Repeated]);
        assert_eq!(sights, expected.collect::<Vec<_>>());
    }
}
