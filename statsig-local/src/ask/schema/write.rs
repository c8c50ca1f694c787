//! Writes structs from specs: a first step for a project with many parameters and no types.

use serde::Serialize;
use serde_json::Value;
use statsig::EntityKind;
use statsig::Statsig;
use statsig::typed::PossibleParameter;

use super::names::Names;
use super::shape::Shape;

/// Distinct values that a comment shows.
const MAX_SHOWN_VALUES: usize = 4;

/// Characters of each value that a comment shows.
const MAX_VALUE_CHARS: usize = 40;

const HEAD: &str = "\
//! Written by `statsig-local schema`. Edit this file freely: remove fields that you do not read,
//! rename types, narrow ranges.

use statsig::StatsigParams;
";

/// The values that an entity may serve.
#[derive(Serialize)]
pub(super) struct Parameters<'a> {
    kind: EntityKind,
    name: &'a str,
    parameters: Vec<PossibleParameter>,
}

/// Every value of every parameter of these entities. Gates have no parameters.
pub(super) fn parameters<'a>(
    client: &Statsig,
    entities: &'a [(EntityKind, String)],
) -> Vec<Parameters<'a>> {
    let schemas = client.schemas();
    let entities = entities
        .iter()
        .filter(|(kind, _)| *kind != EntityKind::Gate);
    entities
        .map(|(kind, name)| Parameters {
            kind: *kind,
            name,
            parameters: schemas.possible_parameters(*kind, name).unwrap_or_default(),
        })
        .collect()
}

/// A file with a struct for each of these entities.
pub(super) fn structs(client: &Statsig, entities: &[Parameters<'_>]) -> String {
    let mut text = HEAD.to_owned();
    let mut names = Names::default();
    for entity in entities {
        text.push('\n');
        text.push_str(&structure(client, entity, &mut names));
    }
    text
}

fn structure(client: &Statsig, entity: &Parameters<'_>, names: &mut Names) -> String {
    let (kind, name) = (entity.kind, entity.name);
    let what = format!("{kind} {}", quoted(name));
    let parameters = entity.parameters.iter();
    let (named, unnamed): (Vec<_>, Vec<_>) =
        parameters.partition(|parameter| !parameter.name.is_empty());
    if name.is_empty() || named.is_empty() {
        return format!("// No struct for the {what}: it serves no parameters.\n");
    }
    let note = match unnamed.as_slice() {
        [] => "",
        _ => "// A parameter without a name is left out of the next struct.\n",
    };
    let (attribute, suffix) = match kind {
        // A gate has no parameters, so it does not come here.
        EntityKind::Gate | EntityKind::DynamicConfig => ("config", "Config"),
        EntityKind::Experiment => ("experiment", "Experiment"),
        EntityKind::Layer => ("layer", "Layer"),
        EntityKind::ParameterStore => ("param_store", "Store"),
    };
    let structure = names.structure(name, suffix);
    let id_types = Vec::from_iter(client.schemas().possible_id_types(kind, name));
    let id_type = match id_types.as_slice() {
        [only] if !only.is_empty() => format!(", id_type = {only:?}"),
        _ => String::new(),
    };
    let mut field_names = Names::default();
    let fields = named.into_iter();
    let fields: String = fields
        .map(|parameter| field(parameter, &mut field_names))
        .collect();
    format!(
        "\
{note}/// Parameters of the {what}.
#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig({attribute} = {name:?}{id_type})]
pub struct {structure} {{
{fields}}}
"
    )
}

fn field(parameter: &PossibleParameter, names: &mut Names) -> String {
    let values = parameter.values.iter().map(|value| &value.value);
    let shape = Shape::of(values);
    let default = default_of(parameter).filter(|_| parameter.lacking.is_empty());
    let field = names.field(&parameter.name);
    let plain = field.strip_prefix("r#").unwrap_or(&field);
    let mut attributes = Vec::new();
    if plain != parameter.name {
        attributes.push(format!("rename = {:?}", parameter.name));
    }
    // `None` is what users get if no rule gives them the parameter.
    let ty = match default {
        Some(default) => {
            attributes.push(format!("default = {}", shape.default_for(default)));
            shape.rust_type()
        }
        None => shape.optional_type(),
    };
    let attributes = match attributes.as_slice() {
        [] => String::new(),
        attributes => format!("    #[statsig({})]\n", attributes.join(", ")),
    };
    let values = described(parameter);
    format!("    /// {values}\n{attributes}    pub {field}: {ty},\n")
}

/// The console's default, or the value of the control group, or the only value.
fn default_of(parameter: &PossibleParameter) -> Option<&Value> {
    let ranked = parameter.values.iter().filter_map(|value| {
        let rank = match value.served_by.group_name.as_deref() {
            _ if value.is_default => 0,
            Some(group) if group.eq_ignore_ascii_case("control") => 1,
            Some("fails" | "constant") => 2,
            _ => return None,
        };
        Some((rank, &value.value))
    });
    let (_, value) = ranked.min_by_key(|(rank, _)| *rank)?;
    Some(value)
}

/// The possible values of the parameter, as a comment of one line.
fn described(parameter: &PossibleParameter) -> String {
    let mut distinct: Vec<String> = Vec::new();
    for value in &parameter.values {
        let value = quoted(&value.value.to_string());
        if distinct.len() <= MAX_SHOWN_VALUES && !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    let more = if distinct.len() > MAX_SHOWN_VALUES {
        ", …"
    } else {
        ""
    };
    distinct.truncate(MAX_SHOWN_VALUES);
    match distinct.as_slice() {
        [] => "Served by no rule.".to_owned(),
        [only] => format!("Always {only}."),
        shown => format!("One of {}{more}.", shown.join(", ")),
    }
}

fn quoted(name: &str) -> String {
    format!("`{}`", shortened(name))
}

/// Shortens a text to one line, and removes what breaks Markdown.
fn shortened(text: &str) -> String {
    let is_plain = |char: &char| char.is_alphanumeric() || (char.is_ascii() && !char.is_control());
    let mut chars = text.chars().map(|char| {
        if is_plain(&char) && char != '`' {
            char
        } else {
            '·'
        }
    });
    let mut short: String = chars.by_ref().take(MAX_VALUE_CHARS).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}
