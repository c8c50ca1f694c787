//! The check of a struct against a file of specs, as a test.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use statsig_core::authoring::Specs;

use super::or_fail;
use crate::offline::OfflineClient;
use crate::typed::{SchemaReport, StatsigParams};

/// Asserts that a parameter struct fits specs: every value that any rule serves. Use it in CI, with
/// a file that CI downloads or that the repository contains. It also takes [`Specs`].
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
    ($params:ty, $specs:expr $(,)?) => {{
        let specs = $crate::testing::SpecsToCheck::from($specs);
        let specs = specs.in_folder(::core::env!("CARGO_MANIFEST_DIR"));
        let report = $crate::testing::check_schema_in::<$params>(specs);
        ::core::assert!(!report.has_errors(), "{report}");
    }};
}

#[doc(inline)]
pub use crate::__assert_schema_matches as assert_schema_matches;

/// Checks a parameter struct against specs: those in a file, or a described project.
///
/// # Panics
/// When the file cannot be read, or does not contain specs. When Statsig would not accept the
/// project.
#[must_use]
pub fn check_schema_in<P: StatsigParams>(specs: impl Into<SpecsToCheck>) -> SchemaReport {
    specs.into().client().schemas().check::<P>()
}

/// Specs for checks of structs: the path of a file, or a described project.
///
/// Functions take `impl Into<SpecsToCheck>`: a path, or [`Specs`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SpecsToCheck {
    /// A file with the JSON that the specs endpoint would return.
    File(PathBuf),
    /// A described project.
    Project(Box<Specs>),
}

impl SpecsToCheck {
    /// A file is in this folder, unless its path is absolute.
    #[doc(hidden)]
    #[must_use]
    pub fn in_folder(self, folder: &str) -> Self {
        match self {
            Self::File(path) => Self::File(Path::new(folder).join(path)),
            project => project,
        }
    }

    /// A client with the specs.
    pub(super) fn client(self) -> OfflineClient {
        match self {
            Self::File(path) => {
                let in_file = |problem: &dyn Display| format!("{}: {problem}", path.display());
                let text = std::fs::read_to_string(&path).map_err(|problem| in_file(&problem));
                let client = OfflineClient::new(or_fail(text), None);
                or_fail(client.map_err(|problem| in_file(&problem)))
            }
            Self::Project(specs) => or_fail(OfflineClient::new(*specs, None)),
        }
    }
}

impl From<&str> for SpecsToCheck {
    fn from(path: &str) -> Self {
        Self::File(path.into())
    }
}

impl From<String> for SpecsToCheck {
    fn from(path: String) -> Self {
        Self::File(path.into())
    }
}

impl From<&Path> for SpecsToCheck {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<PathBuf> for SpecsToCheck {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&PathBuf> for SpecsToCheck {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl From<Specs> for SpecsToCheck {
    fn from(specs: Specs) -> Self {
        Self::Project(Box::new(specs))
    }
}

impl From<&Specs> for SpecsToCheck {
    fn from(specs: &Specs) -> Self {
        specs.clone().into()
    }
}
