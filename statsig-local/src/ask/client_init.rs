//! `client-init`: shows the response that a client SDK starts from.

use serde_json::Value;
use statsig::EntityKind;
use statsig::client_init::ClientInitResponseOptions;

use super::inputs::Inputs;
use super::{AskError, Terminal};
use crate::cli::ClientInit;

/// Writes the response, formatted for reading. With `--json`, writes exactly the bytes that a
/// client SDK gets.
pub(super) fn client_init(
    arguments: &ClientInit,
    terminal: &mut Terminal<'_>,
) -> Result<(), AskError> {
    let inputs = Inputs::read(&arguments.question, terminal)?;
    let options = options(arguments, &inputs)?;
    let response = inputs
        .client
        .get_client_init_response_as_string_with_options(&inputs.user, &options);
    if arguments.question.specs.json {
        writeln!(terminal.output, "{response}")?;
        return Ok(());
    }
    let laid_out: Value = serde_json::from_str(&response)?;
    terminal.write_json(&laid_out)?;
    writeln!(terminal.notes, "{} bytes", response.len())?;
    Ok(())
}

/// Filters accept only names that the specs define. A misspelt name would silently leave out the
/// entity that the caller wants.
fn options(arguments: &ClientInit, inputs: &Inputs) -> Result<ClientInitResponseOptions, AskError> {
    let known = |kind, names: &Option<Vec<String>>| {
        if let Some(names) = names {
            inputs.catalogue.select(Some(kind), names)?;
        }
        Ok::<_, AskError>(names.clone())
    };
    let mut options = ClientInitResponseOptions::new()
        .hash_algorithm(arguments.hash)
        .response_format(arguments.format)
        .remove_id_type(arguments.remove_id_type)
        .remove_default_value_gates(arguments.remove_default_value_gates)
        .remove_experiments_in_layers(arguments.remove_experiments_in_layers);
    if let Some(key) = &arguments.client_key {
        options = options.client_sdk_key(key);
    }
    if let Some(app) = &arguments.target_app {
        options = options.target_app_id(app);
    }
    if let Some(names) = known(EntityKind::Gate, &arguments.gates)? {
        options = options.feature_gate_filter(names);
    }
    if let Some(names) = known(EntityKind::DynamicConfig, &arguments.configs)? {
        options = options.dynamic_config_filter(names);
    }
    if let Some(names) = known(EntityKind::Experiment, &arguments.experiments)? {
        options = options.experiment_filter(names);
    }
    if let Some(names) = known(EntityKind::Layer, &arguments.layers)? {
        options = options.layer_filter(names);
    }
    if let Some(names) = known(EntityKind::ParameterStore, &arguments.stores)? {
        options = options.param_store_filter(names);
    }
    Ok(options)
}
