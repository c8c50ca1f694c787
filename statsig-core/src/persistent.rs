//! A map that is cheap to copy and to change. The copy and the original share the unchanged parts.

use std::sync::Arc;

use crate::hash::text_hash;
use crate::text::SharedStr;

const BITS: u32 = 4;
const WIDTH: usize = 1 << BITS;
/// The hash has no more bits below this depth.
const MAX_DEPTH: u32 = u64::BITS / BITS;
/// A leaf with more entries becomes a branch.
const MAX_LEAF: usize = 8;

/// An immutable map with text keys: a tree over the hashes of the keys. A clone copies one pointer.
/// A change to a clone copies the path to the changed entry, about a hundred pointers at any size.
#[derive(Debug, Clone)]
pub struct PersistentMap<V> {
    root: Arc<Node<V>>,
    len: usize,
}

#[derive(Debug, Clone)]
enum Node<V> {
    Leaf(Vec<(SharedStr, V)>),
    Branch([Arc<Node<V>>; WIDTH]),
}

impl<V> Default for PersistentMap<V> {
    fn default() -> Self {
        Self {
            root: Arc::default(),
            len: 0,
        }
    }
}

impl<V> Default for Node<V> {
    fn default() -> Self {
        Self::Leaf(Vec::new())
    }
}

impl<V> PersistentMap<V> {
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn get(&self, key: &str) -> Option<&V> {
        let hash = text_hash(key);
        let mut node = &*self.root;
        let mut depth = 0;
        loop {
            match node {
                Node::Leaf(entries) => {
                    let mut entries = entries.iter();
                    return entries.find(|(own, _)| own == key).map(|(_, value)| value);
                }
                Node::Branch(children) => node = children.get(place(hash, depth))?,
            }
            depth += 1;
        }
    }
}

impl<V: Clone> PersistentMap<V> {
    /// Sets the value of this key.
    pub(crate) fn set(&mut self, key: &str, value: V) {
        let is_new = self.change_leaf(key, |entries| {
            if let Some((_, own)) = entries.iter_mut().find(|(own, _)| own == key) {
                *own = value;
                return false;
            }
            entries.push((key.into(), value));
            true
        });
        self.len += usize::from(is_new == Some(true));
    }

    pub(crate) fn remove(&mut self, key: &str) {
        if self.get(key).is_none() {
            return;
        }
        self.len -= 1;
        if self.is_empty() {
            *self = Self::default();
        } else {
            self.change_leaf(key, |entries| entries.retain(|(own, _)| own != key));
        }
    }

    fn change_leaf<R>(
        &mut self,
        key: &str,
        change: impl FnOnce(&mut Vec<(SharedStr, V)>) -> R,
    ) -> Option<R> {
        Arc::make_mut(&mut self.root).change_leaf(text_hash(key), 0, change)
    }
}

impl<V: Clone> Node<V> {
    /// Changes the leaf that this hash leads to.
    fn change_leaf<R>(
        &mut self,
        hash: u64,
        depth: u32,
        change: impl FnOnce(&mut Vec<(SharedStr, V)>) -> R,
    ) -> Option<R> {
        match self {
            Self::Branch(children) => {
                let child = children.get_mut(place(hash, depth))?;
                Arc::make_mut(child).change_leaf(hash, depth + 1, change)
            }
            Self::Leaf(entries) => {
                let result = change(entries);
                if entries.len() > MAX_LEAF && depth < MAX_DEPTH {
                    *self = Self::branch(std::mem::take(entries), depth);
                }
                Some(result)
            }
        }
    }

    fn branch(entries: Vec<(SharedStr, V)>, depth: u32) -> Self {
        let mut children: [Vec<_>; WIDTH] = Default::default();
        for entry in entries {
            if let Some(child) = children.get_mut(place(text_hash(&entry.0), depth)) {
                child.push(entry);
            }
        }
        Self::Branch(children.map(|entries| Arc::new(Self::Leaf(entries))))
    }
}

/// The child that a hash leads to at this depth.
fn place(hash: u64, depth: u32) -> usize {
    (hash >> (depth * BITS)) as usize % WIDTH
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn with(keys: impl Iterator<Item = usize>) -> PersistentMap<usize> {
        let mut map = PersistentMap::default();
        keys.for_each(|key| map.set(&key.to_string(), key));
        map
    }

    #[test]
    fn a_copy_changes_alone() {
        let original = with(0..1_000);
        let mut copy = original.clone();
        copy.set("7", 70);
        copy.set("new", 1);
        copy.remove("8");
        assert_eq!(original.get("7"), Some(&7));
        assert_eq!(original.get("new"), None);
        assert_eq!(original.get("8"), Some(&8));
        assert_eq!(copy.get("7"), Some(&70));
        assert_eq!(copy.get("new"), Some(&1));
        assert_eq!(copy.get("8"), None);
    }

    #[test]
    fn what_was_emptied_is_empty() {
        let mut map = with(0..100);
        (0..100).for_each(|key: usize| map.remove(&key.to_string()));
        map.remove("never there");
        assert!(map.is_empty());
        assert!((0..100).all(|key: usize| map.get(&key.to_string()).is_none()));
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_plain_map(changes in proptest::collection::vec((0..60_u8, any::<Option<u8>>()), 0..400)) {
            let mut map = PersistentMap::default();
            let mut plain = HashMap::new();
            for (key, value) in changes {
                let key = key.to_string();
                match value {
                    Some(new) => {
                        map.set(&key, new);
                        plain.insert(key, new);
                    }
                    None => {
                        map.remove(&key);
                        plain.remove(&key);
                    }
                }
                prop_assert_eq!(map.is_empty(), plain.is_empty());
                for key in 0..60_u8 {
                    let key = key.to_string();
                    prop_assert_eq!(map.get(&key), plain.get(&key));
                }
            }
        }
    }
}
