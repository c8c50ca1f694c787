//! Hashes of a user. Each is computed once.

use std::hash::{Hash, Hasher};

use serde_json::Value;

use super::{Fields, StatsigUser};
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
            let data = self.data();
            let mut hasher = process_hasher();
            for (_, value) in data.scalars() {
                match value {
                    None => hasher.write_u8(0),
                    Some(value) => hash_value(value, &mut hasher),
                }
            }
            for fields in data.maps() {
                match fields {
                    None => hasher.write_u8(0),
                    Some(fields) => {
                        // An absent map must not be the start of an empty one.
                        hasher.write_u8(1);
                        hash_fields(fields, &mut hasher);
                    }
                }
            }
            data.id_list_memberships.hash(&mut hasher);
            hasher.finish()
        })
    }
}

fn hash_fields(fields: &Fields, hasher: &mut impl Hasher) {
    hasher.write_usize(fields.len());
    for (name, value) in fields {
        name.hash(hasher);
        hash_value(value, hasher);
    }
}

/// Hashes a JSON value so that two values with different texts differ. `Hash` of `Value` does not
/// suffice: it mixes up numbers of different kinds, such as 0 and 0.0, or -1 and the largest `u64`.
/// Equal values may differ, which costs one evaluation: 0.0 and -0.0, or the order of fields.
fn hash_value(value: &Value, hasher: &mut impl Hasher) {
    match value {
        Value::Null => hasher.write_u8(1),
        Value::Bool(value) => hasher.write_u8(2 + u8::from(*value)),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), _, _) => (4_u8, number).hash(hasher),
            (_, Some(number), _) => (5_u8, number).hash(hasher),
            (_, _, number) => (6_u8, number.unwrap_or(f64::NAN).to_bits()).hash(hasher),
        },
        Value::String(text) => (7_u8, text).hash(hasher),
        Value::Array(items) => {
            (8_u8, items.len()).hash(hasher);
            for item in items {
                hash_value(item, hasher);
            }
        }
        Value::Object(object) => {
            (9_u8, object.len()).hash(hasher);
            for (name, value) in object {
                name.hash(hasher);
                hash_value(value, hasher);
            }
        }
    }
}

fn id_hash(id: &Value) -> u64 {
    text_hash(&target_text_of(id))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn values_that_evaluation_tells_apart_have_different_fingerprints() {
        let values = [
            json!(null),
            json!(false),
            json!(true),
            json!(0),
            json!(0.0),
            json!(-1),
            json!(u64::MAX),
            json!(2.0),
            json!(2.0_f64.to_bits()),
            json!("0"),
            json!([0]),
            json!([0.0]),
            json!([[0], 0]),
            json!([[0, 0]]),
            json!({"0": 0}),
            json!({"0": {"0": 0}}),
            json!(["a", "b"]),
            json!(["ab", ""]),
        ];
        let with = |value: &Value| StatsigUser::builder("u").custom("f", value.clone()).build();
        let fingerprints: BTreeSet<u64> = values
            .iter()
            .map(|value| with(value).fingerprint())
            .collect();
        assert_eq!(fingerprints.len(), values.len());
    }

    #[test]
    fn an_empty_map_differs_from_an_absent_one() {
        let of = |json| {
            serde_json::from_value::<StatsigUser>(json)
                .unwrap()
                .fingerprint()
        };
        // An absent environment takes that of the options; an empty one does not.
        let maps = [
            "customIDs",
            "custom",
            "privateAttributes",
            "statsigEnvironment",
        ];
        let mut fingerprints = BTreeSet::from([of(json!({"userID": "u"}))]);
        for map in maps {
            fingerprints.insert(of(json!({"userID": "u", map: {}})));
        }
        assert_eq!(fingerprints.len(), 1 + maps.len());
    }

    #[test]
    fn each_field_has_its_place_in_the_fingerprint() {
        let builder = || StatsigUser::builder_with_custom_ids([("a", "x")]);
        let memberships = |id: &str, list: &str| {
            builder().id_list_memberships([(id.to_owned(), [list.to_owned()])])
        };
        let users = [
            StatsigUser::anonymous(),
            StatsigUser::with_user_id("x"),
            builder().build(),
            builder().email("x").build(),
            builder().ip("x").build(),
            builder().user_agent("x").build(),
            builder().country("x").build(),
            builder().locale("x").build(),
            builder().app_version("x").build(),
            builder().custom("a", "x").build(),
            builder().private("a", "x").build(),
            builder().environment_tier("x").build(),
            memberships("Z/hEKLio", "l").build(),
            memberships("Z/hEKLio", "m").build(),
            memberships("Z/hEKLip", "l").build(),
        ];
        let fingerprints: BTreeSet<u64> = users.iter().map(StatsigUser::fingerprint).collect();
        assert_eq!(fingerprints.len(), users.len());
    }

    #[test]
    fn the_order_of_setting_fields_does_not_change_the_fingerprint() {
        let fingerprint = |fields: [(&str, i32); 2]| {
            let user = StatsigUser::builder("u").custom_fields(fields).build();
            user.fingerprint()
        };
        assert_eq!(
            fingerprint([("a", 1), ("b", 2)]),
            fingerprint([("b", 2), ("a", 1)])
        );
    }
}
