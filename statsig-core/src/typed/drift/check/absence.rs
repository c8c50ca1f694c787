//! Parameters that are never served, sometimes not served, or served under an older name.

use std::collections::BTreeSet;

use super::super::document::{ParamDocument, SourceDocument};
use super::super::report::{Drift, DriftKind, ServedBy};
use super::super::sources::Candidate;
use super::Check;
use crate::entity_kind::EntityKind;

impl Check<'_> {
    /// Reports rules that do not serve the parameter, or serve it under an older name.
    pub(super) fn absences(
        &mut self,
        named: &SourceDocument,
        param: &ParamDocument,
        served: &[(&str, Candidate<'_>)],
    ) {
        let has_value = |candidate: &Candidate<'_>| candidate.value.is_some();
        if !served.iter().any(|(_, candidate)| has_value(candidate)) {
            self.missing(named, param);
            return;
        }
        let by = |is_meant: &dyn Fn(&str, &Candidate<'_>) -> bool| -> Vec<ServedBy> {
            let meant = served
                .iter()
                .filter(|(name, candidate)| is_meant(name, candidate));
            meant
                .map(|(_, candidate)| candidate.served_by.clone())
                .collect()
        };
        if named.kind != EntityKind::ParameterStore {
            let former = by(&|name, candidate| name != param.name && has_value(candidate));
            let names: BTreeSet<_> = served.iter().map(|(name, _)| *name).collect();
            if let (false, Some(name)) = (
                former.is_empty(),
                names.into_iter().find(|name| *name != param.name),
            ) {
                self.former_name(named, param, name, former);
            }
        }
        let is_optional = param.nullable && !param.has_default;
        let lacking = by(&|_, candidate| !candidate.is_outside && !has_value(candidate));
        if !is_optional && !lacking.is_empty() {
            let inside = served
                .iter()
                .filter(|(_, candidate)| !candidate.is_outside)
                .count();
            let found = format!("none in {} of {inside} rules", lacking.len());
            let expected = format!("{} in every rule", param.expectation());
            let drift = Drift::new(DriftKind::PartlyMissing, named, expected, found);
            self.drifts.push(drift.of(param).served_by(lacking));
        }
        self.absences_inside(named, param, served);
    }

    pub(super) fn missing(&mut self, named: &SourceDocument, param: &ParamDocument) {
        let expected = format!("{} in {named}", param.expectation());
        let drift = Drift::new(
            DriftKind::MissingParameter,
            named,
            expected,
            "none".to_owned(),
        );
        self.drifts.push(drift.of(param));
    }

    pub(super) fn former_name(
        &mut self,
        named: &SourceDocument,
        param: &ParamDocument,
        name: &str,
        served_by: Vec<ServedBy>,
    ) {
        let (expected, found) = (format!("the name {:?}", param.name), format!("{name:?}"));
        let drift = Drift::new(DriftKind::FormerName, named, expected, found);
        self.drifts.push(drift.of(param).served_by(served_by));
    }

    /// Reports missing parameters in objects that are read field by field.
    fn absences_inside(
        &mut self,
        named: &SourceDocument,
        param: &ParamDocument,
        served: &[(&str, Candidate<'_>)],
    ) {
        for inside in &param.nested {
            let name = format!("{}.{}", param.name, inside.name);
            let served: Vec<_> = served
                .iter()
                .filter_map(|(_, outer)| {
                    let object = outer.value?.as_object()?;
                    let value = inside.names().find_map(|name| object.get(name));
                    let served_by = outer.served_by.clone();
                    let candidate = Candidate {
                        served_by,
                        value,
                        ..*outer
                    };
                    Some((name.as_str(), candidate))
                })
                .collect();
            if served.is_empty() {
                return;
            }
            let mut inside = inside.clone();
            inside.field = format!("{}.{}", param.field, inside.name);
            inside.name.clone_from(&name);
            self.absences(named, &inside, &served);
        }
    }
}
