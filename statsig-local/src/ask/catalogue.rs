//! The definitions in the specs, by kind and name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use statsig::EntityKind;

use super::AskError;

const SPECS_HINT: &str = "Expected the JSON of /v2/download_config_specs.";
/// How many similar names an error suggests.
const MAX_SUGGESTIONS: usize = 3;
/// The least likeness of a suggestion: 0 means nothing in common, 1 means the same.
const MIN_LIKENESS: f64 = 0.85;
/// The shortest word, in bytes, that makes two names similar when they share it.
const MIN_WORD: usize = 4;

/// The definitions in the specs, sorted by kind and name.
pub(crate) struct Catalogue(Vec<Defined>);

/// One definition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Defined {
    pub(crate) kind: EntityKind,
    pub(crate) name: String,
    /// The entity as in the console: `feature_gate`, `segment`, `holdout`, `autotune`, …
    pub(crate) entity: String,
    pub(crate) is_enabled: Option<bool>,
    /// For an experiment, whether it is running.
    pub(crate) is_active: Option<bool>,
    pub(crate) id_type: Option<String>,
    pub(crate) rules: Option<usize>,
    /// For a parameter store, the number of its parameters.
    pub(crate) parameters: Option<usize>,
}

#[derive(Deserialize)]
struct Payload<'a> {
    has_updates: bool,
    #[serde(borrow, default)]
    feature_gates: BTreeMap<String, &'a RawValue>,
    #[serde(borrow, default)]
    dynamic_configs: BTreeMap<String, &'a RawValue>,
    #[serde(borrow, default)]
    layer_configs: BTreeMap<String, &'a RawValue>,
    #[serde(borrow, default)]
    cmab_configs: Option<BTreeMap<String, &'a RawValue>>,
    #[serde(borrow, default)]
    param_stores: Option<BTreeMap<String, &'a RawValue>>,
}

/// The fields read from a definition. A definition without them is listed too.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Head {
    entity: Option<String>,
    enabled: Option<bool>,
    is_active: Option<bool>,
    id_type: Option<String>,
    rules: Option<Vec<serde::de::IgnoredAny>>,
    groups: Option<Vec<serde::de::IgnoredAny>>,
    parameters: Option<BTreeMap<String, serde::de::IgnoredAny>>,
}

impl Catalogue {
    pub(crate) fn parse(text: &str, origin: &str) -> Result<Self, AskError> {
        let payload: Payload<'_> = serde_json::from_str(text)
            .map_err(|error| AskError::syntax(origin, &error, SPECS_HINT))?;
        if !payload.has_updates {
            return Err(AskError::Specs {
                origin: origin.to_owned(),
                problem: "`has_updates` is false, so there are no specs in it; expected a complete answer of /v2/download_config_specs"
                    .to_owned(),
            });
        }
        let bandits = payload.cmab_configs.unwrap_or_default();
        let stores = payload.param_stores.unwrap_or_default();
        let mut defined = Vec::new();
        for (kind, specs) in [
            (EntityKind::Gate, payload.feature_gates),
            (EntityKind::DynamicConfig, payload.dynamic_configs),
            (EntityKind::Layer, payload.layer_configs),
            (EntityKind::Experiment, bandits),
            (EntityKind::ParameterStore, stores),
        ] {
            let specs = specs.into_iter();
            defined.extend(specs.map(|(name, raw)| Defined::read(name, raw, kind)));
        }
        // A bandit may have the same name as an experiment. It replaces the experiment.
        defined.sort_by(|a, b| (a.kind, &a.name, &b.entity).cmp(&(b.kind, &b.name, &a.entity)));
        defined.dedup_by(|a, b| (a.kind, &a.name) == (b.kind, &b.name));
        Ok(Self(defined))
    }

    /// The definitions of this kind, or of all kinds.
    pub(super) fn of_kind(&self, kind: Option<EntityKind>) -> impl Iterator<Item = &Defined> {
        let all = self.0.iter();
        all.filter(move |defined| kind.is_none_or(|kind| kind == defined.kind))
    }

    /// The selected definitions: all of them, or those with these names.
    pub(super) fn select(
        &self,
        kind: Option<EntityKind>,
        names: &[String],
    ) -> Result<Vec<(EntityKind, String)>, AskError> {
        if names.is_empty() {
            let all = self.of_kind(kind);
            return Ok(all.map(|one| (one.kind, one.name.clone())).collect());
        }
        let mut selected = Vec::new();
        for name in names {
            let before = selected.len();
            let found = self.of_kind(kind).filter(|defined| defined.name == *name);
            selected.extend(found.map(|defined| (defined.kind, name.clone())));
            // A caller can read an experiment as a dynamic config, and the reverse.
            if selected.len() == before
                && let Some(kind) = kind.filter(is_config)
                && (self.0.iter()).any(|defined| defined.name == *name && is_config(&defined.kind))
            {
                selected.push((kind, name.clone()));
            }
            if selected.len() == before {
                return Err(AskError::UnknownName(self.unknown(kind, name)));
            }
        }
        Ok(selected)
    }

    fn unknown(&self, kind: Option<EntityKind>, name: &str) -> String {
        let what = kind.map_or("nothing".to_owned(), |kind| format!("no {kind}"));
        let text = format!("the specs define {what} named `{name}`");
        if let Some(Defined { kind, .. }) = self.0.iter().find(|defined| defined.name == name) {
            return format!("{text}, but of another kind ({kind}): leave out --kind");
        }
        let alike = most_alike(self.of_kind(kind).map(|defined| &*defined.name), name);
        if alike.is_empty() {
            return format!("{text}; `statsig-local list --specs FILE` shows what there is");
        }
        let alike: Vec<_> = alike.iter().map(|name| format!("`{name}`")).collect();
        format!("{text}; did you mean {}?", alike.join(" or "))
    }
}

fn is_config(kind: &EntityKind) -> bool {
    matches!(kind, EntityKind::DynamicConfig | EntityKind::Experiment)
}

/// The names that are most like a name, the most similar first.
pub(super) fn most_alike<'a>(known: impl Iterator<Item = &'a str>, wanted: &str) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut alike: Vec<_> = known
        .map(|known| (likeness(&known.to_lowercase(), &wanted), known))
        .filter(|(likeness, _)| *likeness >= MIN_LIKENESS)
        .collect();
    alike.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    alike.dedup_by(|(_, a), (_, b)| a == b);
    alike
        .into_iter()
        .take(MAX_SUGGESTIONS)
        .map(|(_, name)| name)
        .collect()
}

/// How similar two names are. Names that share a word are similar.
fn likeness(known: &str, wanted: &str) -> f64 {
    let shares_word = wanted
        .split(|character: char| !character.is_alphanumeric())
        .any(|word| word.len() >= MIN_WORD && known.contains(word));
    let least = if shares_word { MIN_LIKENESS } else { 0.0 };
    strsim::jaro_winkler(known, wanted).max(least)
}

impl Defined {
    fn read(name: String, raw: &RawValue, kind: EntityKind) -> Self {
        let head: Head = serde_json::from_str(raw.get()).unwrap_or_default();
        let kind = match head.entity.as_deref() {
            Some("experiment" | "autotune") if is_config(&kind) => EntityKind::Experiment,
            _ => kind,
        };
        let usual = match kind {
            EntityKind::Gate => "feature_gate",
            EntityKind::DynamicConfig => "dynamic_config",
            EntityKind::Experiment => "bandit",
            EntityKind::Layer => "layer",
            EntityKind::ParameterStore => "param_store",
        };
        let entity = head.entity.unwrap_or_else(|| usual.to_owned());
        Self {
            kind,
            name,
            entity,
            is_enabled: head.enabled,
            is_active: head.is_active,
            id_type: head.id_type,
            rules: head.rules.or(head.groups).map(|rules| rules.len()),
            parameters: head.parameters.map(|parameters| parameters.len()),
        }
    }
}
