//! `explain`: shows why a user gets a value.

use super::inputs::Inputs;
use super::{AskError, Terminal};
use crate::cli::Explain;

/// Writes one explanation, or with `--json` one object of an array, for each name.
pub(crate) fn explain(arguments: &Explain, terminal: &mut Terminal<'_>) -> Result<(), AskError> {
    let specs = &arguments.question.specs;
    let inputs = Inputs::read(&arguments.question, terminal)?;
    let selected = inputs
        .catalogue
        .select(arguments.only.kind, &arguments.names)?;
    let explanations: Vec<_> = selected
        .into_iter()
        .map(|(kind, name)| inputs.client.explain(&inputs.user, kind.into(), &name))
        .collect();
    if specs.json {
        serde_json::to_writer_pretty(&mut *terminal.output, &explanations)?;
        writeln!(terminal.output)?;
        return Ok(());
    }
    for (place, explanation) in explanations.iter().enumerate() {
        if place > 0 {
            writeln!(terminal.output)?;
        }
        write!(terminal.output, "{explanation}")?;
    }
    Ok(())
}
