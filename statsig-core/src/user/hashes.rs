//! Hashes of a user. Each is computed once.

use std::hash::Hasher;

use serde_json::Value;

use super::StatsigUser;
use super::memberships::hash_memberships;
use crate::hash::{mix, process_hasher, text_hash};

impl StatsigUser {
    /// Identifies the user for deduplication. Covers the user ID, `stableID`, all custom IDs, and
    /// the user ID once more.
    #[inline]
    #[must_use]
    pub fn exposure_hash_by_user_id(&self) -> u64 {
        let hash = &self.data.exposure_hash_by_user_id;
        hash.get_or_init(|| {
            let user_id = self.user_id_hash();
            mix(self.hash_ids(user_id), user_id)
        })
    }

    /// Like [`exposure_hash_by_user_id`](Self::exposure_hash_by_user_id), with the ID of this type
    /// in place of the second user ID. `None` stands for no ID.
    pub fn exposure_hash_by(&self, id_type: Option<&str>) -> u64 {
        let unit = id_type.map(|id_type| self.unit_id(false, id_type, &id_type.to_lowercase()));
        let ids = &self.data.ids_hash;
        let ids = ids.get_or_init(|| self.hash_ids(self.user_id_hash()));
        mix(ids, unit.flatten().map_or(0, id_hash))
    }

    fn user_id_hash(&self) -> u64 {
        self.data.user_id.as_ref().map_or(0, id_hash)
    }

    fn hash_ids(&self, user_id: u64) -> u64 {
        let (stable_id, sum) = match &self.data.custom_ids {
            None => (0, 0),
            Some(ids) => (
                ids.get("stableID")
                    .or_else(|| ids.get("stableid"))
                    .map_or(0, id_hash),
                ids.values()
                    .fold(0, |sum: u64, id| sum.wrapping_add(id_hash(id))),
            ),
        };
        mix(mix(user_id, stable_id), sum)
    }

    /// Identifies all user data that evaluation can read.
    #[inline]
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.data.fingerprint.get_or_init(|| {
            let data = &*self.data;
            let mut hasher = process_hasher();
            let scalars = [
                &data.user_id,
                &data.email,
                &data.ip,
                &data.user_agent,
                &data.country,
                &data.locale,
                &data.app_version,
            ];
            for value in scalars {
                match value {
                    None => hasher.write_u8(0),
                    Some(value) => hash_value(value, &mut hasher),
                }
            }
            let maps = [
                &data.custom_ids,
                &data.custom,
                &data.private_attributes,
                &data.statsig_environment,
            ];
            for fields in maps {
                match fields {
                    None => hasher.write_u8(0),
                    Some(fields) => hash_fields(fields.iter(), fields.len(), &mut hasher),
                }
            }
            match &data.id_list_memberships {
                None => hasher.write_u8(0),
                Some(memberships) => hash_memberships(memberships, &mut hasher),
            }
            hasher.finish()
        })
    }
}

fn id_hash(id: &Value) -> u64 {
    match id {
        Value::String(text) => text_hash(text),
        other => text_hash(&other.to_string()),
    }
}

fn hash_value(value: &Value, hasher: &mut impl Hasher) {
    match value {
        Value::Null => hasher.write_u8(1),
        Value::Bool(value) => hasher.write_u8(2 + u8::from(*value)),
        Value::Number(number) => {
            hasher.write_u8(4);
            // Numbers of different kinds have different bits. The memo treats 1 and 1.0 as two
            // users, which is safe.
            match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => hasher.write_u64(number),
                (_, Some(number), _) => hasher.write_i64(number),
                (_, _, number) => hasher.write_u64(number.unwrap_or(f64::NAN).to_bits() ^ 1),
            }
        }
        Value::String(text) => hash_text(text, hasher),
        Value::Array(items) => {
            hasher.write_u8(6);
            hasher.write_usize(items.len());
            for item in items {
                hash_value(item, hasher);
            }
        }
        Value::Object(object) => hash_fields(object.iter(), object.len(), hasher),
    }
}

fn hash_text(text: &str, hasher: &mut impl Hasher) {
    hasher.write_u8(5);
    hasher.write_usize(text.len());
    hasher.write(text.as_bytes());
}

fn hash_fields<'a>(
    fields: impl Iterator<Item = (&'a String, &'a Value)>,
    len: usize,
    hasher: &mut impl Hasher,
) {
    hasher.write_u8(7);
    hasher.write_usize(len);
    for (name, value) in fields {
        hash_text(name, hasher);
        hash_value(value, hasher);
    }
}
