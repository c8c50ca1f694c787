//! The evaluation actor: compiles payloads and publishes snapshots. Nothing else publishes any.

use std::sync::Arc;
use std::time::Duration;

use tracing::dispatcher;

use super::abort_on_drop::AbortOnDrop;
use super::actor::{Actor, Address, StartError};
use super::messages::{Applied, ApplyReply, Compilation, EvaluationMessage, Fetched, SyncError};
use super::schemas::{check_schemas, refusal};
use super::tasks::cast_result;
use super::tree::Tree;
use crate::error::{SpecsError, StatsigError};
use crate::facts::{Fact, Processed, SpecsProcessed};
use crate::observability::SdkEvent;
use crate::options::StatsigOptions;
use crate::results::SpecsSource;
use crate::shared::Published;
use crate::sources::SpecsPayload;
use crate::sources::data_store::specs as stored;
use crate::specs::order::is_far_ahead;
use crate::specs::snapshot::{Loaded, Snapshot};
use crate::targets;
use crate::typed::{DriftSeverity, SchemaReport};

/// Specs up to this size are compiled on the runtime's workers: that takes less than a millisecond,
/// and many clients that start together need no thread each.
const MAX_BYTES_HERE: usize = 4 * 1024;
/// How often the actor checks whether replaced generations still have readers.
const RETIRED_INTERVAL: Duration = Duration::from_secs(5);

pub(super) struct Evaluation {
    tree: Arc<Tree>,
    me: Address<EvaluationMessage>,
    compiling: Option<AbortOnDrop>,
    /// Generations that were replaced, kept while they have readers. Dropping the last pointer to
    /// one can take long, so it must not be a reader's. While one is here, no other pointer is the
    /// last; those that only this list has left are dropped off the async workers.
    retired: Vec<Arc<Published>>,
    /// Set while there are retired generations.
    retired_timer: Option<AbortOnDrop>,
}

impl Actor for Evaluation {
    type Message = EvaluationMessage;
    type Arguments = Arc<Tree>;

    async fn start(me: Address<EvaluationMessage>, tree: Arc<Tree>) -> Result<Self, StartError> {
        let mut evaluation = Self {
            tree,
            me,
            compiling: None,
            retired: Vec::new(),
            retired_timer: None,
        };
        let current = evaluation.tree.shared.published.load_full();
        if current.source == SpecsSource::Uninitialized {
            evaluation.publish(current.with_source(SpecsSource::Loading));
        }
        Ok(evaluation)
    }

    async fn handle(&mut self, message: EvaluationMessage) {
        // A reply fails only if its caller no longer waits.
        match message {
            // The spec sync actor fetches again what it no longer waits for.
            EvaluationMessage::Apply(_, reply) if reply.is_closed() => {}
            EvaluationMessage::Apply(fetched, reply) => self.start_compiling(fetched, reply),
            EvaluationMessage::Compiled {
                fetched,
                reply,
                started_ms,
                result,
            } => {
                self.compiling = None;
                let applied = reply.send(self.apply(fetched, started_ms, *result));
                if let Err(Ok(Applied::New { refusal })) = applied {
                    // The spec sync actor no longer waits, but these specs are in use.
                    let outcome = refusal.map_or(Ok(()), Err);
                    self.tree.initialization.specs.end(outcome);
                }
            }
            EvaluationMessage::PublishIdLists(lists, reply) => {
                let current = self.tree.shared.published.load_full();
                self.publish(current.with_id_lists(lists));
                let _ = reply.send(());
            }
            EvaluationMessage::PublishNoValues(reply) => {
                let current = self.tree.shared.published.load_full();
                if current.source == SpecsSource::Loading {
                    self.publish(current.with_source(SpecsSource::NoValues));
                }
                let _ = reply.send(());
            }
            EvaluationMessage::DropRetired => self.drop_retired(),
        }
    }
}

impl Evaluation {
    fn start_compiling(&mut self, fetched: Fetched, reply: ApplyReply) {
        let shared = Arc::clone(&self.tree.shared);
        let current = shared.published.load_full();
        let started_ms = shared.clock.now_ms();
        let body = fetched.payload.body.clone();
        let source = &fetched.source;
        let span = tracing::debug_span!(target: targets::SYNC, "compile_specs", %source);
        // What the first specs replace is small, too.
        let is_small = body.len() <= MAX_BYTES_HERE && current.specs.time == 0;
        let compile = move || {
            let _span = span.entered();
            compile(&shared.options, &current, &body, started_ms)
        };
        let compiling = async move {
            if is_small {
                return Some(compile());
            }
            // Malformed entities are logged where the client's other lines go.
            let subscriber = dispatcher::get_default(Clone::clone);
            let compile = move || dispatcher::with_default(&subscriber, compile);
            tokio::task::spawn_blocking(compile).await.ok()
        };
        self.compiling = Some(cast_result(&self.me, compiling, move |result| {
            let result = match result.flatten() {
                Some(result) => result.map_err(SyncError::Specs),
                // It panicked.
                None => Err(SyncError::Interrupted),
            };
            EvaluationMessage::Compiled {
                fetched,
                reply,
                started_ms,
                result: Box::new(result),
            }
        }));
    }

    fn apply(
        &mut self,
        fetched: Fetched,
        started_ms: u64,
        result: Result<Compilation, SyncError>,
    ) -> Result<Applied, SyncError> {
        let shared = Arc::clone(&self.tree.shared);
        let Fetched { payload, source } = fetched;
        let source_api = payload.source_api.clone();
        let (applied, outcome) = match result {
            Ok((Loaded::New(specs), reports)) => {
                let previous = shared.published.load_full();
                let lcut = specs.time;
                let now_ms = shared.clock.now_ms();
                if is_far_ahead(lcut, now_ms) {
                    warn_of_time(lcut, now_ms, &source);
                }
                self.keep_in_store(&payload, &source, now_ms);
                let next = previous.with_specs(*specs, source.clone(), source_api.clone(), now_ms);
                self.publish(next);
                self.report_new_specs(&payload, &source);
                let refusal = reports.and_then(|reports| self.report_drift(reports));
                let outcome = Processed::Applied {
                    lcut,
                    previous_lcut: previous.specs.time,
                    previous_source: previous.source.clone(),
                };
                (Ok(Applied::New { refusal }), outcome)
            }
            Ok((Loaded::Unchanged, _)) => (Ok(Applied::Unchanged), Processed::Unchanged),
            Ok((Loaded::Older { found }, _)) => {
                (Ok(Applied::Older { found }), Processed::Unchanged)
            }
            Err(error) => {
                let problem = error.to_string();
                (Err(error), Processed::Refused { problem })
            }
        };
        shared.note(Fact::SpecsProcessed(SpecsProcessed {
            started_ms,
            ended_ms: shared.clock.now_ms(),
            source,
            source_api,
            outcome,
        }));
        applied
    }

    /// Has the data store keep specs that are published now, if they are for it.
    fn keep_in_store(&self, payload: &SpecsPayload, source: &SpecsSource, now_ms: u64) {
        let Some(store) = &self.tree.data_store else {
            return;
        };
        // A client with another source may have older specs than those that write.
        let background = self.tree.specs.background();
        let is_guarded = !self.tree.shared.options.disable_network
            && background.is_some_and(|adapter| adapter.uses_network());
        let json = payload.body.clone();
        if *source == SpecsSource::Network && !payload.deltas_used {
            store.write_specs(json, now_ms, is_guarded);
        } else if is_guarded && *source == stored::source() {
            store.guard_specs(json, now_ms);
        } else {
            store.guard_nothing();
        }
    }

    fn report_new_specs(&self, payload: &SpecsPayload, source: &SpecsSource) {
        let subscriptions = &self.tree.shared.telemetry.subscriptions;
        if subscriptions.wants_specs() {
            subscriptions.tell(&SdkEvent::SpecsUpdated {
                source: &source.to_string(),
                source_api: payload.source_api.as_deref(),
                values: serde_json::from_slice(&payload.body).ok(),
            });
        }
    }

    /// Returns why the options forbid a start, if they do.
    fn report_drift(&self, reports: Vec<SchemaReport>) -> Option<StatsigError> {
        let shared = &self.tree.shared;
        let refusal = refusal(&shared.options, &reports);
        let severities = reports.iter().flat_map(|report| &report.drifts);
        let (errors, warnings): (Vec<_>, Vec<_>) =
            severities.partition(|drift| drift.severity == DriftSeverity::Error);
        shared.note(Fact::SchemasChecked {
            errors: errors.len(),
            warnings: warnings.len(),
        });
        for report in shared.telemetry.drift_log.update(reports) {
            let event = SdkEvent::SchemaDrifted { report: &report };
            shared.telemetry.subscriptions.tell(&event);
        }
        refusal
    }

    fn publish(&mut self, next: Snapshot) {
        // Readers may have it still, but none can get it anew.
        let replaced = self.tree.shared.published.publish(next);
        self.retired.push(replaced);
        if self.retired_timer.is_none() {
            self.await_readers();
        }
    }

    fn drop_retired(&mut self) {
        let is_unused = |retired: &mut Arc<Published>| Arc::strong_count(retired) == 1;
        let unused: Vec<_> = self.retired.extract_if(.., is_unused).collect();
        // Small generations are dropped here, so that clients that start need no thread each.
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
        let message = EvaluationMessage::DropRetired;
        self.retired_timer = Some(self.me.cast_after(RETIRED_INTERVAL, message));
    }
}

fn compile(
    options: &StatsigOptions,
    current: &Published,
    body: &[u8],
    now_ms: u64,
) -> Result<Compilation, SpecsError> {
    if body.len() > options.max_specs_bytes {
        return Err(SpecsError::TooLarge {
            limit: options.max_specs_bytes,
            found: body.len(),
        });
    }
    let loaded = current.load(body, now_ms)?;
    let reports = match &loaded {
        Loaded::New(specs) => check_schemas(options, specs),
        Loaded::Unchanged | Loaded::Older { .. } => None,
    };
    Ok((loaded, reports))
}

/// Once for each set of specs: the same bytes are not loaded twice in a row.
fn warn_of_time(time_ms: u64, now_ms: u64, source: &SpecsSource) {
    tracing::warn!(
        target: targets::SYNC, time_ms, now_ms, %source,
        "the time of the specs is more than a day ahead of the clock; the specs are in use, but later \
         specs are not compared with their time; check the source and the clock of this machine"
    );
}
