//! The state of the client, as a handler.

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use serde::Serialize;
use statsig::Statsig;

use crate::{Flags, MissingFlagsLayer};

/// The state of the client as JSON, for readiness checks: 200, or 503 while there are no specs.
///
/// It is a handler, and finds the client through [`FlagsLayer`](crate::FlagsLayer):
///
/// ```
/// use axum::{Router, routing::get};
/// use statsig_axum::{FlagsLayer, health};
/// # let statsig = statsig::testing::OfflineClient::without_specs(None);
///
/// let app: Router = Router::new()
///     .route("/health", get(health))
///     .layer(FlagsLayer::new(&statsig));
/// ```
///
/// Without the layer, return [`Health::of`] from a handler of your own.
///
/// ```json
/// {"ready":true,"running":true,
///  "specs":{"source":"Network","lcut":1790000000000,"received_at":1790000003120,
///           "sync_age_ms":4210},
///  "events":{"pending":12,"spooled":0,"delivered":1207,"dropped":0},
///  "restarts":0,"version":"0.1.0"}
/// ```
///
/// Do not use it for liveness checks: during an outage of Statsig, a restart throws away the good
/// specs that the client still has.
pub async fn health(health: Health) -> Health {
    health
}

/// The state of the client at one moment. The handler [`health`] returns it.
///
/// ```
/// use axum::extract::State;
/// use statsig::Statsig;
/// use statsig_axum::Health;
///
/// /// A handler for routers with the client in their state.
/// async fn health(State(statsig): State<Statsig>) -> Health {
///     Health::of(&statsig)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// Whether there are specs to evaluate with. See [`Statsig::is_ready`].
    pub ready: bool,
    /// Whether the client updates specs and sends events. See [`Statsig::is_initialized`].
    pub running: bool,
    /// The specs in use.
    pub specs: HealthOfSpecs,
    /// The events since the client was created.
    pub events: HealthOfEvents,
    /// The internal tasks that crashed and were restarted: 0 in a healthy client.
    pub restarts: u64,
    /// The version of this package, which is also that of the SDK.
    pub version: &'static str,
}

/// The specs in use, as a part of [`Health`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HealthOfSpecs {
    /// The source of the specs, such as `Network`.
    pub source: String,
    /// The time of the last change to the project, in epoch milliseconds. 0 without specs.
    pub lcut: u64,
    /// The time when the client applied these specs, in epoch milliseconds.
    pub received_at: Option<u64>,
    /// The time since the last successful sync, in milliseconds. See [`Statsig::sync_age`].
    pub sync_age_ms: Option<u64>,
}

/// The events of the client, as a part of [`Health`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HealthOfEvents {
    /// Events in memory: waiting or being posted.
    pub pending: u64,
    /// Events on disk.
    pub spooled: u64,
    /// Events that the service accepted.
    pub delivered: u64,
    /// Lost events.
    pub dropped: u64,
}

impl Health {
    /// The state of this client. It takes no lock and does not wait.
    #[must_use]
    pub fn of(statsig: &Statsig) -> Self {
        let specs = statsig.specs_status();
        let sync_age = statsig.sync_age();
        let events = statsig.event_stats();
        Self {
            ready: specs.is_ready(),
            running: statsig.is_initialized(),
            specs: HealthOfSpecs {
                source: specs.source.to_string(),
                lcut: specs.lcut,
                received_at: specs.received_at,
                sync_age_ms: sync_age.and_then(|age| u64::try_from(age.as_millis()).ok()),
            },
            events: HealthOfEvents {
                pending: events.pending,
                spooled: events.spooled,
                delivered: events.delivered,
                dropped: events.dropped.total(),
            },
            restarts: statsig.restarts(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// The status of the response: 200, or 503 while the client is not ready.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        if self.ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Health {
    type Rejection = MissingFlagsLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingFlagsLayer> {
        let flags = Flags::from_extensions(&parts.extensions)?;
        Ok(Self::of(flags.client().client()))
    }
}

impl IntoResponse for Health {
    fn into_response(self) -> Response {
        let headers = [
            (CONTENT_TYPE, "application/json"),
            (CACHE_CONTROL, "no-store"),
        ];
        match serde_json::to_string(&self) {
            Ok(body) => (self.status(), headers, body).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}
