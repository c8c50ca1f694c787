//! The cases that cannot pass, and why. One that passes is a failure of the suite.

use crate::gherkin::{Case, shape};

/// The reason to skip a case.
pub(crate) fn reason(case: &Case) -> Option<&'static str> {
    if needs_transaction(case) {
        return Some("the SDK of OpenFeature for Rust has no transaction context");
    }
    let is_fatal = case
        .steps
        .iter()
        .any(|step| step.text == "a fatal provider");
    if is_fatal {
        return Some(
            "the SDK of OpenFeature for Rust has no state and no error for a fatal provider",
        );
    }
    Some(match (case.feature.as_str(), case.scenario.as_str()) {
        (_, "CACHED reason") => {
            "evaluations are in memory, so the provider caches nothing; a stored value is CACHED"
        }
        (_, "DISABLED reason") if !case.example.contains("Boolean") => {
            "a disabled config serves its own default; the caller's never reaches a provider"
        }
        (_, "Returns metadata" | "Flag metadata in evaluation details") => {
            "Statsig has no metadata that people define for a flag"
        }
        (_, "Returns no metadata") => "the metadata always says which rule decided",
        (_, "Resolves based on context") => "test-flags.json has no flag \"context-aware\"",
        ("Evaluation details through hooks", "Flag not found" | "Type error") => {
            "the details that the SDK for Rust gives to hooks have neither an error code nor the caller's default"
        }
        _ => return None,
    })
}

fn needs_transaction(case: &Case) -> bool {
    let names = |cells: &[Vec<String>]| cells.iter().flatten().any(|cell| cell == "Transaction");
    let has_level = case.steps.iter().any(|step| names(&step.table));
    case.steps.iter().any(|step| {
        let (shape, arguments) = shape(&step.text);
        let level = |index: usize| arguments.get(index).map_or("", String::as_str);
        match shape.as_str() {
            "A context entry with key {} and value {} is added to the {} level" => {
                level(2) == "Transaction"
            }
            "Context entries for each level from API level down to the {} level, with key {} and value {}" => {
                has_level && level(0) != "API"
            }
            _ => false,
        }
    })
}
