//! Writes structs from specs: a first step for a project with many parameters and no types.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;
use statsig::EntityKind;
use statsig::Statsig;
use statsig::typed::PossibleParameter;

use super::names::Names;
use super::shape::Shape;
use crate::cli::KindArgument;

/// Distinct values that a comment shows.
const MAX_SHOWN_VALUES: usize = 4;

/// Characters of each value that a comment shows.
const MAX_VALUE_CHARS: usize = 40;

/// The values that an entity may serve.
#[derive(Serialize)]
pub(super) struct Parameters<'a> {
    kind: EntityKind,
    name: &'a str,
    parameters: Vec<PossibleParameter>,
}

/// Every value of every parameter of these entities.
pub(super) fn parameters<'a>(
    client: &Statsig,
    entities: &'a [(KindArgument, String)],
) -> Vec<Parameters<'a>> {
    let sources = entities.iter().filter_map(|(kind, name)| {
        let kind = StructKind::of(*kind)?.kind;
        let parameters = client
            .schemas()
            .possible_parameters(kind, name)
            .unwrap_or_default();
        Some(Parameters {
            kind,
            name,
            parameters,
        })
    });
    sources.collect()
}

/// A file with a struct for each of these entities.
pub(super) fn structs(client: &Statsig, entities: &[(KindArgument, String)]) -> String {
    let mut text = "\
//! Written by `statsig-local schema`. Edit this file freely: remove fields that you do not read,
//! rename types, narrow ranges.

use statsig::StatsigParams;
"
    .to_owned();
    let mut names = Names::default();
    for (kind, name) in entities {
        let Some(source) = StructKind::of(*kind) else {
            continue;
        };
        let parameters = client.schemas().possible_parameters(source.kind, name);
        let parameters = parameters.unwrap_or_default();
        let (named, unnamed): (Vec<_>, Vec<_>) = parameters
            .iter()
            .partition(|parameter| !parameter.name.is_empty());
        text.push('\n');
        if name.is_empty() || named.is_empty() {
            let _ = writeln!(
                text,
                "// No struct for the {} {}: it serves no parameters.",
                source.kind,
                quoted(name)
            );
            continue;
        }
        if !unnamed.is_empty() {
            let _ = writeln!(
                text,
                "// A parameter without a name is left out of the next struct."
            );
        }
        let structure = names.structure(name, source.suffix);
        let _ = writeln!(
            text,
            "/// Parameters of the {} {}.",
            source.kind,
            quoted(name)
        );
        let _ = writeln!(text, "#[derive(Debug, Clone, PartialEq, StatsigParams)]");
        let attribute = source.attribute;
        let id_types = Vec::from_iter(client.schemas().possible_id_types(source.kind, name));
        let id_type = match id_types.as_slice() {
            [only] if !only.is_empty() => format!(", id_type = {only:?}"),
            _ => String::new(),
        };
        let _ = writeln!(text, "#[statsig({attribute} = {name:?}{id_type})]");
        let _ = writeln!(text, "pub struct {structure} {{");
        let mut fields = Names::default();
        for parameter in named {
            write_field(parameter, &mut fields, &mut text);
        }
        text.push_str("}\n");
    }
    text
}

/// How the code for a kind of entity looks.
struct StructKind {
    kind: EntityKind,
    attribute: &'static str,
    suffix: &'static str,
}

impl StructKind {
    /// Gates have no parameters.
    fn of(kind: KindArgument) -> Option<Self> {
        let (kind, attribute, suffix) = match kind {
            KindArgument::Gate => return None,
            KindArgument::Config => (EntityKind::DynamicConfig, "config", "Config"),
            KindArgument::Experiment => (EntityKind::Experiment, "experiment", "Experiment"),
            KindArgument::Layer => (EntityKind::Layer, "layer", "Layer"),
            KindArgument::Store => (EntityKind::ParameterStore, "param_store", "Store"),
        };
        Some(Self {
            kind,
            attribute,
            suffix,
        })
    }
}

fn write_field(parameter: &PossibleParameter, fields: &mut Names, text: &mut String) {
    let values = parameter.values.iter().map(|value| &value.value);
    let shape = Shape::of(values);
    let default = default_of(parameter).filter(|_| parameter.lacking.is_empty());
    let field = fields.field(&parameter.name);
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
    let _ = writeln!(text, "    /// {}", described(parameter));
    if !attributes.is_empty() {
        let _ = writeln!(text, "    #[statsig({})]", attributes.join(", "));
    }
    let _ = writeln!(text, "    pub {field}: {ty},");
}

/// The console's default, or the value of the control group, or the only value.
fn default_of(parameter: &PossibleParameter) -> Option<&Value> {
    let of = |is_meant: &dyn Fn(&str) -> bool| {
        let mut values = parameter.values.iter();
        let found =
            values.find(|value| value.served_by.group_name.as_deref().is_some_and(is_meant));
        found.map(|found| &found.value)
    };
    let default = parameter.values.iter().find(|value| value.is_default);
    default
        .map(|default| &default.value)
        .or_else(|| of(&|group| group.eq_ignore_ascii_case("control")))
        .or_else(|| of(&|group| group == "fails" || group == "constant"))
}

/// The possible values of the parameter, as a comment of one line.
fn described(parameter: &PossibleParameter) -> String {
    let mut shown: Vec<String> = Vec::new();
    let mut more = 0;
    for value in &parameter.values {
        let value = shortened(&value.value.to_string());
        if shown.contains(&value) {
            continue;
        }
        if shown.len() < MAX_SHOWN_VALUES {
            shown.push(value);
        } else {
            more += 1;
        }
    }
    let shown: Vec<_> = shown.iter().map(|value| format!("`{value}`")).collect();
    let more = if more == 0 { "" } else { ", …" };
    match shown.as_slice() {
        [] => "Served by no rule.".to_owned(),
        [only] if more.is_empty() => format!("Always {only}."),
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
