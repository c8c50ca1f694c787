//! `sign`: makes a token that forces gates and parameters for the requests that carry it.

use std::path::Path;

use serde_json::Value;
use statsig::EntityKind;
use statsig::overrides::RequestOverrides;
use statsig::overrides::signed::{OverrideClaims, OverrideKey};

use super::catalogue::{Catalogue, most_alike};
use super::inputs::{read_catalogue, read_file};
use super::{AskError, Terminal};
use crate::cli::{KEY_VARIABLE, Sign};

const MAX_KEY_BYTES: usize = 64 * 1024;

/// Writes the token to the output, and what it forces and until when to the notes.
pub(super) fn sign(arguments: &Sign, terminal: &mut Terminal<'_>) -> Result<(), AskError> {
    let specs = arguments.specs.as_deref();
    let catalogue = specs.map(read_catalogue).transpose()?;
    let overrides = overrides(arguments, catalogue.as_ref())?;
    let key = key(arguments.key_file.as_deref(), terminal.key.as_deref())?;
    let expires_at_ms = terminal.now_ms.saturating_add(arguments.expires);
    let names: Vec<_> = overrides.names().map(|name| name.to_string()).collect();
    let token = OverrideClaims::new(&arguments.audience, expires_at_ms, overrides).sign(&key)?;
    writeln!(terminal.output, "{token}")?;
    let end = i64::try_from(expires_at_ms).ok();
    let end = end.and_then(chrono::DateTime::from_timestamp_millis);
    let end = end.map_or_else(|| "forever".to_owned(), |end| format!("until {end:?}"));
    writeln!(terminal.notes, "forces {} {end}", names.join(", "))?;
    Ok(())
}

fn key(file: Option<&Path>, variable: Option<&str>) -> Result<OverrideKey, AskError> {
    let (origin, secret) = match (file, variable) {
        (Some(path), _) => (path.display().to_string(), read_file(path, MAX_KEY_BYTES)?),
        (None, Some(secret)) => (KEY_VARIABLE.to_owned(), secret.to_owned()),
        (None, None) => return Err(AskError::NoKey),
    };
    OverrideKey::new(secret).map_err(|source| AskError::Key { origin, source })
}

fn overrides(
    arguments: &Sign,
    catalogue: Option<&Catalogue>,
) -> Result<RequestOverrides, AskError> {
    let mut overrides = RequestOverrides::new();
    for argument in &arguments.gate {
        let (name, passes) = gate(argument)?;
        check(catalogue, EntityKind::Gate, name)?;
        overrides = overrides.gate(name, passes);
    }
    for argument in &arguments.param {
        let (kind, entity, name, value) = parameter(argument)?;
        check(catalogue, kind, entity)?;
        overrides = match kind {
            EntityKind::DynamicConfig => overrides.dynamic_config(entity, name, value),
            EntityKind::Experiment => overrides.experiment(entity, name, value),
            EntityKind::Layer => overrides.layer(entity, name, value),
            EntityKind::ParameterStore => overrides.parameter_store(entity, name, value),
            EntityKind::Gate => overrides,
        };
    }
    Ok(overrides)
}

/// If specs are given, a name that is not in them is an error: it is probably misspelt.
fn check(catalogue: Option<&Catalogue>, kind: EntityKind, name: &str) -> Result<(), AskError> {
    if let Some(catalogue) = catalogue {
        catalogue.select(Some(kind), &[name.to_owned()])?;
    }
    Ok(())
}

fn problem(argument: &str, problem: String) -> AskError {
    let argument = argument.to_owned();
    AskError::Argument { argument, problem }
}

fn gate(argument: &str) -> Result<(&str, bool), AskError> {
    let expected = "expected NAME=true or NAME=false";
    let (name, value) = argument
        .rsplit_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| problem(argument, format!("{expected}, found no name or no `=`")))?;
    let passes = value.parse().map_err(|_| {
        let hint = hint(&["true", "false"], value);
        problem(argument, format!("{expected}, found `{value}`{hint}"))
    })?;
    Ok((name, passes))
}

fn parameter(argument: &str) -> Result<(EntityKind, &str, &str, Value), AskError> {
    const KINDS: [(&str, EntityKind); 4] = [
        ("config", EntityKind::DynamicConfig),
        ("experiment", EntityKind::Experiment),
        ("layer", EntityKind::Layer),
        ("store", EntityKind::ParameterStore),
    ];
    let expected = "expected KIND:NAME.PARAMETER=VALUE, such as layer:promo.title=Hi";
    let unlike = |found: &str| problem(argument, format!("{expected}, found {found}"));
    let (place, value) = argument.split_once('=').ok_or_else(|| unlike("no `=`"))?;
    let (kind, path) = place
        .split_once(':')
        .ok_or_else(|| unlike("no `:` before the `=`"))?;
    let Some((_, kind)) = KINDS.iter().find(|(name, _)| *name == kind) else {
        let names = KINDS.map(|(name, _)| name);
        let hint = hint(&names, kind);
        let names = names.join(", ");
        let text = match kind {
            "gate" => "a gate has no parameters: use --gate NAME=true".to_owned(),
            _ => format!("expected one of {names} before the `:`, found `{kind}`{hint}"),
        };
        return Err(problem(argument, text));
    };
    let (entity, name) = path
        .rsplit_once('.')
        .filter(|(entity, name)| !entity.is_empty() && !name.is_empty())
        .ok_or_else(|| unlike("no name or no parameter"))?;
    // A value that is not JSON is a text, so that most texts need no quotes.
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((*kind, entity, name, value))
}

fn hint(known: &[&str], found: &str) -> String {
    match most_alike(known.iter().copied(), found).first() {
        Some(meant) => format!("; did you mean `{meant}`?"),
        None => String::new(),
    }
}
