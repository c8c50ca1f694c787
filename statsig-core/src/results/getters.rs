//! Typed access to parameters, shared by all results that have parameters.

use serde_json::Value;

/// The JSON type of a value, as reports name it. All numbers have the same type.
#[must_use]
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Implements the typed getters on a type. The type has
/// `fn read<R>(&self, parameter: &str, decode: impl FnOnce(&Value) -> Option<R>) -> Option<R>`. It
/// also has `fn misread(&self, parameter: &str, expected: &str)`, which warns about a parameter
/// that exists and does not decode.
///
/// The text says what the getters expose.
#[doc(hidden)]
#[macro_export]
macro_rules! typed_getters {
    ($type:ident, $exposure:literal) => {
        impl $type {
            /// Decodes the parameter. Warns if it exists and does not decode.
            fn decoded<R>(
                &self,
                parameter: &str,
                expected: &str,
                decode: impl FnOnce(&serde_json::Value) -> Option<R>,
            ) -> Option<R> {
                let read = self.read(parameter, decode);
                if read.is_none() {
                    self.misread(parameter, expected);
                }
                read
            }

            /// Returns the parameter as text, or the fallback.
            ///
            #[doc = $exposure]
            #[must_use]
            pub fn get_string(&self, parameter: &str, fallback: impl Into<String>) -> String {
                let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
                self.decoded(parameter, "a string", text)
                    .unwrap_or_else(|| fallback.into())
            }

            /// Returns the parameter as a boolean, or the fallback.
            ///
            #[doc = $exposure]
            #[must_use]
            pub fn get_bool(&self, parameter: &str, fallback: bool) -> bool {
                self.decoded(parameter, "true or false", serde_json::Value::as_bool)
                    .unwrap_or(fallback)
            }

            /// The same as [`get_bool`](Self::get_bool), by its name in other SDKs.
            #[must_use]
            pub fn get_boolean(&self, parameter: &str, fallback: bool) -> bool {
                self.get_bool(parameter, fallback)
            }

            /// Returns the parameter as an integer, or the fallback. A whole float such as `5.0` is
            /// an integer.
            ///
            #[doc = $exposure]
            #[must_use]
            pub fn get_i64(&self, parameter: &str, fallback: i64) -> i64 {
                self.decoded(parameter, "an integer", $crate::value::whole_number)
                    .unwrap_or(fallback)
            }

            /// The same as [`get_i64`](Self::get_i64), by its name in other SDKs.
            #[must_use]
            pub fn get_integer(&self, parameter: &str, fallback: i64) -> i64 {
                self.get_i64(parameter, fallback)
            }

            /// Returns the parameter as a number, or the fallback. Integers are numbers.
            ///
            #[doc = $exposure]
            #[must_use]
            pub fn get_f64(&self, parameter: &str, fallback: f64) -> f64 {
                self.decoded(parameter, "a number", serde_json::Value::as_f64)
                    .unwrap_or(fallback)
            }

            /// The same as [`get_f64`](Self::get_f64), by its name in other SDKs.
            #[must_use]
            pub fn get_float(&self, parameter: &str, fallback: f64) -> f64 {
                self.get_f64(parameter, fallback)
            }

            /// Returns the parameter as a list, or the fallback.
            ///
            #[doc = $exposure]
            #[must_use]
            pub fn get_array(
                &self,
                parameter: &str,
                fallback: Vec<serde_json::Value>,
            ) -> Vec<serde_json::Value> {
                self.decoded(parameter, "a list", |value| value.as_array().cloned())
                    .unwrap_or(fallback)
            }

            /// Returns the parameter as an object, or the fallback: a map, or pairs of a name and a
            /// value.
            ///
            #[doc = $exposure]
            #[must_use]
            pub fn get_object<K: Into<String>, V: Into<serde_json::Value>>(
                &self,
                parameter: &str,
                fallback: impl IntoIterator<Item = (K, V)>,
            ) -> serde_json::Map<String, serde_json::Value> {
                self.decoded(parameter, "an object", |value| value.as_object().cloned())
                    .unwrap_or_else(|| $crate::value::object(fallback))
            }

            /// The same as [`get_object`](Self::get_object), by its name in other SDKs.
            #[must_use]
            pub fn get_map<K: Into<String>, V: Into<serde_json::Value>>(
                &self,
                parameter: &str,
                fallback: impl IntoIterator<Item = (K, V)>,
            ) -> serde_json::Map<String, serde_json::Value> {
                self.get_object(parameter, fallback)
            }

            /// Reads the parameter as any type that serde can deserialize. Returns the fallback if
            /// the parameter is missing or has another type.
            ///
            #[doc = $exposure]
            #[must_use]
            pub fn get<T: serde::de::DeserializeOwned>(&self, parameter: &str, fallback: T) -> T {
                self.get_opt(parameter).unwrap_or(fallback)
            }

            /// Reads the parameter as any type that serde can deserialize. Returns `None` if the
            /// parameter is missing or has another type.
            ///
            #[doc = $exposure]
            #[must_use]
            pub fn get_opt<T: serde::de::DeserializeOwned>(&self, parameter: &str) -> Option<T> {
                let expected = std::any::type_name::<T>();
                self.decoded(parameter, expected, |value| T::deserialize(value).ok())
            }

            /// Returns the parameter if it has the JSON type of the fallback, otherwise the
            /// fallback. All numbers have the same type. Without a fallback, returns the parameter
            /// with any type.
            ///
            #[doc = $exposure]
            #[must_use]
            pub fn get_typed_opt(
                &self,
                parameter: &str,
                fallback: Option<serde_json::Value>,
            ) -> Option<serde_json::Value> {
                let Some(fallback) = fallback else {
                    return self.read(parameter, |value| Some(value.clone()));
                };
                let kind = $crate::results::getters::kind_of(&fallback);
                let fits = |value: &serde_json::Value| {
                    ($crate::results::getters::kind_of(value) == kind).then(|| value.clone())
                };
                Some(self.decoded(parameter, kind, fits).unwrap_or(fallback))
            }
        }
    };
}
