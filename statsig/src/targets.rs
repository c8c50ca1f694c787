//! The targets of the SDK's `tracing` events and spans. They are documented, so they do not change with the code.

/// What the application does with the client: subscriptions, typed parameters, stored assignments, misuse.
pub(crate) const CLIENT: &str = "statsig::client";
/// Evaluations, in the shape of OpenTelemetry.
pub(crate) const EVALUATION: &str = "statsig::evaluation";
/// Delivering events: batches that fail or are refused, and the spool.
pub(crate) const EVENTS: &str = "statsig::events";
/// Requests and their answers.
pub(crate) const NETWORK: &str = "statsig::network";
/// Observability clients and reports about errors.
pub(crate) const OBSERVABILITY: &str = "statsig::observability";
/// Parameter structs that differ from the specs.
pub(crate) const SCHEMAS: &str = "statsig::schemas";
/// Actors that end and are started again.
pub(crate) const SUPERVISOR: &str = "statsig::supervisor";
/// Fetching, compiling and applying specs.
pub(crate) const SYNC: &str = "statsig::sync";
