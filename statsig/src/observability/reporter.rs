//! Collects what the SDK reports about itself: measurements and errors for observability clients,
//! and diagnostics events for Statsig.

use std::borrow::Cow;

use super::metric::{self, Measurement, Metric, Tags};
use super::sdk_error::SdkError;
use crate::events::event::OtherEvent;
use crate::mask::Masked;
use crate::specs::settings::DiagnosticsRates;

/// How many characters of the SDK key tags show.
const SHOWN_OF_KEY: usize = 13;

/// A message to the observability clients.
#[derive(Debug)]
pub(crate) enum Report {
    Measurement(Measurement),
    Error { tag: &'static str, info: String },
}

/// Collects the reports about one fact.
#[derive(Debug)]
pub(crate) struct Reporter<'a> {
    pub(crate) sdk_key: &'a str,
    /// Whether there are observability clients. Without them, nothing is measured.
    pub(crate) is_measured: bool,
    /// Whether diagnostics events are recorded.
    pub(crate) is_diagnosed: bool,
    pub(crate) rates: &'a DiagnosticsRates,
    pub(crate) now_ms: u64,
    /// Between 0 and 1.
    pub(crate) random: f64,
    pub(crate) reports: Vec<Report>,
    pub(crate) event: Option<OtherEvent>,
}

impl Reporter<'_> {
    pub(super) fn measure(&mut self, metric: &'static Metric, value: f64, tags: Tags) {
        if self.is_measured {
            self.reports.push(Report::Measurement(Measurement {
                metric,
                value,
                tags,
            }));
        }
    }

    pub(super) fn count(&mut self, metric: &'static Metric) {
        self.measure(metric, 1.0, Tags::new());
    }

    pub(super) fn fail(&mut self, error: &SdkError) {
        if self.is_measured {
            self.reports.push(Report::Error {
                tag: error.tag,
                info: error.info(&Masked::new(self.sdk_key)),
            });
        }
        let tags = vec![
            ("tag", error.tag.into()),
            ("exception", error.exception.into()),
        ];
        self.measure(metric::SDK_EXCEPTIONS, 1.0, tags);
    }

    pub(super) fn shown_key(&self) -> Cow<'static, str> {
        let shown: String = self.sdk_key.chars().take(SHOWN_OF_KEY).collect();
        shown.into()
    }
}
