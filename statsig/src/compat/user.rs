//! Users by the official names: a builder with `Option`s, and setters.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::user::{StatsigUser, StatsigUserBuilder as NativeBuilder};

/// Builds a [`StatsigUser`] as the official builder does: values are `Option`s and maps.
///
/// ```
/// use std::collections::HashMap;
/// use statsig::compat::{DynamicValue, StatsigUserBuilder};
///
/// let plan = HashMap::from([("plan".to_string(), DynamicValue::from("premium"))]);
/// let user = StatsigUserBuilder::new_with_user_id("a-user")
///     .email(Some("a@example.com".to_string()))
///     .custom(Some(plan))
///     .build();
/// assert_eq!(user.email().as_deref(), Some("a@example.com"));
/// ```
#[derive(Debug, Default)]
#[must_use = "call `build` to get a user"]
pub struct StatsigUserBuilder(NativeBuilder);

macro_rules! text_setters {
    ($($field:ident),+) => {
        $(
            #[doc = concat!("Sets the field, if there is a value. See the native [`", stringify!($field), "`](crate::StatsigUserBuilder::", stringify!($field), ").")]
            pub fn $field(self, $field: Option<String>) -> Self {
                self.with($field, NativeBuilder::$field)
            }
        )+
    };
}

impl StatsigUserBuilder {
    /// A user with a user ID.
    pub fn new_with_user_id(user_id: impl Into<Value>) -> Self {
        Self(StatsigUser::builder(user_id))
    }

    /// A user with custom IDs.
    pub fn new_with_custom_ids<K: Into<String>, V: Into<Value>>(
        custom_ids: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self(StatsigUser::builder_with_custom_ids(custom_ids))
    }

    fn with<T>(
        self,
        value: Option<T>,
        set: impl FnOnce(NativeBuilder, T) -> NativeBuilder,
    ) -> Self {
        match value {
            Some(value) => Self(set(self.0, value)),
            None => self,
        }
    }

    /// Sets the user ID, if there is one.
    pub fn user_id(self, user_id: Option<impl Into<Value>>) -> Self {
        self.with(user_id, NativeBuilder::user_id)
    }

    /// Adds custom IDs, if there are any.
    pub fn custom_ids<K: Into<String>, V: Into<Value>>(
        self,
        custom_ids: Option<impl IntoIterator<Item = (K, V)>>,
    ) -> Self {
        self.with(custom_ids, NativeBuilder::custom_ids)
    }

    text_setters!(email, ip, user_agent, country, locale, app_version);

    /// Sets the user's own environment: the entry `tier` of the map.
    pub fn statsig_environment(self, environment: Option<HashMap<String, String>>) -> Self {
        let tier = environment.and_then(|mut environment| environment.remove("tier"));
        self.with(tier, NativeBuilder::environment_tier)
    }

    /// Adds custom fields, if there are any.
    pub fn custom(self, custom: Option<HashMap<String, Value>>) -> Self {
        self.with(custom, NativeBuilder::custom_fields)
    }

    /// Adds custom fields that are texts.
    pub fn custom_from_str_map(self, custom: Option<HashMap<String, String>>) -> Self {
        self.with(custom, NativeBuilder::custom_fields)
    }

    /// Adds private attributes, if there are any.
    pub fn private_attributes(self, attributes: Option<HashMap<String, Value>>) -> Self {
        self.with(attributes, NativeBuilder::private_attributes)
    }

    /// Adds private attributes that are texts.
    pub fn private_attributes_from_str_map(
        self,
        attributes: Option<HashMap<String, String>>,
    ) -> Self {
        self.with(attributes, NativeBuilder::private_attributes)
    }

    /// Sets the ID lists that the user's IDs are in.
    pub fn id_list_memberships(self, memberships: HashMap<String, HashSet<String>>) -> Self {
        Self(self.0.id_list_memberships(memberships))
    }

    /// Builds the user.
    #[must_use]
    pub fn build(self) -> StatsigUser {
        self.0.build()
    }
}

/// The official setters of a user. Each one replaces the user by a changed copy.
///
/// ```
/// use std::collections::HashMap;
/// use statsig::compat::{StatsigUser, StatsigUserSetters};
///
/// let mut user = StatsigUser::with_user_id("a-user");
/// user.set_email("a@example.com");
/// user.set_custom(HashMap::from([("plan", "premium")]));
/// assert_eq!(user.email().as_deref(), Some("a@example.com"));
/// user.set_email(None::<String>);
/// assert_eq!(user.email(), None);
/// ```
pub trait StatsigUserSetters: Sized {
    /// Replaces the user by a changed copy.
    fn change(&mut self, change: impl FnOnce(NativeBuilder) -> NativeBuilder);

    /// Sets the user ID.
    fn set_user_id(&mut self, user_id: impl Into<Value>) {
        self.change(|user| user.user_id(user_id));
    }

    /// Sets the e-mail address, or clears it with `None`.
    fn set_email(&mut self, email: impl Into<Value>) {
        self.change(|user| user.email(email));
    }

    /// Sets the IP address, or clears it with `None`.
    fn set_ip(&mut self, ip: impl Into<Value>) {
        self.change(|user| user.ip(ip));
    }

    /// Sets the user agent, or clears it with `None`.
    fn set_user_agent(&mut self, user_agent: impl Into<Value>) {
        self.change(|user| user.user_agent(user_agent));
    }

    /// Sets the country, or clears it with `None`.
    fn set_country(&mut self, country: impl Into<Value>) {
        self.change(|user| user.country(country));
    }

    /// Sets the locale, or clears it with `None`.
    fn set_locale(&mut self, locale: impl Into<Value>) {
        self.change(|user| user.locale(locale));
    }

    /// Sets the version of the application, or clears it with `None`.
    fn set_app_version(&mut self, app_version: impl Into<Value>) {
        self.change(|user| user.app_version(app_version));
    }

    /// Replaces the custom IDs.
    fn set_custom_ids<K: Into<String>, V: Into<Value>>(&mut self, custom_ids: HashMap<K, V>) {
        self.change(|user| user.without_custom_ids().custom_ids(custom_ids));
    }

    /// Replaces the custom fields, or clears them with `None`.
    fn set_custom<K: Into<String>, V: Into<Value>>(
        &mut self,
        custom: impl Into<Option<HashMap<K, V>>>,
    ) {
        let custom = custom.into().unwrap_or_default();
        self.change(|user| user.without_custom_fields().custom_fields(custom));
    }

    /// Replaces the private attributes, or clears them with `None`.
    fn set_private_attributes<K: Into<String>, V: Into<Value>>(
        &mut self,
        attributes: impl Into<Option<HashMap<K, V>>>,
    ) {
        let attributes = attributes.into().unwrap_or_default();
        self.change(|user| {
            user.without_private_attributes()
                .private_attributes(attributes)
        });
    }

    /// Replaces the user's own environment by the entry `tier` of the map, or clears it.
    fn set_statsig_environment<K: Into<String>, V: Into<Value>>(
        &mut self,
        environment: Option<HashMap<K, V>>,
    ) {
        let entries = environment.into_iter().flatten();
        let tier = entries.map(|(key, value)| (key.into(), value));
        let tier = tier.filter(|(key, _)| key == "tier").last();
        self.change(|user| match tier {
            Some((_, tier)) => user.environment_tier(tier),
            None => user.without_environment_tier(),
        });
    }
}

impl StatsigUserSetters for StatsigUser {
    fn change(&mut self, change: impl FnOnce(NativeBuilder) -> NativeBuilder) {
        *self = change(self.to_builder()).build();
    }
}
