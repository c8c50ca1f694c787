//! Compiles a contextual bandit.

use super::{Compiler, shared};
use crate::hash::SaltedHash;
use crate::specs::compiled::condition::FieldName;
use crate::specs::compiled::{Cmab, CmabGroup, CmabWeights, UnitIdType};
use crate::specs::{lenient, model};

impl Compiler<'_> {
    pub(super) fn cmab(&mut self, cmab: &model::Cmab<'_>) -> Cmab {
        Cmab {
            salt: SaltedHash::new(&format!("{}.", &*cmab.salt)),
            unit: UnitIdType::new(&cmab.id_type),
            id_type: self.symbol(&cmab.id_type),
            enabled: cmab.enabled,
            version: cmab.version,
            default_value: self.return_value(cmab.default_value),
            explore_below: cmab.sample_rate * 10_000.0,
            higher_is_better: cmab.higher_is_better,
            groups: cmab
                .groups
                .iter()
                .map(|group| CmabGroup {
                    name: self.symbol(&group.name),
                    id: self.symbol(&group.id),
                    explore_id: self.symbol(&format!("{}:explore", &*group.id)),
                    value: self.return_value(group.parameter_values),
                    weights: cmab_weights(cmab.config.as_ref(), &group.id),
                })
                .collect(),
            has_weights: cmab.config.is_some(),
            targeting_gate: cmab
                .targeting_gate_name
                .as_ref()
                .filter(|name| !name.is_empty())
                .map(|name| self.entry(name)),
            target_app_ids: cmab.target_app_ids.as_deref().map(shared),
        }
    }
}

fn cmab_weights(
    config: Option<&lenient::Entries<'_, model::CmabWeights<'_>>>,
    group_id: &str,
) -> Option<CmabWeights> {
    let (_, weights) = config?.0.iter().rev().find(|(id, _)| &**id == group_id)?;
    Some(CmabWeights {
        base: weights.intercept + weights.alpha,
        records: weights.records,
        numerical: weights
            .weights_numerical
            .0
            .iter()
            .map(|(field, weight)| (FieldName::new(field), *weight))
            .collect(),
        categorical: weights
            .weights_categorical
            .0
            .iter()
            .map(|(field, weights)| {
                let weights = weights
                    .0
                    .iter()
                    .map(|(value, weight)| ((&**value).into(), *weight));
                (FieldName::new(field), weights.collect())
            })
            .collect(),
    })
}
