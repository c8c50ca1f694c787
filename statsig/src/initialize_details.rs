//! The result of starting a client.

use std::time::Duration;

use crate::error::StatsigError;
use crate::results::SpecsSource;

/// The result of an initialisation.
///
/// The client records it when the first syncs have ended or the limit has passed, even if no caller
/// waits. When a failed start succeeds later, the client replaces it with the result of the
/// success.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct InitializeDetails {
    /// Whether initialisation ended in time. This does not mean that there are specs: see
    /// `is_config_spec_ready`. Also false when there are no ID lists although a data store keeps
    /// some.
    pub init_success: bool,
    /// Whether there are specs to evaluate with.
    pub is_config_spec_ready: bool,
    /// Whether all ID lists are loaded; `None` when they are not enabled.
    pub is_id_list_ready: Option<bool>,
    /// The source of the specs.
    pub source: SpecsSource,
    /// The part of the source's address that may be shown, such as `https://api.statsigcdn.com/v2`.
    pub spec_source_api: Option<String>,
    /// The reason why there are no specs, or no ID lists although a data store keeps some. The
    /// background sync continues and may succeed later.
    pub failure_details: Option<StatsigError>,
    /// The time from the start to this record.
    pub duration: Duration,
}
