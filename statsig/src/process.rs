//! The process that something belongs to. A fork copies memory and one thread: locks that other threads held stay locked in it.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread;

use tracing::dispatcher;

/// The process that made this.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// `None` where the system takes no note of forks.
    guard: Option<forkguard::Guard>,
    id: u32,
}

impl Origin {
    pub(crate) fn here() -> Self {
        Self {
            guard: forkguard::Guard::try_new().ok(),
            id: std::process::id(),
        }
    }

    /// Whether this is that process. Compares two numbers: asking the system for the ID of the process would cost as much as
    /// recording an event does.
    #[inline]
    pub(crate) fn is_here(&self) -> bool {
        match &self.guard {
            Some(guard) => !guard.clone().detected_fork(),
            None => self.id == std::process::id(),
        }
    }

    /// As [`is_here`](Self::is_here), and also right in a process that was forked without the help of the C library.
    pub(crate) fn is_surely_here(&self) -> bool {
        self.is_here() && self.id == std::process::id()
    }

    /// Locks what belongs to that process. In a fork it does not wait: `None` when it is locked, perhaps for ever.
    pub(crate) fn lock<'a, T>(&self, mutex: &'a Mutex<T>) -> Option<MutexGuard<'a, T>> {
        if self.is_surely_here() {
            return Some(mutex.lock().unwrap_or_else(PoisonError::into_inner));
        }
        match mutex.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// The process that a client works in: the one that made it, or a fork of that which took it over before it was used.
#[derive(Debug)]
pub(crate) struct Home {
    origin: Origin,
    taken_over: OnceLock<Origin>,
}

impl Home {
    pub(crate) fn here() -> Self {
        Self {
            origin: Origin::here(),
            taken_over: OnceLock::new(),
        }
    }

    /// Whether this is that process. Takes no lock.
    #[inline]
    pub(crate) fn is_here(&self) -> bool {
        self.origin.is_here() || self.is_taken_over_here()
    }

    #[cold]
    fn is_taken_over_here(&self) -> bool {
        self.taken_over.get().is_some_and(Origin::is_here)
    }

    /// As [`is_here`](Self::is_here), for calls that may take their time.
    pub(crate) fn is_surely_here(&self) -> bool {
        let origin = self.taken_over.get().unwrap_or(&self.origin);
        origin.is_surely_here()
    }

    /// Works in this process from now on. False if another one took it over before.
    pub(crate) fn take_over(&self) -> bool {
        // If it is set already, what is set decides.
        let _ = self.taken_over.set(Origin::here());
        self.is_surely_here()
    }

    #[cfg(test)]
    pub(crate) fn pretend_elsewhere(&self) {
        let elsewhere = Origin {
            guard: None,
            id: std::process::id().wrapping_add(1),
        };
        self.taken_over.set(elsewhere).unwrap();
    }
}

/// Writes to the log from a thread of its own. In a fork, a subscriber may wait for a lock that no thread will ever release: the
/// thread waits then, and nobody else.
pub(crate) fn log_aside(write: impl FnOnce() + Send + 'static) {
    let subscriber = dispatcher::get_default(Clone::clone);
    let thread = thread::Builder::new().name("statsig-log".to_owned());
    // Without a thread there is no line; the books tell all the same.
    let _ = thread.spawn(move || dispatcher::with_default(&subscriber, write));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_where_it_was_made_until_another_process_takes_it_over() {
        let home = Home::here();
        assert!(home.is_here() && home.is_surely_here());
        assert!(home.take_over() && home.is_here());
        let home = Home {
            origin: Origin { guard: None, id: 0 },
            taken_over: OnceLock::new(),
        };
        assert!(!home.is_here() && !home.is_surely_here());
        assert!(home.take_over() && home.is_here());
    }

    #[test]
    fn in_a_fork_nobody_waits_for_a_lock_that_a_thread_of_the_parent_held() {
        let elsewhere = Origin { guard: None, id: 0 };
        let mutex = Mutex::new(1);
        assert_eq!(elsewhere.lock(&mutex).as_deref(), Some(&1));
        let held = Origin::here().lock(&mutex);
        assert!(held.is_some() && elsewhere.lock(&mutex).is_none());
    }
}
