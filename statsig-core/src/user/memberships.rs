//! The ID lists of a user, if the application knows them.

use std::collections::{BTreeMap, BTreeSet};

use super::{StatsigUser, StatsigUserBuilder};
use crate::hash::IdLookup;
use crate::value::{bytes_of_entry, text_of};

/// The names of the lists for each ID.
pub(super) type Memberships = BTreeMap<IdLookup, BTreeSet<String>>;

/// The approximate memory use, in bytes.
pub(super) fn bytes_of_memberships(memberships: &Memberships) -> u64 {
    let lists = memberships.values().flatten();
    let lists = lists.map(|list| bytes_of_entry(list)).sum::<u64>();
    memberships.len() as u64 * bytes_of_entry("") + lists
}

impl StatsigUser {
    /// Whether one of the user's IDs is in an ID list, if the user carries memberships.
    #[must_use]
    pub fn is_in_id_list(&self, list: &str, id: &str) -> Option<bool> {
        let memberships = self.data().id_list_memberships.as_ref()?;
        let lists = memberships.get(&IdLookup::of(id));
        Some(lists.is_some_and(|lists| lists.contains(list)))
    }

    /// The user ID and the custom IDs as ID lists contain them: the first eight characters of
    /// base64(SHA-256(ID)). These are the keys of
    /// [`id_list_memberships`](StatsigUserBuilder::id_list_memberships).
    ///
    /// ```
    /// use statsig::StatsigUser;
    ///
    /// let lookups = StatsigUser::with_user_id("a-user").id_list_lookups();
    /// assert!(lookups.iter().eq(["Z/hEKLio"]));
    /// ```
    #[must_use]
    pub fn id_list_lookups(&self) -> BTreeSet<String> {
        let custom_ids = self.data().custom_ids.iter().flat_map(|ids| ids.values());
        let ids = self.data().user_id.iter().chain(custom_ids);
        ids.filter_map(text_of)
            .map(|id| {
                let mut lookup = String::new();
                IdLookup::of(&id).append_to(&mut lookup);
                lookup
            })
            .collect()
    }
}

impl StatsigUserBuilder {
    /// Sets the ID lists of the user's IDs, if the application knows them from another place. The
    /// key is the first eight characters of base64(SHA-256(ID)), the form of IDs in ID lists. The
    /// value is the names of the lists.
    ///
    /// The SDK then uses only these memberships and no ID lists, even if they are empty. Events do
    /// not contain them.
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
        // Other texts cannot identify an ID.
        let memberships = memberships.into_iter().filter_map(|(lookup, lists)| {
            let lookup = IdLookup::parse(lookup.as_ref().as_bytes())?;
            Some((lookup, lists.into_iter().map(Into::into).collect()))
        });
        self.data().id_list_memberships = Some(memberships.collect());
        self
    }
}
