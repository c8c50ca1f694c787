//! Parameters that are never served, sometimes not served, or served under an older name.

use super::super::document::ParamDocument;
use super::super::report::{DriftKind, ServedBy};
use super::super::sources::Candidate;
use super::Check;
use crate::entity_kind::EntityKind;

impl Check<'_> {
    /// Reports rules that do not serve the parameter, or serve it under an older name.
    pub(super) fn absences(&mut self, param: &ParamDocument, served: &[Candidate<'_>]) {
        let (valued, valueless): (Vec<_>, Vec<_>) = served
            .iter()
            .partition(|candidate| candidate.value.is_some());
        if valued.is_empty() {
            self.missing(param);
            return;
        }
        if self.named.kind != EntityKind::ParameterStore {
            let former = || valued.iter().filter(|served| served.name != param.name);
            if let Some(name) = former().map(|served| served.name).min() {
                let served_by = former().map(|served| served.served_by.clone());
                self.former_name(param, name, served_by);
            }
        }
        let lacking = valueless.into_iter().filter(|rule| !rule.is_outside);
        let lacking: Vec<ServedBy> = lacking.map(|rule| rule.served_by.clone()).collect();
        let is_optional = param.nullable && !param.has_default;
        if !is_optional && !lacking.is_empty() {
            let inside = served.iter().filter(|rule| !rule.is_outside).count();
            let found = format!("none in {} of {inside} rules", lacking.len());
            let expected = format!("{} in every rule", param.expectation());
            let drift = self.drift(DriftKind::PartlyMissing, expected, found);
            self.drifts.push(drift.of(param).served_by(lacking));
        }
        self.absences_inside(param, served);
    }

    pub(super) fn missing(&mut self, param: &ParamDocument) {
        let expected = format!("{} in {}", param.expectation(), self.named);
        let drift = self.drift(DriftKind::MissingParameter, expected, "none");
        self.drifts.push(drift.of(param));
    }

    pub(super) fn former_name(
        &mut self,
        param: &ParamDocument,
        name: &str,
        served_by: impl IntoIterator<Item = ServedBy>,
    ) {
        let (expected, found) = (format!("the name {:?}", param.name), format!("{name:?}"));
        let drift = self.drift(DriftKind::FormerName, expected, found);
        self.drifts.push(drift.of(param).served_by(served_by));
    }

    /// Reports missing parameters in objects that are read field by field.
    fn absences_inside(&mut self, param: &ParamDocument, served: &[Candidate<'_>]) {
        for inside in &param.nested {
            let name = format!("{}.{}", param.name, inside.name);
            let inner = served.iter().filter_map(|outer| {
                let object = outer.value?.as_object()?;
                Some(Candidate {
                    name: &name,
                    value: inside.names().find_map(|name| object.get(name)),
                    served_by: outer.served_by.clone(),
                    ..*outer
                })
            });
            let inner: Vec<_> = inner.collect();
            if inner.is_empty() {
                return;
            }
            let mut inside = inside.clone();
            inside.field = format!("{}.{}", param.field, inside.name);
            inside.name.clone_from(&name);
            self.absences(&inside, &inner);
        }
    }
}
