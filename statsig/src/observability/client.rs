//! The interface to monitoring systems.

use std::borrow::Cow;
use std::fmt::Debug;

/// Receives metrics and errors of the SDK. Set it with
/// [`observability_client`](crate::StatsigOptionsBuilder::observability_client);
/// [the module](crate::observability) lists the metrics.
///
/// One task of the SDK calls all methods, one after another; evaluations never wait for them. They
/// must not block for long: at most 1,000 reports wait, further ones are dropped. The SDK logs a
/// panic and continues.
///
/// ```
/// use std::sync::Arc;
/// use statsig::StatsigOptions;
/// use statsig::observability::{ObservabilityClient, Tag};
///
/// #[derive(Debug)]
/// struct ToTheConsole;
///
/// impl ObservabilityClient for ToTheConsole {
///     fn increment(&self, metric: &'static str, value: f64, tags: &[Tag]) {
///         println!("{metric} +{value} {tags:?}");
///     }
///     fn gauge(&self, metric: &'static str, value: f64, tags: &[Tag]) {
///         println!("{metric} = {value} {tags:?}");
///     }
///     fn dist(&self, metric: &'static str, value: f64, tags: &[Tag]) {
///         println!("{metric}: {value} {tags:?}");
///     }
/// }
///
/// let options = StatsigOptions::builder()
///     .observability_client(Arc::new(ToTheConsole))
///     .build()?;
/// # Ok::<(), statsig::OptionsError>(())
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

    /// Called for each error of the SDK itself, with the component and the error as JSON. SDK keys
    /// are masked.
    fn error(&self, _tag: &str, _info: &str) {}

    /// Whether measurements carry a tag with many different values (`lcut`, `prev_lcut`). `None`
    /// means no.
    fn should_enable_high_cardinality_for_this_tag(&self, _tag: &str) -> Option<bool> {
        None
    }
}

/// The name and the value of a tag.
pub type Tag = (&'static str, Cow<'static, str>);
