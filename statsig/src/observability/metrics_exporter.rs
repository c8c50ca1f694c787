//! The SDK's health through the `metrics` facade.

use metrics::{Label, Unit};

use super::client::{ObservabilityClient, Tag};
use super::metric::{METRICS, MetricKind};

/// Passes the SDK's metrics to the recorder that the application installed for the [`metrics`]
/// facade. Feature `metrics`.
///
/// ```
/// use std::sync::Arc;
/// use statsig::StatsigOptions;
/// use statsig::observability::MetricsExporter;
///
/// let options = StatsigOptions::builder()
///     .observability_client(Arc::new(MetricsExporter))
///     .build()?;
/// # Ok::<(), statsig::OptionsError>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct MetricsExporter;

impl ObservabilityClient for MetricsExporter {
    fn init(&self) {
        for metric in METRICS {
            let unit = match metric.unit {
                "ms" => Unit::Milliseconds,
                _ => Unit::Count,
            };
            match metric.kind {
                MetricKind::Counter => {
                    metrics::describe_counter!(metric.name, unit, metric.description)
                }
                MetricKind::Gauge => {
                    metrics::describe_gauge!(metric.name, unit, metric.description)
                }
                MetricKind::Distribution => {
                    metrics::describe_histogram!(metric.name, unit, metric.description);
                }
            }
        }
    }

    fn increment(&self, metric: &'static str, value: f64, tags: &[Tag]) {
        // Counters count whole things.
        metrics::counter!(metric, labels(tags)).increment(value as u64);
    }

    fn gauge(&self, metric: &'static str, value: f64, tags: &[Tag]) {
        metrics::gauge!(metric, labels(tags)).set(value);
    }

    fn dist(&self, metric: &'static str, value: f64, tags: &[Tag]) {
        metrics::histogram!(metric, labels(tags)).record(value);
    }
}

fn labels(tags: &[Tag]) -> Vec<Label> {
    let labels = tags.iter();
    labels
        .map(|(name, value)| Label::new(*name, value.clone().into_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use metrics::{
        Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata,
        Recorder, SharedString,
    };

    use super::*;

    /// Notes everything as text.
    #[derive(Debug, Clone, Default)]
    struct Notes(Arc<Mutex<Vec<String>>>);

    struct Instrument {
        key: Key,
        notes: Notes,
    }

    impl Instrument {
        fn note(&self, what: &str) {
            let labels = self.key.labels();
            let labels: Vec<_> = labels
                .map(|label| format!("{}={}", label.key(), label.value()))
                .collect();
            let note = format!("{} {what} {}", self.key.name(), labels.join(","));
            self.notes.0.lock().unwrap().push(note);
        }
    }

    impl CounterFn for Instrument {
        fn increment(&self, value: u64) {
            self.note(&format!("+{value}"));
        }
        fn absolute(&self, _: u64) {}
    }

    impl GaugeFn for Instrument {
        fn increment(&self, _: f64) {}
        fn decrement(&self, _: f64) {}
        fn set(&self, value: f64) {
            self.note(&format!("={value}"));
        }
    }

    impl HistogramFn for Instrument {
        fn record(&self, value: f64) {
            self.note(&format!("~{value}"));
        }
    }

    impl Notes {
        fn instrument(&self, key: &Key) -> Arc<Instrument> {
            Arc::new(Instrument {
                key: key.clone(),
                notes: self.clone(),
            })
        }

        fn describe(&self, key: &KeyName, about: &str) {
            let note = format!("{}: {about}", key.as_str());
            self.0.lock().unwrap().push(note);
        }
    }

    impl Recorder for Notes {
        fn describe_counter(&self, key: KeyName, _: Option<Unit>, about: SharedString) {
            self.describe(&key, &about);
        }
        fn describe_gauge(&self, key: KeyName, _: Option<Unit>, about: SharedString) {
            self.describe(&key, &about);
        }
        fn describe_histogram(&self, key: KeyName, _: Option<Unit>, about: SharedString) {
            self.describe(&key, &about);
        }
        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            Counter::from_arc(self.instrument(key))
        }
        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::from_arc(self.instrument(key))
        }
        fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::from_arc(self.instrument(key))
        }
    }

    #[test]
    fn every_kind_reaches_the_recorder_with_its_tags() {
        let notes = Notes::default();
        metrics::with_local_recorder(&notes, || {
            let exporter = MetricsExporter;
            exporter.increment("a", 2.0, &[("reason", "queue_full".into())]);
            exporter.gauge("b", 0.5, &[]);
            exporter.dist("c", 1.5, &[("x", "1".into()), ("y", "2".into())]);
        });
        let noted = notes.0.lock().unwrap().clone();
        assert_eq!(
            noted,
            ["a +2 reason=queue_full", "b =0.5 ", "c ~1.5 x=1,y=2"]
        );
    }

    #[test]
    fn all_metrics_are_described() {
        let notes = Notes::default();
        metrics::with_local_recorder(&notes, || MetricsExporter.init());
        assert_eq!(notes.0.lock().unwrap().len(), METRICS.len());
    }
}
