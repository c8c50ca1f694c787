//! Converts a read to the details of a resolution.

use std::collections::HashMap;

use open_feature::provider::ResolutionDetails;
use open_feature::{EvaluationReason, FlagMetadata, FlagMetadataValue};
use statsig::flags::{Basis, FlagRead};
use statsig::{SharedStr, SpecsSource};

/// The names of the metadata. Copying the map and filling in the values hashes nothing.
#[derive(Debug)]
pub(crate) struct MetadataFields(HashMap<String, FlagMetadataValue>);

impl MetadataFields {
    pub(crate) fn new() -> Self {
        let names = ["ruleID", "groupName", "idType", "version", "source"];
        let empty = FlagMetadataValue::Bool(false);
        let fields = names.map(|name| (name.to_owned(), empty.clone()));
        Self(fields.into_iter().collect())
    }

    /// The value with its variant, reason and metadata.
    pub(crate) fn details<T>(&self, read: FlagRead<T>) -> ResolutionDetails<T> {
        let group = read.group_name.as_ref().filter(|group| !group.is_empty());
        let rule = Some(&read.rule_id).filter(|rule| !rule.is_empty());
        let id_type = Some(&read.id_type).filter(|id_type| !id_type.is_empty());
        let text = |text: &SharedStr| FlagMetadataValue::from(text.as_str());
        let mut values = self.0.clone();
        values.retain(|name, value| {
            let found = match name.as_str() {
                "ruleID" => rule.map(text),
                "groupName" => group.map(text),
                "idType" => id_type.map(text),
                "version" => read.version.map(FlagMetadataValue::from),
                _ => Some(source_text(&read.source)),
            };
            found.map(|found| *value = found).is_some()
        });
        ResolutionDetails {
            variant: group.or(rule).map(|variant| variant.as_str().to_owned()),
            reason: Some(reason(read.basis)),
            flag_metadata: Some(FlagMetadata { values }),
            value: read.value,
        }
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
