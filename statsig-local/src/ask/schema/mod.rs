//! `schema`: writes structs from specs, or checks the schemas of a binary against specs.

mod names;
mod shape;
mod write;

use std::path::Path;

use statsig::typed::{SchemaDocument, SchemaReport};
use statsig::{Statsig, StatsigOptions};

use super::inputs::{open, read_file};
use super::{AskError, Terminal};
use crate::cli::Schema;

/// Largest accepted dump of schemas, in bytes.
const MAX_DUMP_BYTES: usize = 16 * 1024 * 1024;

const DUMP_HINT: &str = "Expected the schemas that the binary writes: a JSON array of `statsig::typed::SchemaDocument`. See `statsig::docs::typed` for how.";

/// Writes the structs. With `--json`, writes their input instead; with `--check`, the differences.
pub(super) fn schema(arguments: &Schema, terminal: &mut Terminal<'_>) -> Result<(), AskError> {
    let (client, catalogue) = open(&arguments.specs.path, StatsigOptions::builder())?;
    if let Some(dump) = &arguments.check {
        return check(&client, dump, arguments, terminal);
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

/// Writes a report for each struct that differs. Fails on errors; with `--deny-warnings`, fails on
/// warnings too.
fn check(
    client: &Statsig,
    dump: &Path,
    arguments: &Schema,
    terminal: &mut Terminal<'_>,
) -> Result<(), AskError> {
    let text = read_file(dump, MAX_DUMP_BYTES)?;
    let origin = dump.display().to_string();
    let documents: Vec<SchemaDocument> = serde_json::from_str(&text)
        .map_err(|error| AskError::syntax(&origin, &error, DUMP_HINT))?;
    let reports = client.schemas().check_documents(&documents);
    if arguments.specs.json {
        terminal.write_json(&reports)?;
    } else {
        for report in reports.iter().filter(|report| !report.is_clean()) {
            writeln!(terminal.output, "{report}\n")?;
        }
    }
    let fails = |report: &&SchemaReport| {
        report.has_errors() || (arguments.deny_warnings && !report.is_clean())
    };
    let failed = reports.iter().filter(fails).count();
    if failed > 0 {
        return Err(AskError::Drift {
            failed,
            checked: reports.len(),
        });
    }
    if !arguments.specs.json {
        writeln!(
            terminal.output,
            "{} structs agree with the specs",
            reports.len()
        )?;
    }
    Ok(())
}
