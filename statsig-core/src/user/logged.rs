//! A user as it appears in events and in client initialize responses.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::StatsigUser;

/// Serializes a user without private attributes, and adds the SDK's global fields and environment.
#[derive(Debug, Clone, Copy)]
pub struct LoggedUser<'a> {
    /// The user.
    pub user: &'a StatsigUser,
    /// The SDK's environment tier, for users without an environment of their own.
    pub tier: Option<&'a str>,
    /// Custom fields of all users.
    pub global_custom_fields: &'a BTreeMap<String, Value>,
}

impl Serialize for LoggedUser<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let data = self.user.data();
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in data.scalars() {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        if let Some(ids) = &data.custom_ids {
            map.serialize_entry("customIDs", ids)?;
        }
        let globals = self.global_custom_fields;
        if !globals.is_empty() {
            let mut custom: BTreeMap<_, _> = globals.iter().collect();
            custom.extend(data.custom.iter().flatten());
            map.serialize_entry("custom", &custom)?;
        } else if let Some(custom) = &data.custom {
            map.serialize_entry("custom", custom)?;
        }
        if let Some(environment) = &data.statsig_environment {
            map.serialize_entry("statsigEnvironment", environment)?;
        } else if let Some(tier) = self.tier {
            map.serialize_entry("statsigEnvironment", &BTreeMap::from([("tier", tier)]))?;
        }
        map.end()
    }
}
