//! User fields by name, with limited nesting.

use serde_json::Value;

use super::{Fields, UserData};
use crate::value::depth::bounded;

/// The names of private attributes are private, too. Warnings show this text instead.
pub(super) const PRIVATE: &str = "private attribute";

/// Adds a field, unless its value is nested too deeply.
pub(super) fn add(
    fields: &mut Option<Fields>,
    what: &str,
    name: impl Into<String>,
    value: impl Into<Value>,
) {
    let name = name.into();
    if let Some(value) = bounded_field(what, &name, value.into()) {
        fields.get_or_insert_default().insert(name, value);
    }
}

fn bounded_field(what: &str, name: &str, value: Value) -> Option<Value> {
    if what == PRIVATE {
        bounded(value, "a private attribute of a user")
    } else {
        bounded(value, format_args!("the {what} {name} of a user"))
    }
}

impl UserData {
    /// Leaves out values that are nested too deeply.
    pub(super) fn with_bounded_values(mut self) -> Self {
        let scalars = [
            ("userID", &mut self.user_id),
            ("email", &mut self.email),
            ("ip", &mut self.ip),
            ("userAgent", &mut self.user_agent),
            ("country", &mut self.country),
            ("locale", &mut self.locale),
            ("appVersion", &mut self.app_version),
        ];
        for (name, field) in scalars {
            *field = field.take().and_then(|value| bounded(value, name));
        }
        let maps = [
            ("custom ID", &mut self.custom_ids),
            ("custom field", &mut self.custom),
            (PRIVATE, &mut self.private_attributes),
            ("environment", &mut self.statsig_environment),
        ];
        for (what, fields) in maps {
            *fields = fields.take().map(|fields| {
                let kept = fields.into_iter().filter_map(|(name, value)| {
                    let value = bounded_field(what, &name, value)?;
                    Some((name, value))
                });
                kept.collect()
            });
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::user::StatsigUser;
    use crate::value::depth::{MAX_DEPTH, nested};

    #[test]
    fn a_user_goes_without_values_that_are_nested_too_deep() {
        let user = StatsigUser::builder(nested(2_000))
            .custom_id("companyID", nested(2_000))
            .email(nested(2_000))
            .custom("deep", nested(2_000))
            .custom("flat", 1)
            .private("deep", nested(MAX_DEPTH + 1))
            .private("card", nested(MAX_DEPTH))
            .environment_tier(nested(2_000))
            .build();
        let data = user.data();
        assert_eq!((&data.user_id, &data.email), (&None, &None));
        assert_eq!(
            data.custom,
            Some(Fields::from([("flat".to_owned(), json!(1))]))
        );
        let private: Vec<_> = data.private_attributes.iter().flatten().collect();
        assert!(matches!(&private[..], [(name, _)] if *name == "card"));
        assert_eq!(data.statsig_environment, None);
        let _ = (user.fingerprint(), user.exposure_hash_by_user_id());
    }

    #[test]
    fn a_user_read_from_json_goes_without_values_that_are_nested_too_deep() {
        let json = json!({"userID": "u", "custom": {"deep": nested(120), "flat": 1}});
        let user: StatsigUser = serde_json::from_str(&json.to_string()).unwrap();
        let flat = Fields::from([("flat".to_owned(), json!(1))]);
        assert_eq!(user.data().custom, Some(flat));
    }
}
