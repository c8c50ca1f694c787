#![doc = include_str!("../README.md")]

use std::collections::HashMap;
use std::fmt;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};

use statsig::observability::{METRICS, Metric, MetricKind, ObservabilityClient, Tag};

/// Records the SDK's health with an OpenTelemetry [`Meter`].
pub struct OpenTelemetryExporter {
    instruments: HashMap<&'static str, Instrument>,
}

enum Instrument {
    Counter(Counter<f64>),
    Gauge(Gauge<f64>),
    Distribution(Histogram<f64>),
}

impl Instrument {
    /// `None` for a kind of metric that this version does not know.
    fn new(meter: &Meter, metric: &Metric) -> Option<Self> {
        let (name, unit, description) = (metric.name, metric.unit, metric.description);
        let instrument = match metric.kind {
            MetricKind::Counter => {
                let counter = meter.f64_counter(name).with_unit(unit);
                Self::Counter(counter.with_description(description).build())
            }
            MetricKind::Gauge => {
                let gauge = meter.f64_gauge(name).with_unit(unit);
                Self::Gauge(gauge.with_description(description).build())
            }
            MetricKind::Distribution => {
                let histogram = meter.f64_histogram(name).with_unit(unit);
                Self::Distribution(histogram.with_description(description).build())
            }
            _ => return None,
        };
        Some(instrument)
    }
}

impl OpenTelemetryExporter {
    /// Creates an instrument for each of the SDK's metrics.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        let instruments = METRICS.iter().filter_map(|metric| {
            let instrument = Instrument::new(meter, metric)?;
            Some((metric.name, instrument))
        });
        Self {
            instruments: instruments.collect(),
        }
    }

    fn record(&self, metric: &str, value: f64, tags: &[Tag]) {
        let attributes = || -> Vec<KeyValue> {
            let tags = tags.iter();
            tags.map(|(name, value)| KeyValue::new(*name, value.clone().into_owned()))
                .collect()
        };
        match self.instruments.get(metric) {
            Some(Instrument::Counter(counter)) => counter.add(value, &attributes()),
            Some(Instrument::Gauge(gauge)) => gauge.record(value, &attributes()),
            Some(Instrument::Distribution(histogram)) => histogram.record(value, &attributes()),
            None => {}
        }
    }
}

impl ObservabilityClient for OpenTelemetryExporter {
    fn increment(&self, metric: &'static str, value: f64, tags: &[Tag]) {
        self.record(metric, value, tags);
    }

    fn gauge(&self, metric: &'static str, value: f64, tags: &[Tag]) {
        self.record(metric, value, tags);
    }

    fn dist(&self, metric: &'static str, value: f64, tags: &[Tag]) {
        self.record(metric, value, tags);
    }
}

impl fmt::Debug for OpenTelemetryExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenTelemetryExporter")
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use opentelemetry::metrics::{
        HistogramBuilder, InstrumentBuilder, InstrumentProvider, SyncInstrument,
    };

    use super::*;

    /// Records every measurement as text.
    #[derive(Clone, Default)]
    struct Notes(Arc<Mutex<Vec<String>>>);

    struct Noted {
        name: String,
        notes: Notes,
    }

    impl SyncInstrument<f64> for Noted {
        fn measure(&self, value: f64, attributes: &[KeyValue]) {
            let attributes: Vec<_> = attributes
                .iter()
                .map(|pair| format!("{}={}", pair.key, pair.value))
                .collect();
            let note = format!("{} {value} {}", self.name, attributes.join(","));
            self.notes.0.lock().unwrap().push(note);
        }
    }

    impl Notes {
        fn noted(&self, kind: &str, name: &str, unit: Option<&str>) -> Arc<Noted> {
            Arc::new(Noted {
                name: format!("{kind} {name}[{}]", unit.unwrap_or_default()),
                notes: self.clone(),
            })
        }
    }

    impl InstrumentProvider for Notes {
        fn f64_counter(&self, builder: InstrumentBuilder<'_, Counter<f64>>) -> Counter<f64> {
            Counter::new(self.noted("counter", &builder.name, builder.unit.as_deref()))
        }
        fn f64_gauge(&self, builder: InstrumentBuilder<'_, Gauge<f64>>) -> Gauge<f64> {
            Gauge::new(self.noted("gauge", &builder.name, builder.unit.as_deref()))
        }
        fn f64_histogram(&self, builder: HistogramBuilder<'_, Histogram<f64>>) -> Histogram<f64> {
            Histogram::new(self.noted("histogram", &builder.name, builder.unit.as_deref()))
        }
    }

    #[test]
    fn every_kind_reaches_the_meter_with_its_unit_and_tags() {
        let notes = Notes::default();
        let exporter = OpenTelemetryExporter::new(&Meter::new(Arc::new(notes.clone())));
        let reason = [("reason", "queue_full".into())];
        exporter.increment("statsig.sdk.events_dropped_count", 3.0, &reason);
        exporter.gauge("statsig.sdk.config_sync_age", 1_500.0, &[]);
        exporter.dist("statsig.sdk.initialization", 12.5, &[]);
        exporter.dist("unknown", 1.0, &[]);
        let noted = notes.0.lock().unwrap().clone();
        assert_eq!(
            noted,
            [
                "counter statsig.sdk.events_dropped_count[1] 3 reason=queue_full",
                "gauge statsig.sdk.config_sync_age[ms] 1500 ",
                "histogram statsig.sdk.initialization[ms] 12.5 ",
            ]
        );
    }
}
