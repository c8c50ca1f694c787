//! `schema`: writes structs from specs, or checks the schemas of a binary against specs.

mod check;
mod names;
mod shape;
mod write;

use statsig::StatsigOptions;

use super::inputs::open;
use super::{AskError, Terminal};
use crate::cli::Schema;

/// Writes the structs. With `--json`, writes their input instead; with `--check`, the differences.
pub(super) fn schema(arguments: &Schema, terminal: &mut Terminal<'_>) -> Result<(), AskError> {
    let (client, catalogue) = open(&arguments.specs.path, StatsigOptions::builder())?;
    if let Some(dump) = &arguments.check {
        return check::check(&client, dump, arguments, terminal);
    }
    let entities = catalogue.select(arguments.only.kind(), &arguments.names)?;
    let parameters = write::parameters(&client, &entities);
    if arguments.specs.json {
        return terminal.write_json(&parameters);
    }
    let structs = write::structs(&client, &parameters);
    terminal.output.write_all(structs.as_bytes())?;
    Ok(())
}
