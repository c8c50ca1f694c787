//! Which ID lists a user is in, when somebody else knows.

use std::collections::BTreeSet;
use std::hash::Hasher;

use super::{StatsigUser, StatsigUserBuilder};
use crate::hash::{FastMap, IdLookup, process_hasher};
use crate::value::bytes_of_entry;

/// The names of the lists that each ID is in.
pub(super) type Memberships = FastMap<IdLookup, BTreeSet<String>>;

/// The IDs are in no particular order, so that of their hashes must not matter.
pub(super) fn hash_memberships(memberships: &Memberships, hasher: &mut impl Hasher) {
    hasher.write_u8(7);
    hasher.write_usize(memberships.len());
    let hashes = memberships.iter().map(|(lookup, lists)| {
        let mut hasher = process_hasher();
        hasher.write_u64(lookup.number());
        for list in lists {
            hasher.write_usize(list.len());
            hasher.write(list.as_bytes());
        }
        hasher.finish()
    });
    hasher.write_u64(hashes.fold(0, u64::wrapping_add));
}

/// About how many bytes they take in memory.
pub(super) fn bytes_of_memberships(memberships: &Memberships) -> u64 {
    let lists = memberships.values().flatten();
    let lists = lists.map(|list| bytes_of_entry(list)).sum::<u64>();
    memberships.len() as u64 * bytes_of_entry("") + lists
}

impl StatsigUser {
    /// Whether one of its IDs is in an ID list, if the user says so.
    #[must_use]
    pub fn is_in_id_list(&self, list: &str, id: &str) -> Option<bool> {
        let memberships = self.data.id_list_memberships.as_ref()?;
        let lists = memberships.get(&IdLookup::of(id));
        Some(lists.is_some_and(|lists| lists.contains(list)))
    }
}

impl StatsigUserBuilder {
    /// Says which ID lists the user's IDs are in, for those who know it from elsewhere: the names of the lists by the first eight
    /// characters of base64(SHA-256(ID)), which is also how ID lists hold IDs.
    ///
    /// Then only this counts for ID lists, even if it is empty. It is part of no event.
    ///
    /// ```
    /// use statsig::StatsigUser;
    ///
    /// // The lookup of `a-user`.
    /// let user = StatsigUser::builder("a-user")
    ///     .id_list_memberships([("Z/hEKLio", ["employees"])])
    ///     .build();
    /// ```
    pub fn id_list_memberships<L: Into<String>>(
        mut self,
        memberships: impl IntoIterator<Item = (impl AsRef<str>, impl IntoIterator<Item = L>)>,
    ) -> Self {
        // Of other texts than lookups there can be no ID.
        let memberships = memberships.into_iter().filter_map(|(lookup, lists)| {
            let lookup = IdLookup::parse(lookup.as_ref().as_bytes())?;
            Some((lookup, lists.into_iter().map(Into::into).collect()))
        });
        self.data().id_list_memberships = Some(memberships.collect());
        self
    }
}
