//! The evaluation actor: compiles payloads and publishes snapshots. Nobody else publishes any.

use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};

#[cfg(any(test, feature = "testing"))]
use super::disturbance::Disturbance;
use super::retired::Retired;
use super::schemas::{check_schemas, refusal};
use super::spec_sync::SyncError;
use super::supervisor::SupervisorMsg;
use super::timer::{AbortOnDrop, cast_after};
use super::tree::Tree;
use crate::error::{SpecsError, StatsigError};
use crate::observability::facts::{Fact, Processed, SpecsProcessed};
use crate::observability::subscriptions::SdkEvent;
use crate::results::SpecsSource;
use crate::sources::SpecsPayload;
use crate::specs::id_list::IdLists;
use crate::specs::order::is_far_ahead;
use crate::specs::snapshot::{Loaded, Snapshot};
use crate::targets;
use crate::typed::{DriftSeverity, SchemaReport};

/// Specs up to this size are compiled on the runtime's workers: that takes less than a millisecond, and many clients that start
/// together need no thread each.
const MAX_BYTES_HERE: usize = 4 * 1024;
/// Replaced generations are looked at so often, until nobody reads them.
const RETIRED_INTERVAL: Duration = Duration::from_secs(5);

/// What the evaluation actor is asked to do.
///
/// At most six wait: one assignment, since the spec sync actor awaits the outcome before it has another (two when the
/// supervisor repeats one after a crash); one compilation that ended, since they run one at a time; one `PublishIdLists`,
/// since the ID list sync actor awaits the outcome (two when it gave up waiting for the one before); and one `DropRetired`.
#[derive(Debug)]
pub(super) enum EvaluationMsg {
    Assign(Assignment),
    PublishIdLists(Arc<IdLists>),
    Compiled(Box<Compiled>),
    /// Drop generations that nobody reads any more.
    DropRetired,
    #[cfg(any(test, feature = "testing"))]
    Disturb(Disturbance),
}

/// One piece of work, cheap to clone, so that the supervisor can repeat it after a crash.
#[derive(Debug, Clone)]
pub(super) enum Assignment {
    /// Compile and publish these specs.
    Apply {
        payload: SpecsPayload,
        source: SpecsSource,
        /// Tells payloads apart; comes back with the outcome.
        fingerprint: u64,
    },
    /// Publish that nothing could be loaded. Without a reason it was not meant to be.
    NoValues { reason: Option<String> },
}

/// What became of specs that are no failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied {
    /// They were published.
    New,
    /// They are the ones in use, or say that there is nothing new.
    Unchanged,
    /// They are older than those in use, which stay.
    Older { found: u64 },
}

#[derive(Debug)]
pub(super) struct Compiled {
    loaded: Result<Loaded, SyncError>,
    /// What became of the check of parameter structs, if there was one.
    reports: Option<Vec<SchemaReport>>,
    payload: SpecsPayload,
    source: SpecsSource,
    fingerprint: u64,
    started_ms: u64,
}

pub(super) struct EvaluationActor;

pub(super) struct State {
    tree: Arc<Tree>,
    supervisor: ActorRef<SupervisorMsg>,
    compiling: Option<AbortOnDrop>,
    me: ActorRef<EvaluationMsg>,
    retired: Retired,
    /// Set while there are retired generations.
    retired_timer: Option<AbortOnDrop>,
}

impl Actor for EvaluationActor {
    type Msg = EvaluationMsg;
    type State = State;
    type Arguments = (Arc<Tree>, ActorRef<SupervisorMsg>);

    async fn pre_start(
        &self,
        me: ActorRef<EvaluationMsg>,
        (tree, supervisor): Self::Arguments,
    ) -> Result<State, ActorProcessingErr> {
        let mut state = State {
            tree,
            supervisor,
            compiling: None,
            me,
            retired: Retired::default(),
            retired_timer: None,
        };
        let current = state.tree.shared.published.load_full();
        if current.source == SpecsSource::Uninitialized {
            state.publish(current.with_source(SpecsSource::Loading));
        }
        Ok(state)
    }

    async fn handle(
        &self,
        _: ActorRef<EvaluationMsg>,
        message: EvaluationMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            EvaluationMsg::Assign(Assignment::Apply {
                payload,
                source,
                fingerprint,
            }) => state.start_compiling(payload, source, fingerprint),
            EvaluationMsg::Assign(Assignment::NoValues { reason }) => {
                state.publish_no_values(reason);
                state.report(SupervisorMsg::NoValuesPublished);
            }
            EvaluationMsg::PublishIdLists(lists) => {
                let current = state.tree.shared.published.load_full();
                state.publish(current.with_id_lists(lists));
                state.report(SupervisorMsg::IdListsPublished);
            }
            EvaluationMsg::Compiled(compiled) => {
                state.compiling = None;
                let fingerprint = compiled.fingerprint;
                let outcome = state.apply(*compiled);
                state.report(SupervisorMsg::Applied {
                    fingerprint,
                    outcome,
                });
            }
            EvaluationMsg::DropRetired => state.drop_retired(),
            #[cfg(any(test, feature = "testing"))]
            EvaluationMsg::Disturb(disturbance) => disturbance.happen().await?,
        }
        Ok(())
    }
}

impl State {
    fn start_compiling(&mut self, payload: SpecsPayload, source: SpecsSource, fingerprint: u64) {
        let current = self.tree.shared.published.load_full();
        let me = self.me.clone();
        let shared = Arc::clone(&self.tree.shared);
        let started_ms = self.tree.shared.clock.now_ms();
        let body = payload.body.clone();
        let span = tracing::debug_span!(target: targets::SYNC, "compile_specs", %source);
        // What the first specs replace is small, too.
        let is_small = body.len() <= MAX_BYTES_HERE && current.specs.time == 0;
        let compile = move || {
            let _span = span.entered();
            let max_bytes = shared.options.max_specs_bytes;
            if body.len() > max_bytes {
                return Err(SpecsError::TooLarge {
                    limit: max_bytes,
                    found: body.len(),
                });
            }
            let loaded = current.load(&body, started_ms)?;
            let reports = match &loaded {
                Loaded::New(specs) => check_schemas(&shared.options, specs),
                Loaded::Unchanged | Loaded::Older { .. } => None,
            };
            Ok((loaded, reports))
        };
        let compilation = if is_small {
            tokio::spawn(async move { compile() })
        } else {
            tokio::task::spawn_blocking(compile)
        };
        let task = tokio::spawn(async move {
            let (loaded, reports) = match compilation.await {
                Ok(Ok((loaded, reports))) => (Ok(loaded), reports),
                Ok(Err(refused)) => (Err(SyncError::Specs(refused)), None),
                Err(_) => (Err(SyncError::Interrupted), None),
            };
            // Refused only when this actor is gone; then the supervisor repeats the assignment.
            let _ = me.cast(EvaluationMsg::Compiled(Box::new(Compiled {
                loaded,
                reports,
                payload,
                source,
                fingerprint,
                started_ms,
            })));
        });
        self.compiling = Some(AbortOnDrop::new(&task));
    }

    fn apply(&mut self, compiled: Compiled) -> Result<Applied, SyncError> {
        let Compiled {
            loaded,
            reports,
            payload,
            source,
            started_ms,
            ..
        } = compiled;
        let source_api = payload.source_api.clone();
        let shared = Arc::clone(&self.tree.shared);
        let mut result = Ok(Applied::Unchanged);
        let outcome = match loaded {
            Ok(Loaded::New(specs)) => {
                let previous = shared.published.load_full();
                let lcut = specs.time;
                let now_ms = shared.clock.now_ms();
                if is_far_ahead(lcut, now_ms) {
                    warn_of_time(lcut, now_ms, &source);
                }
                self.tree.keep_in_store(&payload, &source, now_ms);
                let (source, source_api) = (source.clone(), source_api.clone());
                self.publish(previous.with_specs(*specs, source, source_api, now_ms));
                result = Ok(Applied::New);
                Processed::Applied {
                    lcut,
                    previous_lcut: previous.specs.time,
                    previous_source: previous.source.clone(),
                }
            }
            Ok(Loaded::Unchanged) => Processed::Unchanged,
            Ok(Loaded::Older { found }) => {
                result = Ok(Applied::Older { found });
                Processed::Unchanged
            }
            Err(error) => {
                let problem = error.to_string();
                result = Err(error);
                Processed::Refused { problem }
            }
        };
        if matches!(outcome, Processed::Applied { .. })
            && shared.telemetry.subscriptions.wants_specs()
        {
            shared
                .telemetry
                .subscriptions
                .tell(&SdkEvent::SpecsUpdated {
                    source: &source.to_string(),
                    source_api: source_api.as_deref(),
                    values: serde_json::from_slice(&payload.body).ok(),
                });
        }
        let mut refused = None;
        if let Some(reports) = reports {
            refused = refusal(&shared.options, &reports);
            let severities = reports.iter().flat_map(|report| &report.drifts);
            let (errors, warnings): (Vec<_>, Vec<_>) =
                severities.partition(|drift| drift.severity == DriftSeverity::Error);
            shared.note(Fact::SchemasChecked {
                errors: errors.len(),
                warnings: warnings.len(),
            });
            for report in shared.telemetry.drift_log.update(reports) {
                shared
                    .telemetry
                    .subscriptions
                    .tell(&SdkEvent::SchemaDrifted { report: &report });
            }
        }
        shared.note(Fact::SpecsProcessed(SpecsProcessed {
            started_ms,
            ended_ms: shared.clock.now_ms(),
            source,
            source_api,
            outcome,
        }));
        if matches!(result, Ok(Applied::New)) {
            self.tree.end_first_sync(refused.map_or(Ok(()), Err));
        }
        result
    }

    fn publish_no_values(&mut self, reason: Option<String>) {
        let current = self.tree.shared.published.load_full();
        if current.source == SpecsSource::Loading {
            self.publish(current.with_source(SpecsSource::NoValues));
        }
        let failure = reason.map(|reason| StatsigError::NoSpecs { reason });
        self.tree.end_first_sync(failure.map_or(Ok(()), Err));
    }

    fn publish(&mut self, next: Snapshot) {
        self.retired.add(self.tree.shared.published.publish(next));
        if self.retired_timer.is_none() {
            self.await_readers();
        }
    }

    fn drop_retired(&mut self) {
        let unused = self.retired.take_unused();
        // Without specs there is nothing to take long, and clients that start need no thread.
        if unused.iter().any(|retired| retired.specs.time != 0) {
            tokio::task::spawn_blocking(move || drop(unused));
        }
        if self.retired.is_empty() {
            self.retired_timer = None;
        } else {
            self.await_readers();
        }
    }

    fn await_readers(&mut self) {
        let timer = cast_after(&self.me, RETIRED_INTERVAL, EvaluationMsg::DropRetired);
        self.retired_timer = Some(timer);
    }

    fn report(&self, message: SupervisorMsg) {
        // Refused only when the supervisor is gone, and everything ends.
        let _ = self.supervisor.cast(message);
    }
}

/// Once for each set of specs: the same bytes are not loaded twice in a row.
fn warn_of_time(time_ms: u64, now_ms: u64, source: &SpecsSource) {
    tracing::warn!(
        target: targets::SYNC, time_ms, now_ms, %source,
        "the time of the specs is more than a day ahead of the clock; the specs are in use, but later specs are not compared with \
         their time; check the source and the clock of this machine"
    );
}
