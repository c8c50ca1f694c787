//! Finds the entity of a flag, and the part of its value, by the key.

use open_feature::{EvaluationError, EvaluationErrorCode};
use statsig::EntityKind;
use statsig::flags::{FlagPart, FlagQuery, FlagReader};

use crate::context::{FeatureConfig, Subject};
use crate::failure::failure;
use crate::values::{Flag, wrong_type};

/// All kinds, in the order in which they are tried.
const KINDS: [EntityKind; 5] = [
    EntityKind::Gate,
    EntityKind::DynamicConfig,
    EntityKind::Experiment,
    EntityKind::Layer,
    EntityKind::ParameterStore,
];

/// The kinds that have parameters: all after the gate.
const WITH_PARAMETERS: &[EntityKind] = KINDS.split_at(1).1;

/// Finds the place of a flag of this type.
#[inline]
pub(crate) fn query<'a, T: Flag>(
    specs: FlagReader<'_>,
    subject: &'a Subject<'_>,
    key: &'a str,
) -> Result<FlagQuery<'a>, EvaluationError> {
    let user = &subject.user;
    let found = |kind, name, part| FlagQuery {
        user,
        kind,
        name,
        part,
        stored: subject.stored,
    };
    if let Some(FeatureConfig { kinds, name }) = &subject.feature_config {
        let kind = specs.first_of(user, name, kinds);
        let kind = kind.ok_or_else(|| not_found(specs, name))?;
        return Ok(found(kind, name, FlagPart::Parameter(key)));
    }
    let kinds = if T::IS_BOOL { &KINDS } else { WITH_PARAMETERS };
    if let Some(kind) = specs.first_of(user, key, kinds) {
        let part = if T::IS_STRUCT {
            FlagPart::Whole
        } else {
            FlagPart::Only
        };
        return Ok(found(kind, key, part));
    }
    if let Some((name, parameter)) = key.rsplit_once('.')
        && let Some(kind) = specs.first_of(user, name, WITH_PARAMETERS)
    {
        return Ok(found(kind, name, FlagPart::Parameter(parameter)));
    }
    if specs.first_of(user, key, &KINDS).is_some() {
        return Err(wrong_type::<T>(key, "a gate"));
    }
    Err(not_found(specs, key))
}

#[cold]
fn not_found(specs: FlagReader<'_>, name: &str) -> EvaluationError {
    if !specs.has_specs() {
        return failure(
            EvaluationErrorCode::ProviderNotReady,
            format!(
                "flag {name:?}: the Statsig client has no specs ({}); initialise it before it becomes a provider",
                specs.source()
            ),
        );
    }
    failure(
        EvaluationErrorCode::FlagNotFound,
        format!(
            "flag {name:?}: expected the name of a gate, config, experiment, layer or parameter store, or such a name with \".\" and a parameter, found none in the specs"
        ),
    )
}
