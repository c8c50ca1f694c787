//! `eval` and `explain`: show what a user gets, and why.

use serde::Serialize;
use statsig::explain::{ExplainedResult, Explanation};
use statsig::{EntityKind, Reason};

use super::inputs::Inputs;
use super::table::write_table;
use super::{AskError, Terminal};
use crate::cli::{Eval, Explain};

/// The result of one name for the user.
#[derive(Serialize)]
struct EvalOutput<'a> {
    kind: EntityKind,
    name: &'a str,
    #[serde(flatten)]
    result: &'a ExplainedResult,
}

/// Writes one row, or with `--json` one object of an array, for each name.
pub(super) fn eval(arguments: &Eval, terminal: &mut Terminal<'_>) -> Result<(), AskError> {
    let inputs = Inputs::read(&arguments.question, terminal)?;
    let explanations = inputs.explain(&arguments.only, &arguments.names)?;
    if arguments.question.specs.json {
        let outputs = explanations.iter().map(|explanation| EvalOutput {
            kind: explanation.kind,
            name: &explanation.name,
            result: &explanation.result,
        });
        let outputs: Vec<_> = outputs.collect();
        return terminal.write_json(&outputs);
    }
    let row = |explanation: &Explanation| {
        [
            explanation.kind.to_string(),
            explanation.name.to_string(),
            decided_by(&explanation.result),
            explanation.result.value.to_string(),
        ]
    };
    let rows: Vec<_> = explanations.iter().map(row).collect();
    write_table(["KIND", "NAME", "BY", "VALUE"], &rows, terminal.output)?;
    Ok(())
}

/// Writes one explanation, or with `--json` one object of an array, for each name.
pub(super) fn explain(arguments: &Explain, terminal: &mut Terminal<'_>) -> Result<(), AskError> {
    let inputs = Inputs::read(&arguments.question, terminal)?;
    let explanations = inputs.explain(&arguments.only, &arguments.names)?;
    if arguments.question.specs.json {
        return terminal.write_json(&explanations);
    }
    for (place, explanation) in explanations.iter().enumerate() {
        if place > 0 {
            writeln!(terminal.output)?;
        }
        write!(terminal.output, "{explanation}")?;
    }
    Ok(())
}

/// The rule, with its group and experiment. Without a rule, the reason.
fn decided_by(result: &ExplainedResult) -> String {
    let mut parts = Vec::new();
    if !result.rule_id.is_empty() {
        parts.push(format!("rule {}", result.rule_id));
    }
    if let Some(group) = &result.group_name {
        parts.push(format!("group {group}"));
    }
    if let Some(experiment) = &result.allocated_experiment {
        parts.push(format!("experiment {experiment}"));
    }
    match result.details.reason {
        Reason::Recognized { .. } => {}
        ref reason => parts.push(reason.to_string()),
    }
    parts.join(", ")
}
