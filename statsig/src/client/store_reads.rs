//! One parameter of a parameter store in one call.

use serde_json::{Map, Value};

use super::Statsig;
use crate::user::StatsigUser;

/// One read of a parameter store: the user, the store, the parameter and the fallback.
macro_rules! read_from_store {
    ($name:ident, $getter:ident, $fallback:ty => $value:ty, $served:literal, $missing:literal, $found:literal) => {
        #[doc = concat!(
            "Reads one parameter of a parameter store, as [`get_parameter_store`](Self::get_parameter_store)\n",
            "and [`", stringify!($getter), "`](crate::ParameterStore::", stringify!($getter), ") do.\n\n",
            "```\n",
            "# use statsig::{Statsig, StatsigUser};\n",
            "# let statsig = Statsig::new(\"secret-key\", None);\n",
            "# let user = StatsigUser::with_user_id(\"a-user\");\n",
            "# statsig.override_parameter_store(\"promo\", [(\"size\", ", $served, ")], None);\n",
            "let size = statsig.", stringify!($name), "(&user, \"promo\", \"size\", ", $missing, ");\n",
            "assert_eq!(size, ", $found, ");\n",
            "```",
        )]
        #[must_use]
        pub fn $name(
            &self,
            user: &StatsigUser,
            store: &str,
            parameter: &str,
            fallback: $fallback,
        ) -> $value {
            self.get_parameter_store(user, store).$getter(parameter, fallback)
        }
    };
}

impl Statsig {
    read_from_store!(get_string_from_store, get_string, impl Into<String> => String, "\"red\"", "\"blue\"", "\"red\"");
    read_from_store!(get_bool_from_store, get_bool, bool => bool, "true", "false", "true");
    read_from_store!(get_boolean_from_store, get_boolean, bool => bool, "true", "false", "true");
    read_from_store!(get_i64_from_store, get_i64, i64 => i64, "5.0", "10", "5");
    read_from_store!(get_integer_from_store, get_integer, i64 => i64, "5", "10", "5");
    read_from_store!(get_f64_from_store, get_f64, f64 => f64, "0.3", "0.1", "0.3");
    read_from_store!(get_float_from_store, get_float, f64 => f64, "1", "0.1", "1.0");
    read_from_store!(get_array_from_store, get_array, Vec<Value> => Vec<Value>, "vec![1, 2]", "vec![]", "[1, 2]");
    read_from_store!(get_object_from_store, get_object, impl IntoIterator<Item = (impl Into<String>, impl Into<Value>)> => Map<String, Value>, "serde_json::json!({\"px\": 5})", "[(\"px\", 1)]", "serde_json::Map::from_iter([(\"px\".to_owned(), 5.into())])");
    read_from_store!(get_map_from_store, get_map, impl IntoIterator<Item = (impl Into<String>, impl Into<Value>)> => Map<String, Value>, "serde_json::json!({\"px\": 5})", "[(\"px\", 1)]", "serde_json::Map::from_iter([(\"px\".to_owned(), 5.into())])");
}
