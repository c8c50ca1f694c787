//! Getters, copies and comparison of users.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::{Fields, StatsigUser, StatsigUserBuilder, UserData};
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
            data: Arc::new(UserData::clone(&self.data)),
        }
    }

    /// The user ID as text, if the user has one.
    #[must_use]
    pub fn user_id(&self) -> Option<Cow<'_, str>> {
        as_text(self.data.user_id.as_ref())
    }

    /// A custom ID as text, by its exact name.
    #[must_use]
    pub fn custom_id(&self, id_type: &str) -> Option<Cow<'_, str>> {
        as_text(value_of(self.data.custom_ids.as_ref(), id_type))
    }

    /// All custom IDs, by name.
    pub fn custom_ids(&self) -> impl Iterator<Item = (&str, &Value)> {
        all(self.data.custom_ids.as_ref())
    }

    /// The e-mail address as text.
    #[must_use]
    pub fn email(&self) -> Option<Cow<'_, str>> {
        as_text(self.data.email.as_ref())
    }

    /// The IP address as text.
    #[must_use]
    pub fn ip(&self) -> Option<Cow<'_, str>> {
        as_text(self.data.ip.as_ref())
    }

    /// The user agent as text.
    #[must_use]
    pub fn user_agent(&self) -> Option<Cow<'_, str>> {
        as_text(self.data.user_agent.as_ref())
    }

    /// The country as text, if it was set. A country that is derived from the IP address does not
    /// appear here.
    #[must_use]
    pub fn country(&self) -> Option<Cow<'_, str>> {
        as_text(self.data.country.as_ref())
    }

    /// The locale as text.
    #[must_use]
    pub fn locale(&self) -> Option<Cow<'_, str>> {
        as_text(self.data.locale.as_ref())
    }

    /// The version of the application as text.
    #[must_use]
    pub fn app_version(&self) -> Option<Cow<'_, str>> {
        as_text(self.data.app_version.as_ref())
    }

    /// A custom field. The global fields of the options are not part of the user.
    #[must_use]
    pub fn custom(&self, name: &str) -> Option<&Value> {
        value_of(self.data.custom.as_ref(), name)
    }

    /// All custom fields, by name.
    pub fn custom_fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        all(self.data.custom.as_ref())
    }

    /// A private attribute. Your code decides what to do with it; the SDK does not send, log, print
    /// or serialize it.
    #[must_use]
    pub fn private(&self, name: &str) -> Option<&Value> {
        value_of(self.data.private_attributes.as_ref(), name)
    }

    /// All private attributes, by name. See [`private`](Self::private).
    pub fn private_attributes(&self) -> impl Iterator<Item = (&str, &Value)> {
        all(self.data.private_attributes.as_ref())
    }

    /// The user's own environment tier as text. For a user without a tier, the tier of the options
    /// applies.
    #[must_use]
    pub fn environment_tier(&self) -> Option<Cow<'_, str>> {
        as_text(value_of(self.data.statsig_environment.as_ref(), "tier"))
    }
}

fn as_text(value: Option<&Value>) -> Option<Cow<'_, str>> {
    value.and_then(text_of)
}

fn value_of<'a>(fields: Option<&'a Fields>, name: &str) -> Option<&'a Value> {
    fields?.get(name)
}

fn all(fields: Option<&Fields>) -> impl Iterator<Item = (&str, &Value)> {
    fields
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

/// Copies the fields only. Derived values are computed again, because the copy is about to change.
impl Clone for UserData {
    fn clone(&self) -> Self {
        Self {
            user_id: self.user_id.clone(),
            custom_ids: self.custom_ids.clone(),
            email: self.email.clone(),
            ip: self.ip.clone(),
            user_agent: self.user_agent.clone(),
            country: self.country.clone(),
            locale: self.locale.clone(),
            app_version: self.app_version.clone(),
            custom: self.custom.clone(),
            private_attributes: self.private_attributes.clone(),
            statsig_environment: self.statsig_environment.clone(),
            id_list_memberships: self.id_list_memberships.clone(),
            ..Self::default()
        }
    }
}

impl PartialEq for UserData {
    fn eq(&self, other: &Self) -> bool {
        self.user_id == other.user_id
            && self.custom_ids == other.custom_ids
            && self.email == other.email
            && self.ip == other.ip
            && self.user_agent == other.user_agent
            && self.country == other.country
            && self.locale == other.locale
            && self.app_version == other.app_version
            && self.custom == other.custom
            && self.private_attributes == other.private_attributes
            && self.statsig_environment == other.statsig_environment
            && self.id_list_memberships == other.id_list_memberships
    }
}

impl PartialEq for StatsigUser {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.data, &other.data) || self.data == other.data
    }
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
