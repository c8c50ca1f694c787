//! Converts a read to the details of a resolution.

use std::collections::HashMap;

use open_feature::provider::ResolutionDetails;
use open_feature::{EvaluationReason, FlagMetadata, FlagMetadataValue};
use statsig::SpecsSource;
use statsig::flags::{Basis, FlagRead};

/// The value with its variant, reason and metadata.
pub(crate) fn details<T>(read: FlagRead<T>) -> ResolutionDetails<T> {
    let group = read.group_name.as_ref().filter(|group| !group.is_empty());
    let rule = Some(&read.rule_id).filter(|rule| !rule.is_empty());
    let mut values = HashMap::with_capacity(5);
    let texts = [
        ("ruleID", rule),
        ("groupName", group),
        (
            "idType",
            Some(&read.id_type).filter(|id_type| !id_type.is_empty()),
        ),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            values.insert(name.to_owned(), text.as_str().into());
        }
    }
    if let Some(version) = read.version {
        values.insert("version".to_owned(), version.into());
    }
    values.insert("source".to_owned(), source_text(&read.source));
    ResolutionDetails {
        variant: group.or(rule).map(|variant| variant.as_str().to_owned()),
        reason: Some(reason(read.basis)),
        flag_metadata: Some(FlagMetadata { values }),
        value: read.value,
    }
}

/// The text of a source. Formatting would take longer than the rest of the metadata.
fn source_text(source: &SpecsSource) -> FlagMetadataValue {
    match source {
        SpecsSource::Network => "Network".into(),
        SpecsSource::Bootstrap => "Bootstrap".into(),
        other => other.to_string().into(),
    }
}

fn reason(basis: Basis) -> EvaluationReason {
    match basis {
        Basis::Constant => EvaluationReason::Static,
        Basis::Rule => EvaluationReason::TargetingMatch,
        Basis::Share => EvaluationReason::Split,
        Basis::Default => EvaluationReason::Default,
        Basis::Disabled => EvaluationReason::Disabled,
        Basis::Overridden(by) => EvaluationReason::Other(by.to_owned()),
        Basis::Stored => EvaluationReason::Cached,
        Basis::Several => EvaluationReason::Unknown,
    }
}
