//! ID lists: large segments, held as the short hashes of their members.

use std::collections::HashSet;

use crate::hash::{FastMap, FastState, id_list_lookup};
use crate::text::SharedStr;

/// All ID lists, by name.
#[derive(Debug, Default)]
pub(crate) struct IdLists {
    lists: FastMap<SharedStr, HashSet<[u8; 8], FastState>>,
}

impl IdLists {
    #[cfg(any(test, feature = "testing"))]
    /// Lists from names and the lookups (the first eight characters of base64 SHA-256) of their members.
    pub(crate) fn from_lookups<N, L>(lists: impl IntoIterator<Item = (N, L)>) -> Self
    where
        N: Into<SharedStr>,
        L: IntoIterator<Item = [u8; 8]>,
    {
        let lists = lists
            .into_iter()
            .map(|(name, lookups)| (name.into(), lookups.into_iter().collect()))
            .collect();
        Self { lists }
    }

    pub(crate) fn contains(&self, list: &str, unit_id: &str) -> bool {
        self.lists
            .get(list)
            .is_some_and(|members| members.contains(&id_list_lookup(unit_id)))
    }
}
