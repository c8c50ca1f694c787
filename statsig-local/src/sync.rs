//! Locks that cannot fail.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks even if a holder panicked: every update in this crate leaves the value consistent.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
