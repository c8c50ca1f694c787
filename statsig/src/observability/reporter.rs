//! Collects what the SDK reports about itself: measurements and errors for observability clients,
//! and diagnostics events for Statsig.

use std::borrow::Cow;

use super::client::{ObservabilityClient, Tag};
use super::metric::{self, Metric, MetricKind};
use super::sdk_error::SdkError;
use crate::events::event::OtherEvent;
use crate::mask::Masked;
use crate::specs::settings::DiagnosticsRates;

/// How many characters of the SDK key tags show.
const SHOWN_OF_KEY: usize = 13;
/// Tags with many different values, which are expensive in most monitoring systems.
const HIGH_CARDINALITY: [&str; 2] = ["lcut", "prev_lcut"];

pub(super) type Tags = Vec<Tag>;

/// A message to the observability clients.
#[derive(Debug)]
pub(crate) enum Report {
    Measurement {
        metric: &'static Metric,
        value: f64,
        tags: Tags,
    },
    Error {
        tag: &'static str,
        info: String,
    },
}

impl Report {
    /// Passes the report to a client.
    pub(crate) fn send(&self, client: &dyn ObservabilityClient) {
        match self {
            Self::Error { tag, info } => client.error(tag, info),
            Self::Measurement {
                metric,
                value,
                tags,
            } => {
                let (name, tags) = (metric.name, wanted_tags(client, tags));
                match metric.kind {
                    MetricKind::Counter => client.increment(name, *value, &tags),
                    MetricKind::Gauge => client.gauge(name, *value, &tags),
                    MetricKind::Distribution => client.dist(name, *value, &tags),
                }
            }
        }
    }
}

fn wanted_tags<'a>(client: &dyn ObservabilityClient, tags: &'a Tags) -> Cow<'a, [Tag]> {
    let is_wanted = |(name, _): &&Tag| {
        !HIGH_CARDINALITY.contains(name)
            || client.should_enable_high_cardinality_for_this_tag(name) == Some(true)
    };
    if tags.iter().all(|tag| is_wanted(&tag)) {
        return Cow::Borrowed(tags);
    }
    tags.iter().filter(is_wanted).cloned().collect()
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
            self.reports.push(Report::Measurement {
                metric,
                value,
                tags,
            });
        }
    }

    /// Measures a number without tags.
    pub(super) fn count(&mut self, metric: &'static Metric, count: u64) {
        self.measure(metric, count as f64, Tags::new());
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
