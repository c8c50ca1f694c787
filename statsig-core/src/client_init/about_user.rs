//! The user data in a response.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::hash::djb2_number;
use crate::user::{Fields, StatsigUser};
use crate::value::text_of;

/// The IDs that the evaluations used, as text.
#[derive(Debug)]
pub(super) struct EvaluatedKeys<'a>(pub(super) Option<&'a StatsigUser>);

impl Serialize for EvaluatedKeys<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(user) = self.0 {
            if let Some(id) = user.user_id().filter(|id| !id.is_empty()) {
                map.serialize_entry("userID", &id)?;
            }
            let ids = user.data().custom_ids.as_ref();
            if let Some(ids) = ids.filter(|ids| !ids.is_empty()) {
                map.serialize_entry("customIDs", &AsTexts(ids))?;
            }
        }
        map.end()
    }
}

struct AsTexts<'a>(&'a Fields);

impl Serialize for AsTexts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = |value| text_of(value).unwrap_or_default();
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, text(value))))
    }
}

/// A hash that identifies the private attributes without revealing them. `None` without private
/// attributes.
pub(super) fn private_attributes_hash(user: &StatsigUser) -> Option<String> {
    let attributes = user.data().private_attributes.as_ref()?;
    let hash_of = |(name, value): (&String, &Value)| {
        djb2_number(&format!("{name}:{}", text_of(value).unwrap_or_default()))
    };
    let sum = attributes.iter().map(hash_of).fold(0, u32::wrapping_add);
    (!attributes.is_empty()).then(|| sum.to_string())
}
