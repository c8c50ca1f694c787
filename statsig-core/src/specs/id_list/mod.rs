//! ID lists: large segments, held as the short hashes of their members.
//!
//! The lists that are published are also what a sync starts from: how much of each file has been applied stands beside the
//! members, so that neither can get ahead of the other.

mod ids;
mod lines;

use std::sync::Arc;

pub use self::ids::Ids;
pub use self::lines::changes;
use crate::hash::{FastMap, IdLookup};
use crate::text::SharedStr;

/// All ID lists, by name. Cloning copies no members.
#[derive(Debug, Clone, Default)]
pub struct IdLists {
    /// The lists by name.
    pub lists: FastMap<SharedStr, Arc<IdList>>,
}

/// One ID list. Cloning copies no members.
#[derive(Debug, Clone, Default)]
pub struct IdList {
    /// The members.
    pub ids: Ids,
    /// Which file the list was read from.
    pub origin: Origin,
}

/// What a list was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file that grows, and how far it was read.
    File(ListFile),
    /// A text with all of its members, by a fingerprint. Any file replaces the list.
    Text(u64),
}

impl Default for Origin {
    fn default() -> Self {
        Self::File(ListFile::default())
    }
}

/// The file that a list was read from, and how far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFile {
    /// The file's ID.
    pub id: Option<SharedStr>,
    /// Epoch milliseconds. It moves with every append.
    pub creation_time: i64,
    /// The bytes applied so far.
    pub size: u64,
}

impl IdList {
    /// The file it was read from, if it was one.
    #[must_use]
    pub fn file(&self) -> Option<&ListFile> {
        match &self.origin {
            Origin::File(file) => Some(file),
            Origin::Text(_) => None,
        }
    }
}

impl IdLists {
    /// Lists from names and the lookups of their members.
    pub fn from_lookups<N, L>(lists: impl IntoIterator<Item = (N, L)>) -> Self
    where
        N: Into<SharedStr>,
        L: IntoIterator<Item = IdLookup>,
    {
        let lists = lists.into_iter().map(|(name, lookups)| {
            let mut list = IdList::default();
            list.ids
                .apply(lookups.into_iter().map(|lookup| (lookup, true)));
            (name.into(), Arc::new(list))
        });
        Self {
            lists: lists.collect(),
        }
    }

    /// Whether a list has an ID as a member.
    #[must_use]
    pub fn contains(&self, list: &str, unit_id: &str) -> bool {
        self.lists
            .get(list)
            .is_some_and(|list| list.ids.contains(IdLookup::of(unit_id)))
    }

    /// The members of all lists together.
    #[must_use]
    pub fn member_count(&self) -> usize {
        self.lists.values().map(|list| list.ids.count()).sum()
    }
}
