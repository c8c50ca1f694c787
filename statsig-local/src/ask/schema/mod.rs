//! `schema`: writes structs from specs, or checks the schemas of a binary against specs.

mod check;
mod names;
mod shape;
mod write;

use statsig::offline::OfflineClient;
use statsig_local::limits::MAX_SPECS_BYTES;

use super::inputs::read_specs;
use super::{AskError, Terminal};
use crate::cli::Schema;

/// Writes the structs. With `--json`, writes their input instead; with `--check`, the differences.
pub(crate) fn schema(arguments: &Schema, terminal: &mut Terminal<'_>) -> Result<(), AskError> {
    let (text, catalogue) = read_specs(&arguments.specs)?;
    let options = statsig::StatsigOptions::builder().max_specs_bytes(MAX_SPECS_BYTES);
    let client = OfflineClient::new(&text, options.build()?).map_err(|error| AskError::Specs {
        origin: arguments.specs.path.display().to_string(),
        problem: error.to_string(),
    })?;
    match &arguments.check {
        Some(dump) => check::check(&client, dump, arguments, terminal),
        None => {
            let entities = catalogue.select(arguments.only.kind, &arguments.names)?;
            if arguments.specs.json {
                let parameters = write::parameters(&client, &entities);
                serde_json::to_writer_pretty(&mut *terminal.output, &parameters)?;
                writeln!(terminal.output)?;
            } else {
                let structs = write::structs(&client, &entities);
                terminal.output.write_all(structs.as_bytes())?;
            }
            Ok(())
        }
    }
}
