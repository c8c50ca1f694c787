//! Getters and copies of users.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::{Fields, Record, StatsigUser, StatsigUserBuilder};
use crate::value::text_of;

impl StatsigUser {
    /// Starts a copy of this user. Fields that you set on the builder replace those of the copy.
    ///
    /// ```
    /// use statsig::StatsigUser;
    ///
    /// let user = StatsigUser::builder("a-user")
    ///     .custom("plan", "free")
    ///     .private("card", "4111")
    ///     .build();
    /// let upgraded = user.to_builder().custom("plan", "pro").build();
    /// assert_eq!(upgraded.user_id(), user.user_id());
    /// assert_eq!(upgraded.private("card"), user.private("card"));
    /// ```
    pub fn to_builder(&self) -> StatsigUserBuilder {
        StatsigUserBuilder {
            record: Arc::new(Record::clone(&self.record)),
        }
    }

    /// The user ID as text, if the user has one.
    #[must_use]
    pub fn user_id(&self) -> Option<Cow<'_, str>> {
        text_of(self.data().user_id.as_ref()?)
    }

    /// A custom ID as text, by its exact name.
    #[must_use]
    pub fn custom_id(&self, id_type: &str) -> Option<Cow<'_, str>> {
        text_of(self.data().custom_ids.as_ref()?.get(id_type)?)
    }

    /// All custom IDs, by name.
    pub fn custom_ids(&self) -> impl Iterator<Item = (&str, &Value)> {
        all(&self.data().custom_ids)
    }

    /// The e-mail address as text.
    #[must_use]
    pub fn email(&self) -> Option<Cow<'_, str>> {
        text_of(self.data().email.as_ref()?)
    }

    /// The IP address as text.
    #[must_use]
    pub fn ip(&self) -> Option<Cow<'_, str>> {
        text_of(self.data().ip.as_ref()?)
    }

    /// The user agent as text.
    #[must_use]
    pub fn user_agent(&self) -> Option<Cow<'_, str>> {
        text_of(self.data().user_agent.as_ref()?)
    }

    /// The country as text, if it was set. A country that is derived from the IP address does not
    /// appear here.
    #[must_use]
    pub fn country(&self) -> Option<Cow<'_, str>> {
        text_of(self.data().country.as_ref()?)
    }

    /// The locale as text.
    #[must_use]
    pub fn locale(&self) -> Option<Cow<'_, str>> {
        text_of(self.data().locale.as_ref()?)
    }

    /// The version of the application as text.
    #[must_use]
    pub fn app_version(&self) -> Option<Cow<'_, str>> {
        text_of(self.data().app_version.as_ref()?)
    }

    /// A custom field. The global fields of the options are not part of the user.
    #[must_use]
    pub fn custom(&self, name: &str) -> Option<&Value> {
        self.data().custom.as_ref()?.get(name)
    }

    /// All custom fields, by name.
    pub fn custom_fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        all(&self.data().custom)
    }

    /// A private attribute. Your code decides what to do with it; the SDK does not send, log, print
    /// or serialize it.
    #[must_use]
    pub fn private(&self, name: &str) -> Option<&Value> {
        self.data().private_attributes.as_ref()?.get(name)
    }

    /// All private attributes, by name. See [`private`](Self::private).
    pub fn private_attributes(&self) -> impl Iterator<Item = (&str, &Value)> {
        all(&self.data().private_attributes)
    }

    /// The user's own environment tier as text. For a user without a tier, the tier of the options
    /// applies.
    #[must_use]
    pub fn environment_tier(&self) -> Option<Cow<'_, str>> {
        text_of(self.data().statsig_environment.as_ref()?.get("tier")?)
    }
}

fn all(fields: &Option<Fields>) -> impl Iterator<Item = (&str, &Value)> {
    let fields = fields.iter().flatten();
    fields.map(|(name, value)| (name.as_str(), value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with_everything() -> StatsigUser {
        StatsigUser::builder(77)
            .custom_id("companyID", "c-9")
            .email("a@example.com")
            .ip("8.8.8.8")
            .user_agent("Mozilla/5.0")
            .country("NZ")
            .locale("en_NZ")
            .app_version("1.2.3")
            .custom("plan", "pro")
            .private("card", "4111")
            .environment_tier("staging")
            .build()
    }

    #[test]
    fn a_changed_copy_forgets_what_the_dropped_original_derived_from_its_fields() {
        let original = with_everything();
        let before = (original.fingerprint(), original.exposure_hash_by_user_id());
        let copy = original.to_builder();
        drop(original);
        let changed = copy.user_id("another").build();
        assert_ne!(changed.fingerprint(), before.0);
        assert_ne!(changed.exposure_hash_by_user_id(), before.1);
    }

    #[test]
    fn every_field_can_be_read() {
        let user = with_everything();
        let texts = [
            (user.user_id(), "77"),
            (user.custom_id("companyID"), "c-9"),
            (user.email(), "a@example.com"),
            (user.ip(), "8.8.8.8"),
            (user.user_agent(), "Mozilla/5.0"),
            (user.country(), "NZ"),
            (user.locale(), "en_NZ"),
            (user.app_version(), "1.2.3"),
            (user.environment_tier(), "staging"),
        ];
        for (found, expected) in texts {
            assert_eq!(found.as_deref(), Some(expected));
        }
        assert_eq!(user.custom("plan"), Some(&json!("pro")));
        assert_eq!(user.private("card"), Some(&json!("4111")));
        let ids: Vec<_> = user.custom_ids().collect();
        assert_eq!(ids, [("companyID", &json!("c-9"))]);
        assert_eq!(user.custom_fields().count(), 1);
        assert_eq!(user.private_attributes().count(), 1);
        let nobody = StatsigUser::anonymous();
        assert_eq!((nobody.email(), nobody.custom("plan")), (None, None));
        assert_eq!(nobody.custom_ids().count(), 0);
    }

    #[test]
    fn a_copy_differs_in_what_was_set_and_in_nothing_else() {
        let user = with_everything();
        assert_eq!(user.to_builder().build(), user);
        // The copy drops values that were derived from the original.
        let hash = user.fingerprint();
        let other = user.to_builder().user_id("78").build();
        assert_ne!(other, user);
        assert_ne!(other.fingerprint(), hash);
        assert_eq!(other.to_builder().user_id(77).build(), user);
        assert_ne!(user.to_builder().private("card", "5500").build(), user);
        assert_ne!(user.to_builder().email(Value::Null).build(), user);
    }
}
