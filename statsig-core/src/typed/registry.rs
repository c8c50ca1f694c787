//! All derived structs of the binary, collected by the linker. Feature `registry`.
//!
//! The derive adds each struct where it is defined, so the application needs no list. A struct with
//! type parameters is not a single struct, so it is left out.

#[cfg(feature = "registry")]
mod collected {
    use crate::typed::{Schema, StatsigParams};

    /// An entry, made by the derive.
    ///
    /// It holds a function instead of the schema, so that the compiler reports an invalid schema
    /// only once.
    #[doc(hidden)]
    #[derive(Debug)]
    pub struct RegisteredSchema(fn() -> &'static Schema);

    impl RegisteredSchema {
        /// The entry of a struct.
        #[must_use]
        pub const fn of<P: StatsigParams>() -> Self {
            Self(|| P::SCHEMA)
        }
    }

    inventory::collect!(RegisteredSchema);

    /// The schemas of all structs in this binary that derive `StatsigParams` and have a source. The
    /// order is arbitrary.
    pub fn registered_schemas() -> impl Iterator<Item = &'static Schema> {
        let all = inventory::iter::<RegisteredSchema>.into_iter();
        let schemas = all.map(|registered| (registered.0)());
        schemas.filter(|schema| !schema.sources().is_empty())
    }
}

#[cfg(feature = "registry")]
pub use collected::{RegisteredSchema, registered_schemas};

/// For generated code: registers a struct if the feature is enabled.
#[cfg(feature = "registry")]
#[doc(hidden)]
#[macro_export]
macro_rules! __register_params {
    ($params:ty) => {
        $crate::typed::inventory::submit! {
            $crate::typed::RegisteredSchema::of::<$params>()
        }
    };
}

/// For generated code: does nothing without the feature.
#[cfg(not(feature = "registry"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __register_params {
    ($params:ty) => {};
}
