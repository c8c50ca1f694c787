//! The check of parameter structs that goes with new specs.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::StatsigError;
use crate::options::StatsigOptions;
use crate::specs::compiled::CompiledSpecs;
use crate::targets;
use crate::typed::{SchemaDocument, SchemaReport, check_all};

/// Checks the structs that the options name; `None` if they name none, or if the check itself
/// failed, which is logged.
///
/// Decoding and defaults are code of the application: its panic costs the reports, not the specs.
pub(super) fn check_schemas(
    options: &StatsigOptions,
    specs: &CompiledSpecs,
) -> Option<Vec<SchemaReport>> {
    let schemas = options.schemas_to_check();
    if schemas.is_empty() {
        return None;
    }
    let checked = catch_unwind(AssertUnwindSafe(|| {
        let documents: Vec<_> = schemas.into_iter().map(SchemaDocument::from).collect();
        check_all(&documents, specs)
    }));
    if checked.is_err() {
        tracing::error!(
            target: targets::SCHEMAS,
            "checking parameter structs panicked, in their decoding or defaults; nothing is known about drift"
        );
    }
    checked.ok()
}

/// The error for reports with errors, if the options ask for one.
pub(super) fn refusal(options: &StatsigOptions, reports: &[SchemaReport]) -> Option<StatsigError> {
    let failed = reports.iter().filter(|report| report.has_errors());
    let failed: Vec<_> = failed.map(ToString::to_string).collect();
    (options.strict_schemas && !failed.is_empty()).then(|| StatsigError::SchemaDrift {
        structs: failed.len(),
        report: failed.join("\n"),
    })
}
