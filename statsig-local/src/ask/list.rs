//! `list`: shows the definitions in the specs.

use super::catalogue::Defined;
use super::inputs::read_catalogue;
use super::table::write_table;
use super::{AskError, Terminal};
use crate::cli::List;

/// Writes one row, or with `--json` one object of an array, for each definition.
pub(super) fn list(arguments: &List, terminal: &mut Terminal<'_>) -> Result<(), AskError> {
    let catalogue = read_catalogue(&arguments.specs.path)?;
    let defined: Vec<_> = catalogue.of_kind(arguments.only.kind()).collect();
    if arguments.specs.json {
        return terminal.write_json(&defined);
    }
    let rows: Vec<_> = defined.into_iter().map(row).collect();
    write_table(
        ["KIND", "NAME", "BY", "CONTENT", ""],
        &rows,
        terminal.output,
    )?;
    Ok(())
}

fn row(defined: &Defined) -> [String; 5] {
    let count = |count: usize, what: &str| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {what}{plural}")
    };
    let rules = defined.rules.map(|rules| count(rules, "rule"));
    let parameters = defined
        .parameters
        .map(|parameters| count(parameters, "parameter"));
    let mut remarks = Vec::new();
    if matches!(
        defined.entity.as_str(),
        "segment" | "holdout" | "autotune" | "bandit"
    ) {
        remarks.push(defined.entity.as_str());
    }
    if defined.is_enabled == Some(false) {
        remarks.push("disabled");
    }
    if defined.is_active == Some(false) {
        remarks.push("not running");
    }
    [
        defined.kind.to_string(),
        defined.name.clone(),
        defined.id_type.clone().unwrap_or_default(),
        rules.or(parameters).unwrap_or_default(),
        remarks.join(", "),
    ]
}
