//! `eval`: shows what a user gets.

use serde::Serialize;
use statsig::explain::ExplainedResult;
use statsig::{EntityKind, Reason};

use super::inputs::Inputs;
use super::table::write_table;
use super::{AskError, Terminal};
use crate::cli::Eval;

/// The result of one name for the user.
#[derive(Serialize)]
struct EvalOutput {
    kind: EntityKind,
    name: String,
    #[serde(flatten)]
    result: ExplainedResult,
}

/// Writes one row, or with `--json` one object of an array, for each name.
pub(crate) fn eval(arguments: &Eval, terminal: &mut Terminal<'_>) -> Result<(), AskError> {
    let specs = &arguments.question.specs;
    let inputs = Inputs::read(&arguments.question, terminal)?;
    let selected = inputs
        .catalogue
        .select(arguments.only.kind, &arguments.names)?;
    let answers: Vec<_> = selected
        .into_iter()
        .map(|(kind, name)| {
            let explanation = inputs.client.explain(&inputs.user, kind.into(), &name);
            EvalOutput {
                kind: kind.into(),
                name,
                result: explanation.result,
            }
        })
        .collect();
    if specs.json {
        serde_json::to_writer_pretty(&mut *terminal.output, &answers)?;
        writeln!(terminal.output)?;
        return Ok(());
    }
    let rows: Vec<_> = answers.iter().map(row).collect();
    write_table(["KIND", "NAME", "BY", "VALUE"], &rows, terminal.output)?;
    Ok(())
}

fn row(answer: &EvalOutput) -> [String; 4] {
    let result = &answer.result;
    [
        answer.kind.to_string(),
        answer.name.clone(),
        decided_by(result),
        result.value.to_string(),
    ]
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
