//! Typed access to parameters, shared by all results that have parameters.

use serde_json::Value;

/// Whether two values have the same JSON type. All numbers have the same type.
#[must_use]
pub fn is_same_kind(left: &Value, right: &Value) -> bool {
    matches!(
        (left, right),
        (Value::Null, Value::Null)
            | (Value::Bool(_), Value::Bool(_))
            | (Value::Number(_), Value::Number(_))
            | (Value::String(_), Value::String(_))
            | (Value::Array(_), Value::Array(_))
            | (Value::Object(_), Value::Object(_))
    )
}

/// Implements the typed getters on a type. The type has
/// `fn read<R>(&self, parameter: &str, decode: impl FnOnce(&Value) -> Option<R>) -> Option<R>`. It
/// also has `fn misread(&self, parameter: &str, expected: &str)`, which warns about a parameter
/// that exists and does not decode.
#[doc(hidden)]
#[macro_export]
macro_rules! typed_getters {
    ($type:ident, $exposure:literal) => {
        impl $type {
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
                let read = self.read(parameter, |value| T::deserialize(value).ok());
                if read.is_none() {
                    self.misread(parameter, std::any::type_name::<T>());
                }
                read
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
                let fits = |value: &serde_json::Value| {
                    fallback.as_ref().is_none_or(|fallback| {
                        $crate::results::getters::is_same_kind(value, fallback)
                    })
                };
                let read = self.read(parameter, |value| fits(value).then(|| value.clone()));
                read.or_else(|| {
                    self.misread(parameter, "what the fallback is");
                    fallback
                })
            }

            /// Returns the parameter as text, or the fallback.
            ///
            #[doc = $exposure]
            #[must_use]
            pub fn get_string(&self, parameter: &str, fallback: impl Into<String>) -> String {
                self.read(parameter, |value| value.as_str().map(str::to_owned))
                    .unwrap_or_else(|| {
                        self.misread(parameter, "text");
                        fallback.into()
                    })
            }

            /// Returns the parameter as a boolean, or the fallback.
            ///
            #[doc = $exposure]
            #[must_use]
            pub fn get_bool(&self, parameter: &str, fallback: bool) -> bool {
                self.read(parameter, serde_json::Value::as_bool)
                    .unwrap_or_else(|| {
                        self.misread(parameter, "a boolean");
                        fallback
                    })
            }

            /// Returns the parameter as a number, or the fallback. Integers are numbers.
            ///
            #[doc = $exposure]
            #[must_use]
            pub fn get_f64(&self, parameter: &str, fallback: f64) -> f64 {
                self.read(parameter, serde_json::Value::as_f64)
                    .unwrap_or_else(|| {
                        self.misread(parameter, "a number");
                        fallback
                    })
            }

            /// Returns the parameter as an integer, or the fallback. A number with a fraction, such
            /// as `5.0`, is not an integer.
            ///
            #[doc = $exposure]
            #[must_use]
            pub fn get_i64(&self, parameter: &str, fallback: i64) -> i64 {
                self.read(parameter, serde_json::Value::as_i64)
                    .unwrap_or_else(|| {
                        self.misread(parameter, "an integer");
                        fallback
                    })
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
                self.read(parameter, |value| value.as_array().cloned())
                    .unwrap_or_else(|| {
                        self.misread(parameter, "a list");
                        fallback
                    })
            }

            /// Returns the parameter as an object, or the fallback.
            ///
            #[doc = $exposure]
            #[must_use]
            pub fn get_object(
                &self,
                parameter: &str,
                fallback: serde_json::Map<String, serde_json::Value>,
            ) -> serde_json::Map<String, serde_json::Value> {
                self.read(parameter, |value| value.as_object().cloned())
                    .unwrap_or_else(|| {
                        self.misread(parameter, "an object");
                        fallback
                    })
            }
        }
    };
}
