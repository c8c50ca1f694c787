//! Warns of names that the specs do not know, with the nearest known name, and of parameters that
//! are read in a wrong type. Logs each warning once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde_json::Value;

use super::ClientInner;
use crate::hash::{mix, text_hash};
use crate::mask::shown_within;
use crate::once_per_generation::{OncePerGeneration, Sight};
use crate::process::HomeProcess;
use crate::results::{EvaluationDetails, Origin};
use crate::shared::Published;
use crate::specs::compiled::CompiledSpecs;
use crate::targets;
use statsig_core::entity_kind::EntityKind;

/// The limit of warnings for each set of specs. Further names and parameters are not logged.
const MAX_WARNINGS: usize = 100;
/// Longer names are cut in the log, and get no suggestion.
const MAX_NAME: usize = 100;
/// Longer values are cut in the log, as for typed structs.
const MAX_FOUND: usize = 80;

/// The warnings logged so far.
#[derive(Debug)]
pub(super) struct Warnings(OncePerGeneration);

impl Warnings {
    pub(super) fn new(home: Arc<HomeProcess>) -> Self {
        Self(OncePerGeneration::new(MAX_WARNINGS, home))
    }

    /// Whether to log this now. The time in the specs identifies a set of specs.
    fn is_first(&self, lcut: u64, problem: u64) -> bool {
        match self.0.see(lcut, problem) {
            Sight::First => true,
            Sight::FirstBeyondLimit => {
                tracing::warn!(
                    target: targets::CLIENT,
                    "logged {MAX_WARNINGS} unknown names and misread parameters; further ones are not logged until the specs change"
                );
                false
            }
            Sight::Repeated => false,
        }
    }
}

/// Results without a later exposure: exposed when fetched, or with logging disabled.
impl Origin for Warnings {
    fn log_exposure(&self) {}

    fn warn_of_misread(
        &self,
        entity: &str,
        details: &EvaluationDetails,
        parameter: &str,
        expected: &str,
        found: &Value,
    ) {
        let mut problem = DefaultHasher::new();
        (entity, parameter, expected, found).hash(&mut problem);
        if self.is_first(details.lcut.unwrap_or_default(), problem.finish()) {
            let found = shown_within(found, MAX_FOUND);
            tracing::warn!(
                target: targets::CLIENT,
                "{entity:.MAX_NAME$}, parameter \"{parameter:.MAX_NAME$}\": expected {expected}, found {found}; using the fallback"
            );
        }
    }
}

impl ClientInner {
    /// Warns of a name that the specs do not have with the requested kind. Logs nothing before
    /// there are specs.
    #[cold]
    pub(super) fn warn_of_unknown(&self, published: &Published, asked: EntityKind, name: &str) {
        if published.received_at.is_none() {
            return;
        }
        let problem = mix(text_hash(name), asked as u64);
        if !self.warnings.is_first(published.specs.time, problem) {
            return;
        }
        let hint = hint(&published.specs, asked, name);
        tracing::warn!(
            target: targets::CLIENT,
            "the specs have no {asked} \"{name:.MAX_NAME$}\"; fallbacks are served{hint}"
        );
    }

    pub(super) fn warnings(&self) -> Arc<dyn Origin> {
        Arc::clone(&self.warnings) as Arc<dyn Origin>
    }
}

fn hint(specs: &CompiledSpecs, asked: EntityKind, name: &str) -> String {
    let kinds = [
        EntityKind::Gate,
        EntityKind::Experiment,
        EntityKind::Layer,
        EntityKind::ParameterStore,
    ];
    let is_known_as = |other: &EntityKind| *other != asked && is_known(specs, *other, name);
    if let Some(other) = kinds.into_iter().find(is_known_as) {
        let other = match other {
            EntityKind::Experiment => "an experiment or dynamic config".to_owned(),
            other => format!("a {other}"),
        };
        return format!("; that name is {other}");
    }
    let names: Box<dyn Iterator<Item = &str>> = match asked {
        EntityKind::ParameterStore => Box::new(specs.param_stores.keys().map(|name| name.as_str())),
        kind => {
            let entries = specs.entries.iter();
            let of_kind = entries.filter(move |entry| entry.spec(kind).is_some());
            Box::new(of_kind.map(|entry| specs.text(entry.name).as_str()))
        }
    };
    nearest(name, names).map_or_else(String::new, |near| {
        format!("; did you mean \"{near:.MAX_NAME$}\"?")
    })
}

fn is_known(specs: &CompiledSpecs, asked: EntityKind, name: &str) -> bool {
    match asked {
        EntityKind::ParameterStore => specs.param_stores.contains_key(name),
        kind => {
            let entry = specs.find(name).and_then(|id| specs.entry(id));
            entry.is_some_and(|entry| entry.spec(kind).is_some())
        }
    }
}

/// The name with the fewest different letters, if they are few.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > MAX_NAME {
        return None;
    }
    let most = (name.len() / 3).clamp(1, 4);
    // Comparing lengths is much faster than comparing letters.
    let similar = known.filter(|other| other.len().abs_diff(name.len()) <= most);
    let measured = similar.map(|other| (strsim::osa_distance(name, other), other));
    let near = measured.filter(|(distance, _)| *distance <= most).min();
    near.map(|(_, other)| other)
}

#[cfg(test)]
mod tests;
