//! The process that owns something. A fork copies the memory and one thread, so locks that other
//! threads held stay locked.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread;

use tracing::dispatcher;

/// The process that created something.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    /// `None` where the system does not report forks.
    guard: Option<forkguard::Guard>,
    id: u32,
}

impl Process {
    pub(crate) fn here() -> Self {
        Self {
            guard: forkguard::Guard::try_new().ok(),
            id: std::process::id(),
        }
    }

    /// Whether this is that process. Compares two numbers, because a system call for the process ID
    /// would cost as much as recording an event.
    #[inline]
    pub(crate) fn is_here(&self) -> bool {
        match &self.guard {
            Some(guard) => !guard.clone().detected_fork(),
            None => self.id == std::process::id(),
        }
    }

    /// Like [`is_here`](Self::is_here), but also correct after forks that bypass the C library.
    pub(crate) fn is_surely_here(&self) -> bool {
        self.is_here() && self.id == std::process::id()
    }

    /// Locks something that belongs to that process. In a fork it does not wait, because the lock
    /// may be held forever, and returns `None`.
    pub(crate) fn lock<'a, T>(&self, mutex: &'a Mutex<T>) -> Option<MutexGuard<'a, T>> {
        if self.is_surely_here() {
            return Some(lock(mutex));
        }
        match mutex.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// The process that a client works in: its creator, or a fork that took the client over before its
/// first use.
#[derive(Debug)]
pub(crate) struct HomeProcess {
    origin: Process,
    taken_over: OnceLock<Process>,
}

impl HomeProcess {
    pub(crate) fn here() -> Self {
        Self {
            origin: Process::here(),
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
        self.taken_over.get().is_some_and(Process::is_here)
    }

    /// Like [`is_here`](Self::is_here), but more thorough and slower.
    pub(crate) fn is_surely_here(&self) -> bool {
        let origin = self.taken_over.get().unwrap_or(&self.origin);
        origin.is_surely_here()
    }

    /// Moves the client to this process. Returns false if another process took it over before.
    pub(crate) fn take_over(&self) -> bool {
        // An earlier value decides.
        let _ = self.taken_over.set(Process::here());
        self.is_surely_here()
    }

    #[cfg(test)]
    pub(crate) fn pretend_elsewhere(&self) {
        let elsewhere = Process {
            guard: None,
            id: std::process::id().wrapping_add(1),
        };
        self.taken_over.set(elsewhere).unwrap();
    }
}

/// Locks the mutex, also after a thread panicked with it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes to the log from a separate thread. In a fork, a subscriber may wait for a lock that is
/// never released; then only this thread waits.
pub(crate) fn log_aside(write: impl FnOnce() + Send + 'static) {
    let subscriber = dispatcher::get_default(Clone::clone);
    let thread = thread::Builder::new().name("statsig-log".to_owned());
    // Without a thread there is no log line, but the counters are correct.
    let _ = thread.spawn(move || dispatcher::with_default(&subscriber, write));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_where_it_was_made_until_another_process_takes_it_over() {
        let home = HomeProcess::here();
        assert!(home.is_here() && home.is_surely_here());
        assert!(home.take_over() && home.is_here());
        let home = HomeProcess {
            origin: Process { guard: None, id: 0 },
            taken_over: OnceLock::new(),
        };
        assert!(!home.is_here() && !home.is_surely_here());
        assert!(home.take_over() && home.is_here());
    }

    #[test]
    fn in_a_fork_nobody_waits_for_a_lock_that_a_thread_of_the_parent_held() {
        let elsewhere = Process { guard: None, id: 0 };
        let mutex = Mutex::new(1);
        assert_eq!(elsewhere.lock(&mutex).as_deref(), Some(&1));
        let held = Process::here().lock(&mutex);
        assert!(held.is_some() && elsewhere.lock(&mutex).is_none());
    }
}
