//! Logs drift that is found while a client runs: once, not with every update.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Drift, DriftSeverity, SchemaReport};
use crate::targets;

/// The latest reports of a client.
#[derive(Debug, Default)]
pub(crate) struct DriftLog(Mutex<Arc<Vec<SchemaReport>>>);

/// What reports say that earlier ones did not.
#[derive(Debug, PartialEq)]
enum News<'a> {
    Differs(&'a SchemaReport, &'a Drift),
    AgreesAgain(&'a SchemaReport),
}

impl DriftLog {
    /// What the latest check found; empty before the first.
    pub(crate) fn latest(&self) -> Arc<Vec<SchemaReport>> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes new reports, and logs what the previous ones did not say. Returns those that name a
    /// drift which is new.
    pub(crate) fn update(&self, reports: Vec<SchemaReport>) -> Vec<SchemaReport> {
        let reports = Arc::new(reports);
        let previous = {
            let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *latest, Arc::clone(&reports))
        };
        let mut drifted: Vec<SchemaReport> = Vec::new();
        for news in news(&previous, &reports) {
            news.log();
            if let News::Differs(report, _) = news
                && drifted.last() != Some(report)
            {
                drifted.push(report.clone());
            }
        }
        drifted
    }
}

impl News<'_> {
    fn log(&self) {
        match self {
            Self::Differs(report, drift) if drift.severity == DriftSeverity::Error => {
                tracing::error!(target: targets::SCHEMAS, "{} and {}: {drift}", report.struct_name, drift.source);
            }
            Self::Differs(report, drift) => {
                tracing::warn!(target: targets::SCHEMAS, "{} and {}: {drift}", report.struct_name, drift.source);
            }
            Self::AgreesAgain(report) => {
                tracing::info!(target: targets::SCHEMAS, "{} agrees with the specs again", report.struct_name);
            }
        }
    }
}

fn news<'a>(previous: &[SchemaReport], reports: &'a [SchemaReport]) -> Vec<News<'a>> {
    let mut news = Vec::new();
    for report in reports {
        let known = previous.iter().find(|known| {
            known.struct_name == report.struct_name && known.sources == report.sources
        });
        let is_new = |drift: &&Drift| known.is_none_or(|known| !known.drifts.contains(drift));
        let differs = report.drifts.iter().filter(is_new);
        news.extend(differs.map(|drift| News::Differs(report, drift)));
        if report.is_clean() && known.is_some_and(|known| !known.is_clean()) {
            news.push(News::AgreesAgain(report));
        }
    }
    news
}

#[cfg(test)]
mod tests {
    use super::super::{ParamSchema, ParamSource, Schema, SchemaDocument, check};
    use super::*;
    use crate::specs::compiled::CompiledSpecs;

    fn reports(struct_name: &'static str) -> Vec<SchemaReport> {
        let params = const { &[ParamSchema::of::<bool>("on", "on")] };
        let schema = Schema::new(struct_name, params).source(ParamSource::layer("promos"));
        vec![check(
            &SchemaDocument::from(&schema),
            &[],
            &CompiledSpecs::default(),
        )]
    }

    #[test]
    fn a_drift_is_news_once() {
        let first = reports("Promo");
        let drift = &first[0].drifts[0];
        assert_eq!(news(&[], &first), [News::Differs(&first[0], drift)]);
        assert_eq!(news(&first, &first), []);
        let other = reports("Other");
        assert_eq!(news(&first, &other).len(), 1);
    }

    #[test]
    fn agreement_is_news_after_drift_only() {
        let before = reports("Promo");
        let mut after = before.clone();
        after[0].drifts.clear();
        assert_eq!(news(&before, &after), [News::AgreesAgain(&after[0])]);
        assert_eq!(news(&after, &after), []);
        assert_eq!(news(&[], &after), []);
    }

    #[test]
    fn the_latest_reports_are_kept() {
        let log = DriftLog::default();
        assert!(log.latest().is_empty());
        assert_eq!(log.update(reports("Promo")), reports("Promo"));
        assert_eq!(*log.latest(), reports("Promo"));
        assert_eq!(log.update(reports("Promo")), []);
    }
}
