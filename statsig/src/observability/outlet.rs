//! A bounded queue in front of the task that calls observability clients. `put` never waits.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_queue::ArrayQueue;
use once_cell::race::OnceBox;
use tokio::sync::Notify;

/// A bounded queue. Allocates its memory at the first item.
#[derive(Debug)]
pub(crate) struct Outlet<T> {
    items: OnceBox<ArrayQueue<T>>,
    capacity: usize,
    filled: Notify,
    lost: AtomicU64,
}

impl<T> Outlet<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            items: OnceBox::new(),
            capacity: capacity.max(1),
            filled: Notify::new(),
            lost: AtomicU64::new(0),
        }
    }

    /// Adds an item, or counts it as lost if there is no room.
    pub(crate) fn put(&self, item: T) {
        let items = (self.items).get_or_init(|| Box::new(ArrayQueue::new(self.capacity)));
        if items.push(item).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        self.filled.notify_one();
    }

    pub(crate) fn take(&self) -> Option<T> {
        self.items.get()?.pop()
    }

    /// Waits until there may be an item. For one waiter.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// The number of lost items since the last call.
    pub(crate) fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_so_many_and_counts_the_others() {
        let outlet = Outlet::new(2);
        (1..=5).for_each(|item| outlet.put(item));
        assert_eq!((outlet.take_lost(), outlet.take_lost()), (3, 0));
        assert_eq!(
            [outlet.take(), outlet.take(), outlet.take()],
            [Some(1), Some(2), None]
        );
    }
}
