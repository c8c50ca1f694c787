//! Typed access to parameters, the same on everything that has them.

use serde_json::Value;

/// Whether two values are of one JSON kind. Any number goes with any number.
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

/// Implements the typed getters on a type that has
/// `fn read<R>(&self, parameter: &str, decode: impl FnOnce(&Value) -> Option<R>) -> Option<R>` and
/// `fn misread(&self, parameter: &str, expected: &str)`, which warns of a parameter that is there and could not be decoded.
#[doc(hidden)]
#[macro_export]
macro_rules! typed_getters {
    ($type:ident, $exposure:literal) => {
        impl $type {
            /// The parameter as any type that serde can read, or the fallback if it is missing or of another type.
            ///
            #[doc = $exposure]
            #[must_use]
            pub fn get<T: serde::de::DeserializeOwned>(&self, parameter: &str, fallback: T) -> T {
                self.get_opt(parameter).unwrap_or(fallback)
            }

            /// The parameter as any type that serde can read, or `None` if it is missing or of another type.
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

            /// The parameter if it is of the fallback's JSON kind (any number goes with any number), or else the fallback.
            /// Without a fallback, whatever the parameter is.
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

            /// The parameter as text, or the fallback.
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

            /// The parameter as a boolean, or the fallback.
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

            /// The parameter as a number, or the fallback. Integers count.
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

            /// The parameter as an integer, or the fallback. A number written with a fraction, as in `5.0`, is none.
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

            /// The parameter as a list, or the fallback.
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

            /// The parameter as an object, or the fallback.
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
