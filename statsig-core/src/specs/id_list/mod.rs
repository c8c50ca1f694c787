//! ID lists: large segments, stored as short hashes of their members.
//!
//! A sync starts from the published lists. Each list stores its members together with the applied
//! size of its file, so that both stay consistent.

mod ids;
mod lines;

use std::sync::Arc;

pub use self::ids::Ids;
pub use self::lines::changes;
use crate::hash::{FastMap, IdLookup};
use crate::text::SharedStr;

/// All ID lists, by name. A clone copies no members.
#[derive(Debug, Clone, Default)]
pub struct IdLists {
    /// The lists by name.
    pub lists: FastMap<SharedStr, Arc<IdList>>,
}

/// One ID list. A clone copies no members.
#[derive(Debug, Clone, Default)]
pub struct IdList {
    /// The members.
    pub ids: Ids,
    /// The source of the list.
    pub origin: Origin,
}

/// The source of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file that grows, and its applied size.
    File(ListFile),
    /// A text with all members, by fingerprint. Any file replaces the list.
    Text(u64),
}

impl Default for Origin {
    fn default() -> Self {
        Self::File(ListFile::default())
    }
}

/// The file of a list, and its applied size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFile {
    /// The file's ID.
    pub id: Option<SharedStr>,
    /// Epoch milliseconds. Each append changes it.
    pub creation_time: i64,
    /// The bytes applied so far.
    pub size: u64,
}

impl IdList {
    /// The source file, if the source is a file.
    #[must_use]
    pub fn file(&self) -> Option<&ListFile> {
        match &self.origin {
            Origin::File(file) => Some(file),
            Origin::Text(_) => None,
        }
    }
}

impl IdLists {
    /// Creates lists from names and the lookups of their members.
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

    /// The number of members in all lists together.
    #[must_use]
    pub fn member_count(&self) -> usize {
        self.lists.values().map(|list| list.ids.count()).sum()
    }
}
