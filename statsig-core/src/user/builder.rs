//! The builder of users.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::fields::{PRIVATE, add};
use super::{Record, StatsigUser, UserData};
use crate::value::depth;

impl StatsigUser {
    /// Starts a user with this user ID: text or a number.
    pub fn builder(user_id: impl Into<Value>) -> StatsigUserBuilder {
        StatsigUserBuilder::default().user_id(user_id)
    }

    /// Starts a user without a user ID, for entities that bucket by a custom ID.
    pub fn builder_with_custom_ids<K, V>(
        ids: impl IntoIterator<Item = (K, V)>,
    ) -> StatsigUserBuilder
    where
        K: Into<String>,
        V: Into<Value>,
    {
        StatsigUserBuilder::default().custom_ids(ids)
    }
}

/// Builds a [`StatsigUser`].
///
/// Values are text, numbers, booleans, lists or nested JSON. A JSON `null` leaves the field unset,
/// except for custom fields and private attributes. A value that is nested deeper than
/// [`MAX_VALUE_DEPTH`](Self::MAX_VALUE_DEPTH) is left out, with a warning.
#[derive(Default)]
#[must_use = "a user is made by `build`"]
pub struct StatsigUserBuilder {
    /// Of this builder alone: a built user caches what it derives from its fields.
    pub(super) record: Arc<Record>,
}

impl fmt::Debug for StatsigUserBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StatsigUserBuilder")
    }
}

impl StatsigUserBuilder {
    /// The largest number of lists and objects around a value. The SDK leaves out a value that is
    /// nested deeper, and logs a warning. The limit also holds for users read from JSON, for
    /// metadata of events and for overrides.
    pub const MAX_VALUE_DEPTH: usize = depth::MAX_DEPTH;

    pub(super) fn data(&mut self) -> &mut UserData {
        &mut Arc::make_mut(&mut self.record).data
    }

    /// Sets the user ID: text or a number.
    pub fn user_id(mut self, user_id: impl Into<Value>) -> Self {
        self.data().user_id = present("userID", user_id);
        self
    }

    /// Adds a custom ID, such as `companyID` or `stableID`.
    pub fn custom_id(mut self, id_type: impl Into<String>, id: impl Into<Value>) -> Self {
        add(&mut self.data().custom_ids, "custom ID", id_type, id);
        self
    }

    /// Adds custom IDs: a map, or pairs of a type and an ID.
    pub fn custom_ids<K: Into<String>, V: Into<Value>>(
        self,
        ids: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        (ids.into_iter()).fold(self, |user, (id_type, id)| user.custom_id(id_type, id))
    }

    /// Sets the e-mail address.
    pub fn email(mut self, email: impl Into<Value>) -> Self {
        self.data().email = present("email", email);
        self
    }

    /// Sets the IP address. The SDK derives the country from it, unless the country is set.
    pub fn ip(mut self, ip: impl Into<Value>) -> Self {
        self.data().ip = present("ip", ip);
        self
    }

    /// Sets the user agent. The SDK derives the browser and the operating system from it, unless
    /// custom fields set them.
    pub fn user_agent(mut self, user_agent: impl Into<Value>) -> Self {
        self.data().user_agent = present("userAgent", user_agent);
        self
    }

    /// Sets the country, as two capital letters.
    pub fn country(mut self, country: impl Into<Value>) -> Self {
        self.data().country = present("country", country);
        self
    }

    /// Sets the locale, such as `en_US`.
    pub fn locale(mut self, locale: impl Into<Value>) -> Self {
        self.data().locale = present("locale", locale);
        self
    }

    /// Sets the version of the application.
    pub fn app_version(mut self, version: impl Into<Value>) -> Self {
        self.data().app_version = present("appVersion", version);
        self
    }

    /// Adds a custom field.
    pub fn custom(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        add(&mut self.data().custom, "custom field", name, value);
        self
    }

    /// Adds custom fields: a map, or pairs of a name and a value.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use serde_json::json;
    /// use statsig::StatsigUser;
    ///
    /// let account = HashMap::from([("plan", json!("premium")), ("seats", json!(25))]);
    /// let user = StatsigUser::builder("a-user").custom_fields(account).build();
    /// assert_eq!(user.custom("seats"), Some(&json!(25)));
    /// ```
    pub fn custom_fields<K: Into<String>, V: Into<Value>>(
        self,
        fields: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        (fields.into_iter()).fold(self, |user, (name, value)| user.custom(name, value))
    }

    /// Adds a private attribute. The SDK uses it in evaluation, and never sends, logs or prints it.
    pub fn private(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        add(&mut self.data().private_attributes, PRIVATE, name, value);
        self
    }

    /// Adds private attributes: a map, or pairs of a name and a value. See
    /// [`private`](Self::private).
    ///
    /// ```
    /// use statsig::StatsigUser;
    ///
    /// let private = [("card", "4111"), ("phone", "555-0100")];
    /// let user = StatsigUser::builder("a-user").private_attributes(private).build();
    /// assert_eq!(user.private_attributes().count(), 2);
    /// assert!(!format!("{user:?}").contains("4111"));
    /// ```
    pub fn private_attributes<K: Into<String>, V: Into<Value>>(
        self,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        (attributes.into_iter()).fold(self, |user, (name, value)| user.private(name, value))
    }

    /// Sets the user's own environment tier. It replaces the tier of the options.
    pub fn environment_tier(mut self, tier: impl Into<Value>) -> Self {
        let environment = &mut self.data().statsig_environment;
        add(environment, "environment", "tier", tier);
        self
    }

    /// Removes all custom IDs.
    pub fn without_custom_ids(mut self) -> Self {
        self.data().custom_ids = None;
        self
    }

    /// Removes all custom fields.
    ///
    /// ```
    /// use statsig::StatsigUser;
    ///
    /// let user = StatsigUser::builder("a-user").custom("plan", "premium").build();
    /// let copy = user.to_builder().without_custom_fields().custom("age", 25).build();
    /// assert_eq!(copy.custom("plan"), None);
    /// ```
    pub fn without_custom_fields(mut self) -> Self {
        self.data().custom = None;
        self
    }

    /// Removes all private attributes.
    pub fn without_private_attributes(mut self) -> Self {
        self.data().private_attributes = None;
        self
    }

    /// Removes the user's own environment tier, so that the tier of the options applies.
    pub fn without_environment_tier(mut self) -> Self {
        self.data().statsig_environment = None;
        self
    }

    /// Builds the user.
    #[must_use]
    pub fn build(self) -> StatsigUser {
        StatsigUser {
            record: self.record,
        }
    }
}

fn present(field: &str, value: impl Into<Value>) -> Option<Value> {
    let value = depth::bounded(value.into(), field)?;
    (!value.is_null()).then_some(value)
}
