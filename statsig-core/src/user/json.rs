//! Users as JSON. Private attributes are read and never written.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use super::logged::LoggedUser;
use super::{Fields, StatsigUser, UserData};

impl Serialize for StatsigUser {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let user = LoggedUser {
            user: self,
            tier: None,
            global_custom_fields: &BTreeMap::new(),
        };
        user.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StatsigUser {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            #[serde(rename = "userID")]
            user_id: Option<Value>,
            #[serde(rename = "customIDs")]
            custom_ids: Option<Fields>,
            email: Option<Value>,
            ip: Option<Value>,
            user_agent: Option<Value>,
            country: Option<Value>,
            locale: Option<Value>,
            app_version: Option<Value>,
            custom: Option<Fields>,
            private_attributes: Option<Fields>,
            statsig_environment: Option<Fields>,
        }

        let wire = Wire::deserialize(deserializer)?;
        let data = UserData {
            user_id: wire.user_id,
            custom_ids: wire.custom_ids,
            email: wire.email,
            ip: wire.ip,
            user_agent: wire.user_agent,
            country: wire.country,
            locale: wire.locale,
            app_version: wire.app_version,
            custom: wire.custom,
            private_attributes: wire.private_attributes,
            statsig_environment: wire.statsig_environment,
            ..UserData::default()
        };
        Ok(Self {
            data: Arc::new(data.with_bounded_values()),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: Value) -> StatsigUser {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_user_is_written_as_it_is_read() {
        let json = json!({
            "userID": 123, "customIDs": {"companyID": "c-9"}, "email": "a@example.com", "ip": "8.8.8.8",
            "userAgent": "Mozilla/5.0", "country": "NZ", "locale": "en_NZ", "appVersion": "1.2.3",
            "custom": {"plan": "pro", "tags": ["a", 1]}, "statsigEnvironment": {"tier": "staging"},
        });
        let user = read(json.clone());
        assert_eq!(serde_json::to_value(&user).unwrap(), json);
        assert_eq!(read(json), user);
        assert_eq!(serde_json::to_value(read(json!({}))).unwrap(), json!({}));
    }

    #[test]
    fn private_attributes_are_read_and_never_written() {
        let user = read(json!({"userID": "u", "privateAttributes": {"card": "4111"}}));
        assert_eq!(user.private("card"), Some(&json!("4111")));
        assert_eq!(serde_json::to_string(&user).unwrap(), r#"{"userID":"u"}"#);
    }
}
