//! Users as JSON. Private attributes are read and never written.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::logged::LoggedUser;
use super::{Record, StatsigUser, UserData};

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
        let data = UserData::deserialize(deserializer)?.with_bounded_values();
        Ok(Self {
            record: Arc::new(Record {
                data,
                ..Record::default()
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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
    fn unknown_fields_and_nulls_are_ignored_and_wrong_shapes_are_refused() {
        let json = json!({"userID": "u", "email": null, "custom": null, "idListMemberships": 1});
        assert_eq!(read(json), StatsigUser::with_user_id("u"));
        for (json, problem) in [
            (json!("u"), "expected a user as a JSON object"),
            (json!({"customIDs": ["c-9"]}), "expected a map"),
            (json!({"custom": "pro"}), "expected a map"),
        ] {
            let error = serde_json::from_value::<StatsigUser>(json).unwrap_err();
            assert!(error.to_string().contains(problem), "{error}");
        }
    }

    #[test]
    fn private_attributes_are_read_and_never_written() {
        let user = read(json!({"userID": "u", "privateAttributes": {"card": "4111"}}));
        assert_eq!(user.private("card"), Some(&json!("4111")));
        assert_eq!(serde_json::to_string(&user).unwrap(), r#"{"userID":"u"}"#);
    }
}
