//! Every derived struct of the binary, collected by the linker. Feature `registry`.
//!
//! The derive adds each struct where it is defined; nobody has to list them. A struct with type
//! parameters is not one struct, so it is not among them.

#[cfg(feature = "registry")]
mod collected {
    use crate::typed::{Schema, StatsigParams};

    /// An entry, made by the derive.
    ///
    /// A function rather than the schema: a schema that does not compile is not told about here
    /// once more.
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

    /// The schema of every struct in this binary that derives `StatsigParams` and has a source, in
    /// no particular order.
    pub fn registered_schemas() -> impl Iterator<Item = &'static Schema> {
        let all = inventory::iter::<RegisteredSchema>.into_iter();
        let schemas = all.map(|registered| (registered.0)());
        schemas.filter(|schema| !schema.sources().is_empty())
    }
}

#[cfg(feature = "registry")]
pub use collected::{RegisteredSchema, registered_schemas};

/// For generated code: adds a struct, where the feature is on.
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

/// For generated code: without the feature, nothing.
#[cfg(not(feature = "registry"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __register_params {
    ($params:ty) => {};
}
