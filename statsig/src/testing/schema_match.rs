//! The check of a struct against a file of specs, as a test.

use std::path::Path;

use crate::offline::OfflineClient;
use crate::typed::{SchemaReport, StatsigParams};

/// Asserts that a parameter struct fits the specs in a file: every value that any rule serves. Use
/// it in CI, with a file that CI downloads or that the repository contains.
///
/// The path is relative to the package's folder. [Warnings](crate::typed::DriftSeverity::Warning)
/// do not fail; see [`check_schema_in`] for the whole report.
///
/// ```no_run
/// # #[cfg(feature = "macros")] {
/// use statsig::StatsigParams;
/// use statsig::testing::assert_schema_matches;
///
/// #[derive(Debug, StatsigParams)]
/// #[statsig(layer = "promos")]
/// struct Promo {
///     #[statsig(default = "Welcome")]
///     title: String,
/// }
///
/// // #[test]
/// fn promo_agrees_with_the_console() {
///     assert_schema_matches!(Promo, "tests/specs.json");
/// }
/// # }
/// ```
///
/// # Panics
/// When the report has an error; the message is the report. When the file cannot be read, or does
/// not contain specs.
#[doc(hidden)]
#[macro_export]
macro_rules! __assert_schema_matches {
    ($params:ty, $path:expr $(,)?) => {{
        let folder = ::std::path::Path::new(::core::env!("CARGO_MANIFEST_DIR"));
        let report = $crate::testing::check_schema_in::<$params>(folder.join($path));
        ::core::assert!(!report.has_errors(), "{report}");
    }};
}

#[doc(inline)]
pub use crate::__assert_schema_matches as assert_schema_matches;

/// Checks a parameter struct against the specs in a file.
///
/// # Panics
/// When the file cannot be read, or does not contain specs.
#[must_use]
pub fn check_schema_in<P: StatsigParams>(specs: impl AsRef<Path>) -> SchemaReport {
    client_of_file(specs.as_ref()).schemas().check::<P>()
}

/// A client with the specs in a file.
#[expect(clippy::panic, reason = "a test without its specs cannot go on")]
pub(super) fn client_of_file(path: &Path) -> OfflineClient {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(problem) => panic!("{}: {problem}", path.display()),
    };
    match OfflineClient::new(&text, None) {
        Ok(client) => client,
        Err(problem) => panic!("{}: {problem}", path.display()),
    }
}
