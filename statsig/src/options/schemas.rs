//! Which parameter structs are checked while the client runs.

use super::{StatsigOptions, StatsigOptionsBuilder};
use crate::typed::{Schema, StatsigParams};

option_setters! {
    /// Checks every struct in the binary that derives [`StatsigParams`], as
    /// [`check_schema`](Self::check_schema) does for one struct. Default: false. Feature
    /// `registry`.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().check_all_schemas(true).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    #[cfg(feature = "registry")]
    pub fn check_all_schemas(check: bool) => check_registered_schemas = check;

    /// Makes [`initialize`](crate::Statsig::initialize) fail when a checked struct differs from the
    /// first specs in a way that is an [error](crate::typed::DriftSeverity::Error). Default: false.
    ///
    /// Use it in staging, where a difference should stop a release. The client can be used even so.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().strict_schemas(true).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn strict_schemas(strict: bool) => strict_schemas = strict;

    /// Lets a struct with `on_mismatch = "panic_in_tests"` panic when a served value does not fit
    /// its field. For clients of tests; without it, such a struct takes its default and logs a
    /// warning. Default: false.
    ///
    /// ```
    /// use statsig::StatsigOptions;
    ///
    /// let options = StatsigOptions::builder().panic_in_tests(cfg!(test)).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn panic_in_tests(panic: bool) => panic_in_tests = panic;
}

impl StatsigOptionsBuilder {
    /// Checks this struct against the specs at start and after each update. The client logs each
    /// difference once, under the target `statsig::schemas`, calls
    /// [subscribers](crate::Statsig::subscribe) of `schema_drifted`, and counts it in the metric
    /// `statsig.sdk.schema_drifts`. [`Schemas::latest`](crate::Schemas::latest) returns the latest
    /// reports. Call it once for each struct.
    ///
    /// The check runs beside the actors, on a thread for blocking work. New specs are in use when
    /// it ends, with any result.
    ///
    /// ```
    /// use statsig::{StatsigOptions, StatsigParams};
    ///
    /// #[derive(StatsigParams)]
    /// #[statsig(layer = "user_promo_experiments")]
    /// struct Promo {
    ///     #[statsig(default = 0.1)]
    ///     discount: f64,
    /// }
    ///
    /// let options = StatsigOptions::builder()
    ///     .environment("staging")
    ///     .check_schema::<Promo>()
    ///     .strict_schemas(true)
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn check_schema<P: StatsigParams>(mut self) -> Self {
        self.options.schemas.push(P::SCHEMA);
        self
    }
}

impl StatsigOptions {
    /// The structs to check at start and after each update.
    pub(crate) fn schemas_to_check(&self) -> Vec<&'static Schema> {
        if self.check_registered_schemas {
            self.all_schemas()
        } else {
            self.schemas.clone()
        }
    }

    /// All structs that are known.
    pub(crate) fn all_schemas(&self) -> Vec<&'static Schema> {
        let mut schemas = self.schemas.clone();
        add_registered(&mut schemas);
        schemas
    }
}

#[cfg(feature = "registry")]
fn add_registered(schemas: &mut Vec<&'static Schema>) {
    for registered in crate::typed::registered_schemas() {
        if !schemas.iter().any(|named| is_same(named, registered)) {
            schemas.push(registered);
        }
    }
}

/// Whether two schemas describe one struct. They need not be at one address: a constant has none of
/// its own.
#[cfg(feature = "registry")]
fn is_same(a: &'static Schema, b: &'static Schema) -> bool {
    let fields = |schema: &'static Schema| schema.params.iter().map(|param| param.field);
    a.struct_name == b.struct_name && a.sources() == b.sources() && fields(a).eq(fields(b))
}

#[cfg(not(feature = "registry"))]
fn add_registered(_schemas: &mut Vec<&'static Schema>) {}
