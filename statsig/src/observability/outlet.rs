//! A bounded queue from those to whom things happen to the task that reports them. Putting in never waits.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_queue::ArrayQueue;
use once_cell::race::OnceBox;
use tokio::sync::Notify;

/// What waits to be reported. Takes its memory with the first item.
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

    /// Puts in, or counts as lost when there is no room.
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

    /// Waits until there may be something to take. For one waiter.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// How many found no room since this was last asked.
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
