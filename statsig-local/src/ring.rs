//! A bounded buffer of the newest items.

use std::collections::VecDeque;

/// Keeps the newest items within a number of items and a total weight.
#[derive(Debug)]
pub(crate) struct Ring<T> {
    items: VecDeque<(usize, T)>,
    weight: usize,
    max_items: usize,
    max_weight: usize,
    /// How many items were dropped since the start or the last `clear`.
    pub(crate) forgotten: u64,
}

impl<T: Clone> Ring<T> {
    pub(crate) fn new(max_items: usize, max_weight: usize) -> Self {
        Self {
            items: VecDeque::new(),
            weight: 0,
            max_items,
            max_weight,
            forgotten: 0,
        }
    }

    /// Adds the newest item and drops the oldest ones until the bounds hold again. The newest item
    /// always stays.
    pub(crate) fn push(&mut self, item: T, weight: usize) {
        self.items.push_back((weight, item));
        self.weight = self.weight.saturating_add(weight);
        while self.items.len() > 1
            && (self.items.len() > self.max_items || self.weight > self.max_weight)
        {
            if let Some((weight, _)) = self.items.pop_front() {
                self.weight = self.weight.saturating_sub(weight);
                self.forgotten += 1;
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        self.items.clear();
        self.weight = 0;
        self.forgotten = 0;
    }

    /// Oldest first.
    pub(crate) fn to_vec(&self) -> Vec<T> {
        self.items.iter().map(|(_, item)| item.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Ring;

    #[test]
    fn forgets_the_oldest_beyond_the_number_of_items() {
        let mut ring = Ring::new(2, 100);
        ring.push('a', 1);
        ring.push('b', 1);
        assert_eq!((ring.to_vec(), ring.forgotten), (vec!['a', 'b'], 0));
        ring.push('c', 1);
        assert_eq!((ring.to_vec(), ring.forgotten), (vec!['b', 'c'], 1));
    }

    #[test]
    fn forgets_the_oldest_beyond_the_weight_but_never_the_newest() {
        let mut ring = Ring::new(10, 5);
        ring.push('a', 2);
        ring.push('b', 3);
        assert_eq!(ring.to_vec(), ['a', 'b']);
        ring.push('c', 3);
        assert_eq!(ring.to_vec(), ['c']);
        ring.push('d', 50);
        assert_eq!((ring.to_vec(), ring.forgotten), (vec!['d'], 3));
    }
}
