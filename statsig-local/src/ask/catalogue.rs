//! The definitions in the specs, by kind and name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::AskError;
use crate::cli::KindArgument;

const SPECS_HINT: &str = "Expected the JSON of /v2/download_config_specs.";
/// How many similar names an error suggests.
const MAX_SUGGESTIONS: usize = 3;
/// The least likeness of a suggestion: 0 means nothing in common, 1 means the same.
const MIN_LIKENESS: f64 = 0.85;
/// The shortest word, in bytes, that makes two names similar when they share it.
const MIN_WORD: usize = 4;

/// The definitions in the specs, sorted by kind and name.
pub(crate) struct Catalogue(pub(crate) Vec<Defined>);

/// One definition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Defined {
    #[serde(serialize_with = "kind_name")]
    pub(crate) kind: KindArgument,
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

fn kind_name<S: serde::Serializer>(kind: &KindArgument, serializer: S) -> Result<S::Ok, S::Error> {
    statsig::EntityKind::from(*kind).serialize(serializer)
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
        let mut defined = Vec::new();
        let mut add = |specs: BTreeMap<String, &RawValue>, kind: KindArgument, entity: &str| {
            for (name, raw) in specs {
                defined.push(Defined::read(name, raw, kind, entity));
            }
        };
        add(payload.feature_gates, KindArgument::Gate, "feature_gate");
        add(
            payload.dynamic_configs,
            KindArgument::Config,
            "dynamic_config",
        );
        add(payload.layer_configs, KindArgument::Layer, "layer");
        let cmabs = payload.cmab_configs.unwrap_or_default();
        add(cmabs, KindArgument::Experiment, "bandit");
        let stores = payload.param_stores.unwrap_or_default();
        add(stores, KindArgument::Store, "param_store");
        // A bandit may have the same name as an experiment. It replaces the experiment.
        defined.sort_by(|a, b| (a.kind, &a.name, &b.entity).cmp(&(b.kind, &b.name, &a.entity)));
        defined.dedup_by(|a, b| (a.kind, &a.name) == (b.kind, &b.name));
        Ok(Self(defined))
    }

    /// The selected definitions: all of them, or those with these names.
    pub(crate) fn select(
        &self,
        kind: Option<KindArgument>,
        names: &[String],
    ) -> Result<Vec<(KindArgument, String)>, AskError> {
        let of_kind = || {
            self.0
                .iter()
                .filter(move |defined| kind.is_none_or(|kind| kind == defined.kind))
        };
        if names.is_empty() {
            let all = of_kind().map(|defined| (defined.kind, defined.name.clone()));
            return Ok(all.collect());
        }
        let mut selected = Vec::new();
        for name in names {
            let before = selected.len();
            let found = of_kind().filter(|defined| defined.name == *name);
            selected.extend(found.map(|defined| (defined.kind, name.clone())));
            // A caller can read an experiment as a dynamic config, and the reverse.
            if let Some(kind @ (KindArgument::Config | KindArgument::Experiment)) = kind
                && selected.len() == before
                && self.0.iter().any(|defined| {
                    defined.name == *name
                        && matches!(
                            defined.kind,
                            KindArgument::Config | KindArgument::Experiment
                        )
                })
            {
                selected.push((kind, name.clone()));
            }
            if selected.len() == before {
                return Err(AskError::UnknownName(self.unknown(kind, name)));
            }
        }
        Ok(selected)
    }

    fn unknown(&self, kind: Option<KindArgument>, name: &str) -> String {
        let what = kind.map_or_else(
            || "nothing".to_owned(),
            |kind| format!("no {}", statsig::EntityKind::from(kind)),
        );
        let mut text = format!("the specs define {what} named `{name}`");
        if let Some(other) = self.0.iter().find(|defined| defined.name == name) {
            let other = statsig::EntityKind::from(other.kind);
            text.push_str(&format!(
                ", but of another kind ({other}): leave out --kind"
            ));
            return text;
        }
        let of_kind =
            (self.0.iter()).filter(|defined| kind.is_none_or(|kind| kind == defined.kind));
        let alike = most_alike(of_kind.map(|defined| &*defined.name), name);
        let alike: Vec<_> = alike.iter().map(|name| format!("`{name}`")).collect();
        if alike.is_empty() {
            text.push_str("; `statsig-local list --specs FILE` shows what there is");
        } else {
            text.push_str(&format!("; did you mean {}?", alike.join(" or ")));
        }
        text
    }
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
    fn read(name: String, raw: &RawValue, kind: KindArgument, entity: &str) -> Self {
        let head: Head = serde_json::from_str(raw.get()).unwrap_or_default();
        let entity = head.entity.unwrap_or_else(|| entity.to_owned());
        let kind = match entity.as_str() {
            "experiment" | "autotune" if kind == KindArgument::Config => KindArgument::Experiment,
            _ => kind,
        };
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
