//! The official signatures of parameter stores: each read names the user.

use std::collections::HashMap;
use std::ops::Deref;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::call_options::ParameterStoreEvaluationOptions;
use super::client::Statsig;
use crate::user::StatsigUser;

/// A parameter store without a user. Each getter takes one. All reads use the specs that were in
/// use when the store was fetched.
///
/// ```
/// use statsig::compat::{Statsig, StatsigUser};
///
/// let statsig = Statsig::new("secret-key", None);
/// statsig.override_parameter_store("promo", [("color", "red")], None);
/// let store = statsig.get_parameter_store("promo");
/// let user = StatsigUser::with_user_id("a-user");
/// assert_eq!(store.get_string(&user, "color", "blue".to_string()), "red");
/// ```
#[derive(Debug, Clone)]
pub struct ParameterStore(crate::ParameterStore);

/// The name, the details, and the names and types of the parameters.
impl Deref for ParameterStore {
    type Target = crate::ParameterStore;

    fn deref(&self) -> &crate::ParameterStore {
        &self.0
    }
}

/// Defines a getter of the store, and the call that reads from a store that it fetches.
macro_rules! getter {
    ($getter:ident, $type:ty) => {
        #[doc = concat!("The parameter for this user, as the native [`", stringify!($getter), "`](crate::ParameterStore::", stringify!($getter), ").")]
        #[must_use]
        pub fn $getter(&self, user: &StatsigUser, param_name: &str, fallback: $type) -> $type {
            self.0.for_user(user).$getter(param_name, fallback)
        }
    };
}

impl ParameterStore {
    getter!(get_string, String);
    getter!(get_bool, bool);
    getter!(get_f64, f64);
    getter!(get_i64, i64);
    getter!(get_array, Vec<Value>);

    /// The parameter for this user, as the native
    /// [`get_object`](crate::ParameterStore::get_object).
    #[must_use]
    pub fn get_object(
        &self,
        user: &StatsigUser,
        param_name: &str,
        fallback: HashMap<String, Value>,
    ) -> Map<String, Value> {
        self.0.for_user(user).get_object(param_name, fallback)
    }

    /// The parameter for this user as any type that serde can deserialize, or the fallback.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, user: &StatsigUser, param_name: &str, fallback: T) -> T {
        self.0.for_user(user).get(param_name, fallback)
    }

    /// The parameter for this user as any type that serde can deserialize.
    #[must_use]
    pub fn get_opt<T: DeserializeOwned>(&self, user: &StatsigUser, param_name: &str) -> Option<T> {
        self.0.for_user(user).get_opt(param_name)
    }

    /// The parameter for this user if it has the JSON type of the fallback, otherwise the fallback.
    #[must_use]
    pub fn get_json_value(
        &self,
        user: &StatsigUser,
        param_name: &str,
        fallback: Option<Value>,
    ) -> Value {
        let fallback = fallback.filter(|fallback| !fallback.is_null());
        let value = self.0.for_user(user).get_typed_opt(param_name, fallback);
        value.unwrap_or_default()
    }
}

/// Defines a read of one parameter of one store.
macro_rules! one_shot {
    ($name:ident, $type:ty) => {
        #[doc = concat!("One parameter of a store for a user. See [`get_parameter_from_store`](Self::get_parameter_from_store).")]
        #[must_use]
        pub fn $name(
            &self,
            user: &StatsigUser,
            parameter_store_name: &str,
            parameter_name: &str,
            fallback: Option<$type>,
            options: Option<ParameterStoreEvaluationOptions>,
        ) -> Option<$type> {
            self.get_parameter_from_store(user, parameter_store_name, parameter_name, fallback, options)
        }
    };
}

impl Statsig {
    /// A parameter store; its getters take the user. Overrides for single IDs do not apply to it:
    /// for these see [`get_parameter_store_for_user`](Self::get_parameter_store_for_user).
    #[must_use]
    pub fn get_parameter_store(&self, parameter_store_name: &str) -> ParameterStore {
        self.get_parameter_store_for_user(&StatsigUser::anonymous(), parameter_store_name)
    }

    /// A parameter store, with the overrides for this user.
    #[must_use]
    pub fn get_parameter_store_for_user(
        &self,
        user: &StatsigUser,
        parameter_store_name: &str,
    ) -> ParameterStore {
        ParameterStore((**self).get_parameter_store(user, parameter_store_name))
    }

    /// Like [`get_parameter_store`](Self::get_parameter_store), with options.
    #[must_use]
    pub fn get_parameter_store_with_options(
        &self,
        parameter_store_name: &str,
        options: ParameterStoreEvaluationOptions,
    ) -> ParameterStore {
        let user = StatsigUser::anonymous();
        let options = options.into();
        let store = (**self).get_parameter_store_with_options(&user, parameter_store_name, options);
        ParameterStore(store)
    }

    /// One parameter of a store for a user, as any type that serde can deserialize, or the
    /// fallback.
    ///
    /// ```
    /// use statsig::compat::{Statsig, StatsigUser};
    ///
    /// let statsig = Statsig::new("secret-key", None);
    /// statsig.override_parameter_store("promo", [("color", "red")], None);
    /// let user = StatsigUser::with_user_id("a-user");
    /// let blue = Some("blue".to_string());
    /// let color = statsig.get_string_parameter_from_store(&user, "promo", "color", blue, None);
    /// assert_eq!(color.as_deref(), Some("red"));
    /// ```
    #[must_use]
    pub fn get_parameter_from_store<T: DeserializeOwned>(
        &self,
        user: &StatsigUser,
        parameter_store_name: &str,
        parameter_name: &str,
        fallback: Option<T>,
        options: Option<ParameterStoreEvaluationOptions>,
    ) -> Option<T> {
        let options = options.unwrap_or_default().into();
        let store = (**self).get_parameter_store_with_options(user, parameter_store_name, options);
        store.get_opt(parameter_name).or(fallback)
    }

    one_shot!(get_string_parameter_from_store, String);
    one_shot!(get_boolean_parameter_from_store, bool);
    one_shot!(get_float_parameter_from_store, f64);
    one_shot!(get_integer_parameter_from_store, i64);
    one_shot!(get_array_parameter_from_store, Vec<Value>);
    one_shot!(get_object_parameter_from_store, HashMap<String, Value>);

    /// The names of the parameters of a store, sorted.
    #[must_use]
    pub fn get_parameter_names_from_store(
        &self,
        user: &StatsigUser,
        parameter_store_name: &str,
    ) -> Vec<String> {
        let store = (**self).get_parameter_store(user, parameter_store_name);
        let names = store
            .parameters()
            .map(|parameter| parameter.name.to_owned());
        names.collect()
    }
}
