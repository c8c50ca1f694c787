//! Typed access to parameters, shared by all results that have parameters.

use serde_json::Value;

/// Whether two values have the same JSON type. All numbers have the same type.
#[must_use]
pub fn is_same_kind(left: &Value, right: &Value) -> bool {
    kind_of(left) == kind_of(right)
}

/// The JSON type of a value, as reports name it.
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
/// The texts are for the examples: the name of the variable, and the methods of the client that
/// fetch the result and force its parameters.
#[doc(hidden)]
#[macro_export]
macro_rules! typed_getters {
    ($type:ident, $result:literal, $fetch:literal, $force:literal, $exposure:literal) => {
        impl $type {
            /// Returns the parameter as text, or the fallback.
            ///
            #[doc = $exposure]
            ///
            #[doc = $crate::getter_example!($result, $fetch, $force, "\"red\"", "get_string", ", \"blue\"", "\"red\"")]
            #[must_use]
            pub fn get_string(&self, parameter: &str, fallback: impl Into<String>) -> String {
                self.read(parameter, |value| value.as_str().map(str::to_owned))
                    .unwrap_or_else(|| {
                        self.misread(parameter, "a string");
                        fallback.into()
                    })
            }

            /// Returns the parameter as a boolean, or the fallback.
            ///
            #[doc = $exposure]
            ///
            #[doc = $crate::getter_example!($result, $fetch, $force, "true", "get_bool", ", false", "true")]
            #[must_use]
            pub fn get_bool(&self, parameter: &str, fallback: bool) -> bool {
                self.read(parameter, serde_json::Value::as_bool)
                    .unwrap_or_else(|| {
                        self.misread(parameter, "true or false");
                        fallback
                    })
            }

            /// The same as [`get_bool`](Self::get_bool), by its name in other SDKs.
            ///
            #[doc = $crate::getter_example!($result, $fetch, $force, "true", "get_boolean", ", false", "true")]
            #[must_use]
            pub fn get_boolean(&self, parameter: &str, fallback: bool) -> bool {
                self.get_bool(parameter, fallback)
            }

            /// Returns the parameter as an integer, or the fallback. A whole float such as `5.0` is
            /// an integer.
            ///
            #[doc = $exposure]
            ///
            #[doc = $crate::getter_example!($result, $fetch, $force, "5.0", "get_i64", ", 10", "5")]
            #[must_use]
            pub fn get_i64(&self, parameter: &str, fallback: i64) -> i64 {
                self.read(parameter, $crate::value::whole_number)
                    .unwrap_or_else(|| {
                        self.misread(parameter, "an integer");
                        fallback
                    })
            }

            /// The same as [`get_i64`](Self::get_i64), by its name in other SDKs.
            ///
            #[doc = $crate::getter_example!($result, $fetch, $force, "5", "get_integer", ", 10", "5")]
            #[must_use]
            pub fn get_integer(&self, parameter: &str, fallback: i64) -> i64 {
                self.get_i64(parameter, fallback)
            }

            /// Returns the parameter as a number, or the fallback. Integers are numbers.
            ///
            #[doc = $exposure]
            ///
            #[doc = $crate::getter_example!($result, $fetch, $force, "0.3", "get_f64", ", 0.1", "0.3")]
            #[must_use]
            pub fn get_f64(&self, parameter: &str, fallback: f64) -> f64 {
                self.read(parameter, serde_json::Value::as_f64)
                    .unwrap_or_else(|| {
                        self.misread(parameter, "a number");
                        fallback
                    })
            }

            /// The same as [`get_f64`](Self::get_f64), by its name in other SDKs.
            ///
            #[doc = $crate::getter_example!($result, $fetch, $force, "1", "get_float", ", 0.1", "1.0")]
            #[must_use]
            pub fn get_float(&self, parameter: &str, fallback: f64) -> f64 {
                self.get_f64(parameter, fallback)
            }

            /// Returns the parameter as a list, or the fallback.
            ///
            #[doc = $exposure]
            ///
            #[doc = $crate::getter_example!($result, $fetch, $force, "vec![1, 2]", "get_array", ", vec![]", "[1, 2]")]
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

            /// Returns the parameter as an object, or the fallback: a map, or pairs of a name and a
            /// value.
            ///
            #[doc = $exposure]
            ///
            #[doc = $crate::getter_example!($result, $fetch, $force, "serde_json::json!({\"px\": 5})", "get_object", ", [(\"px\", 1)]", "serde_json::Map::from_iter([(\"px\".to_owned(), 5.into())])")]
            #[must_use]
            pub fn get_object<K: Into<String>, V: Into<serde_json::Value>>(
                &self,
                parameter: &str,
                fallback: impl IntoIterator<Item = (K, V)>,
            ) -> serde_json::Map<String, serde_json::Value> {
                self.read(parameter, |value| value.as_object().cloned())
                    .unwrap_or_else(|| {
                        self.misread(parameter, "an object");
                        $crate::value::object(fallback)
                    })
            }

            /// The same as [`get_object`](Self::get_object), by its name in other SDKs.
            ///
            #[doc = $crate::getter_example!($result, $fetch, $force, "serde_json::json!({\"px\": 5})", "get_map", ", [(\"px\", 1)]", "serde_json::Map::from_iter([(\"px\".to_owned(), 5.into())])")]
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
            ///
            #[doc = $crate::getter_example!($result, $fetch, $force, "vec![80, 443]", "get::<Vec<u16>>", ", vec![]", "[80, 443]")]
            #[must_use]
            pub fn get<T: serde::de::DeserializeOwned>(&self, parameter: &str, fallback: T) -> T {
                self.get_opt(parameter).unwrap_or(fallback)
            }

            /// Reads the parameter as any type that serde can deserialize. Returns `None` if the
            /// parameter is missing or has another type.
            ///
            #[doc = $exposure]
            ///
            #[doc = $crate::getter_example!($result, $fetch, $force, "80", "get_opt::<u16>", "", "Some(80)")]
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
            ///
            #[doc = $crate::getter_example!($result, $fetch, $force, "80", "get_typed_opt", ", Some(1.5.into())", "Some(80.into())")]
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
                    if let Some(fallback) = &fallback {
                        self.misread(parameter, $crate::results::getters::kind_of(fallback));
                    }
                    fallback
                })
            }
        }
    };
}

/// The example of one getter, which runs: a client serves the parameter `size` with a value, and
/// the getter reads it.
#[doc(hidden)]
#[macro_export]
macro_rules! getter_example {
    ($result:literal, $fetch:literal, $force:literal, $value:literal, $getter:literal, $fallback:literal, $expected:literal) => {
        concat!(
            "```\n",
            "# use statsig::{Statsig, StatsigUser};\n",
            "# let statsig = Statsig::new(\"secret-key\", None);\n",
            "# let user = StatsigUser::with_user_id(\"a-user\");\n",
            "# statsig.",
            $force,
            "(\"promo\", [(\"size\", ",
            $value,
            ")], None);\n",
            "let ",
            $result,
            " = statsig.",
            $fetch,
            "(&user, \"promo\");\n",
            "assert_eq!(",
            $result,
            ".",
            $getter,
            "(\"size\"",
            $fallback,
            "), ",
            $expected,
            ");\n",
            "```",
        )
    };
}
