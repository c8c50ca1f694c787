//! Hashes of a user. Each is computed once.

use std::hash::{Hash, Hasher};

use serde_json::Value;

use super::StatsigUser;
use crate::hash::{mix, process_hasher, text_hash};
use crate::value::target_text_of;

impl StatsigUser {
    /// Identifies the user for deduplication. Covers the user ID, `stableID`, all custom IDs, and
    /// the user ID once more.
    #[inline]
    #[must_use]
    pub fn exposure_hash_by_user_id(&self) -> u64 {
        let hash = &self.record.exposure_hash_by_user_id;
        hash.get_or_init(|| {
            let user_id = self.user_id_hash();
            mix(self.hash_ids(user_id), user_id)
        })
    }

    /// Like [`exposure_hash_by_user_id`](Self::exposure_hash_by_user_id), with the ID of this type
    /// in place of the second user ID. `None` stands for no ID.
    pub fn exposure_hash_by(&self, id_type: Option<&str>) -> u64 {
        let unit = id_type.map(|id_type| self.unit_id(false, id_type, &id_type.to_lowercase()));
        let ids = &self.record.ids_hash;
        let ids = ids.get_or_init(|| self.hash_ids(self.user_id_hash()));
        mix(ids, unit.flatten().map_or(0, id_hash))
    }

    fn user_id_hash(&self) -> u64 {
        self.data().user_id.as_ref().map_or(0, id_hash)
    }

    fn hash_ids(&self, user_id: u64) -> u64 {
        let Some(ids) = &self.data().custom_ids else {
            return mix(mix(user_id, 0), 0);
        };
        let stable_id = ids.get("stableID").or_else(|| ids.get("stableid"));
        let sum = ids.values().map(id_hash).fold(0, u64::wrapping_add);
        mix(mix(user_id, stable_id.map_or(0, id_hash)), sum)
    }

    /// Identifies all user data that evaluation can read.
    #[inline]
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.record.fingerprint.get_or_init(|| {
            let mut hasher = process_hasher();
            self.data().hash(&mut hasher);
            hasher.finish()
        })
    }
}

fn id_hash(id: &Value) -> u64 {
    text_hash(&target_text_of(id))
}
