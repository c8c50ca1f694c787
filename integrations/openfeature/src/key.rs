//! Finds the entity of a flag, and the part of its value, by the key.

use open_feature::{EvaluationError, EvaluationErrorCode};
use statsig::flags::{FlagPart, FlagReader};
use statsig::{EntityKind, StatsigUser};

use crate::context::FeatureConfig;
use crate::failure::failure;
use crate::values::{Flag, wrong_type};

/// Where the value of a flag is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'k> {
    pub(crate) kind: EntityKind,
    pub(crate) name: &'k str,
    pub(crate) part: FlagPart<'k>,
}

/// All kinds, in the order in which they are tried.
const KINDS: [EntityKind; 5] = [
    EntityKind::Gate,
    EntityKind::DynamicConfig,
    EntityKind::Experiment,
    EntityKind::Layer,
    EntityKind::ParameterStore,
];

/// The kinds that have parameters.
const WITH_PARAMETERS: [EntityKind; 4] = [
    EntityKind::DynamicConfig,
    EntityKind::Experiment,
    EntityKind::Layer,
    EntityKind::ParameterStore,
];

/// Finds the place of a flag of this type.
#[inline]
pub(crate) fn place<'k, T: Flag>(
    specs: FlagReader<'_>,
    user: &StatsigUser,
    key: &'k str,
    feature_config: Option<&'k FeatureConfig>,
) -> Result<Place<'k>, EvaluationError> {
    if let Some(FeatureConfig { kinds, name }) = feature_config {
        let kind = specs.first_of(user, name, kinds);
        let kind = kind.ok_or_else(|| not_found(specs, name))?;
        return Ok(Place {
            kind,
            name,
            part: FlagPart::Parameter(key),
        });
    }
    let kinds: &[EntityKind] = if T::IS_BOOL { &KINDS } else { &WITH_PARAMETERS };
    if let Some(kind) = specs.first_of(user, key, kinds) {
        return Ok(Place {
            kind,
            name: key,
            part: if T::IS_STRUCT {
                FlagPart::Whole
            } else {
                FlagPart::Only
            },
        });
    }
    if let Some((name, parameter)) = key.rsplit_once('.')
        && let Some(kind) = specs.first_of(user, name, &WITH_PARAMETERS)
    {
        return Ok(Place {
            kind,
            name,
            part: FlagPart::Parameter(parameter),
        });
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
