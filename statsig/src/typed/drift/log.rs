//! Telling about drift that is found while a client runs: once, not with every update.

use std::sync::{Arc, Mutex, PoisonError};

use super::report::{DriftSeverity, SchemaReport};

/// The latest reports of a client.
#[derive(Debug, Default)]
pub(crate) struct DriftLog(Mutex<Arc<Vec<SchemaReport>>>);

impl DriftLog {
    /// What the latest check found; empty before the first.
    pub(crate) fn latest(&self) -> Arc<Vec<SchemaReport>> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes new reports, and logs what the previous ones did not say.
    pub(crate) fn update(&self, reports: Vec<SchemaReport>) {
        let reports = Arc::new(reports);
        let previous = {
            let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *latest, Arc::clone(&reports))
        };
        for report in &*reports {
            let known = previous.iter().find(|known| report.is_about_same(known));
            let is_new = |drift| known.is_none_or(|known| !known.drifts.contains(drift));
            for drift in report.drifts.iter().filter(|&drift| is_new(drift)) {
                let name = &report.struct_name;
                match drift.severity {
                    DriftSeverity::Error => {
                        tracing::error!(target: "statsig::schemas", "{name} differs from {}: {drift}", drift.source);
                    }
                    DriftSeverity::Warning => {
                        tracing::warn!(target: "statsig::schemas", "{name} differs from {}: {drift}", drift.source);
                    }
                }
            }
            if report.is_clean() && known.is_some_and(|known| !known.is_clean()) {
                tracing::info!(target: "statsig::schemas", "{} agrees with the specs again", report.struct_name);
            }
        }
    }
}

impl SchemaReport {
    fn is_about_same(&self, other: &Self) -> bool {
        self.struct_name == other.struct_name && self.sources == other.sources
    }
}
