//! The door to monitoring systems.

use std::borrow::Cow;
use std::fmt::Debug;

use super::metric::{Measurement, MetricKind, Tags};

/// Tags with many different values, which cost in most monitoring systems.
const HIGH_CARDINALITY: [&str; 2] = ["lcut", "prev_lcut"];

/// Receives the SDK's health: metrics and errors. Set with
/// [`observability_client`](crate::StatsigOptionsBuilder::observability_client); [the module](crate::observability) lists the metrics.
///
/// All methods are called one after another from a task of the SDK's, never on the path of an evaluation. They must not block
/// for long: what cannot wait is dropped once 1,000 measurements are behind. One that panics is logged and does no harm otherwise.
///
/// ```
/// use statsig::observability::ObservabilityClient;
///
/// #[derive(Debug)]
/// struct ToTheConsole;
///
/// impl ObservabilityClient for ToTheConsole {
///     fn increment(&self, metric: &'static str, value: f64, tags: &[(&'static str, std::borrow::Cow<'static, str>)]) {
///         println!("{metric} +{value} {tags:?}");
///     }
///     fn gauge(&self, metric: &'static str, value: f64, tags: &[(&'static str, std::borrow::Cow<'static, str>)]) {
///         println!("{metric} = {value} {tags:?}");
///     }
///     fn dist(&self, metric: &'static str, value: f64, tags: &[(&'static str, std::borrow::Cow<'static, str>)]) {
///         println!("{metric}: {value} {tags:?}");
///     }
/// }
/// ```
pub trait ObservabilityClient: Debug + Send + Sync + 'static {
    /// Called once, when the client starts.
    fn init(&self) {}

    /// Adds to a counter.
    fn increment(&self, metric: &'static str, value: f64, tags: &[Tag]);

    /// Sets a gauge.
    fn gauge(&self, metric: &'static str, value: f64, tags: &[Tag]);

    /// Adds a value to a distribution. Durations are in milliseconds.
    fn dist(&self, metric: &'static str, value: f64, tags: &[Tag]);

    /// An error of the SDK itself, each time it happens: the component and the error as JSON, with SDK keys masked.
    fn error(&self, _tag: &str, _info: &str) {}

    /// Whether measurements are to carry a tag that has many different values (`lcut`, `prev_lcut`). `None` means no.
    fn should_enable_high_cardinality_for_this_tag(&self, _tag: &str) -> Option<bool> {
        None
    }
}

/// The name and the value of a tag.
pub type Tag = (&'static str, Cow<'static, str>);

/// Something for the observability clients.
#[derive(Debug)]
pub(crate) enum Told {
    Measured(Measurement),
    Failed { tag: &'static str, info: String },
}

impl Told {
    pub(crate) fn tell(&self, client: &dyn ObservabilityClient) {
        match self {
            Self::Failed { tag, info } => client.error(tag, info),
            Self::Measured(measurement) => {
                let tags = wanted_tags(client, &measurement.tags);
                let (name, value) = (measurement.metric.name, measurement.value);
                match measurement.metric.kind {
                    MetricKind::Counter => client.increment(name, value, &tags),
                    MetricKind::Gauge => client.gauge(name, value, &tags),
                    MetricKind::Distribution => client.dist(name, value, &tags),
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
