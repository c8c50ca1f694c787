//! The supervisor: starts the other actors, again after a crash, and ends them in order.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::abort_on_drop::AbortOnDrop;
use super::actor::{Actor, ActorId, Address, StartError};
use super::drops;
use super::evaluation::Evaluation;
use super::exposure::Exposure;
use super::id_list_sync::IdListSync;
use super::live::{AddressSender, Unanswered};
use super::messages::{ActorName, ExposureMessage, SupervisorMessage};
use super::restart::CrashRecord;
use super::spec_sync::SpecSync;
use super::tasks::now;
use super::tree::{AddressSenders, Life, Tree};
use crate::counters::ShutdownReport;
use crate::facts::Fact;
use crate::guard::{guarded, guarded_async};
use crate::targets;

/// The longest wait for an actor, or for the posting tasks, to end. None of them waits for the
/// network.
const STOP_LIMIT: Duration = Duration::from_millis(500);
/// The longest wait for the disk, when the client ends.
const SPOOL_LIMIT: Duration = Duration::from_secs(1);
/// How often to check whether work for the disk has ended, when the client ends.
const WORK_POLL: Duration = Duration::from_millis(5);

pub(super) struct Supervisor {
    /// Tells whether this actor exists.
    _life: Arc<Life>,
    /// Records how the start goes.
    _record: AbortOnDrop,
    me: Address<SupervisorMessage>,
    tree: Arc<Tree>,
    spec_sync: Child<SpecSync>,
    id_list_sync: Child<IdListSync>,
    evaluation: Child<Evaluation>,
    exposure: Child<Exposure>,
    /// Set during a shutdown: waits for the exposure actor to send what is left.
    closing_down: Option<AbortOnDrop>,
}

/// An actor that is started again when it crashes.
struct Child<A: Actor> {
    name: ActorName,
    parent: Address<SupervisorMessage>,
    tree: Arc<Tree>,
    /// `None` while it does not live.
    address: AddressSender<A::Message>,
    crashes: CrashRecord,
    restart: Option<AbortOnDrop>,
}

impl<A: Actor<Arguments = Arc<Tree>>> Child<A> {
    async fn start(&mut self) -> Result<(), StartError> {
        let actor = self.parent.spawn_child::<A>(Arc::clone(&self.tree)).await?;
        self.address.send_replace(Some(actor));
        Ok(())
    }

    async fn start_again(&mut self) {
        match self.start().await {
            Ok(()) => drop(self.tree.restarts.fetch_add(1, Ordering::Relaxed)),
            Err(error) => self.crashed(&error.to_string()),
        }
    }

    /// Arranges the restart, if it was this child that ended. One that was stopped is not known any
    /// more.
    fn ended(&mut self, id: ActorId, why: &str) {
        let is_this = |actor: &Address<_>| actor.id() == id;
        if self.address.borrow().as_ref().is_some_and(is_this) {
            self.address.send_replace(None);
            self.crashed(why);
        }
    }

    fn crashed(&mut self, why: &str) {
        let pause = self.crashes.crashed(now(), fastrand::f64());
        tracing::error!(
            target: targets::SUPERVISOR,
            actor = ?self.name,
            why,
            ?pause,
            "an actor ended and will be started again"
        );
        self.tree.shared.note(Fact::ActorCrashed {
            actor: self.name.text(),
            why: why.to_owned(),
        });
        let restart = SupervisorMessage::Restart(self.name);
        self.restart = Some(self.parent.cast_after(pause, restart));
    }

    /// Ends the actor for good, by force when it does not end within the limit.
    async fn stop(&mut self, limit: Duration) {
        self.restart = None;
        if let Some(actor) = self.address.send_replace(None) {
            actor.stop();
            actor.ended_within(limit).await;
        }
    }
}

fn child<A: Actor<Arguments = Arc<Tree>>>(
    name: ActorName,
    parent: &Address<SupervisorMessage>,
    tree: &Arc<Tree>,
    address: AddressSender<A::Message>,
) -> Child<A> {
    Child {
        name,
        parent: parent.clone(),
        tree: Arc::clone(tree),
        address,
        crashes: CrashRecord::default(),
        restart: None,
    }
}

impl Actor for Supervisor {
    type Message = SupervisorMessage;
    type Arguments = (Arc<Tree>, Arc<Life>, AddressSenders);

    async fn start(
        me: Address<SupervisorMessage>,
        (tree, life, addresses): Self::Arguments,
    ) -> Result<Self, StartError> {
        tree.reporting.start();
        let recorded = Arc::clone(&tree);
        let record = AbortOnDrop::spawn(async move { recorded.initialization.keep_record().await });
        let mut supervisor = Self {
            _life: life,
            _record: record,
            spec_sync: child(ActorName::SpecSync, &me, &tree, addresses.spec_sync),
            id_list_sync: child(ActorName::IdListSync, &me, &tree, addresses.id_list_sync),
            evaluation: child(ActorName::Evaluation, &me, &tree, addresses.evaluation),
            exposure: child(ActorName::Exposure, &me, &tree, addresses.exposure),
            me,
            tree,
            closing_down: None,
        };
        supervisor.evaluation.start().await?;
        supervisor.exposure.start().await?;
        supervisor.spec_sync.start().await?;
        if supervisor.tree.usable_id_lists().is_some() {
            supervisor.id_list_sync.start().await?;
        }
        Ok(supervisor)
    }

    async fn handle(&mut self, message: SupervisorMessage) {
        match message {
            SupervisorMessage::Restart(name) => self.restart(name).await,
            SupervisorMessage::Shutdown { limit, reply } => self.begin_shutdown(limit, reply).await,
            SupervisorMessage::ClosedDown { timed_out, reply } => {
                self.finish_shutdown(timed_out, reply).await;
            }
        }
    }

    fn child_ended(&mut self, id: ActorId, why: &str) {
        self.spec_sync.ended(id, why);
        self.id_list_sync.ended(id, why);
        self.evaluation.ended(id, why);
        self.exposure.ended(id, why);
    }
}

impl Supervisor {
    async fn restart(&mut self, name: ActorName) {
        match name {
            ActorName::Exposure => self.exposure.start_again().await,
            // A shutdown has stopped the others.
            _ if self.closing_down.is_some() => {}
            ActorName::SpecSync => self.spec_sync.start_again().await,
            ActorName::IdListSync => self.id_list_sync.start_again().await,
            ActorName::Evaluation => self.evaluation.start_again().await,
            // It has no supervisor that restarts it.
            ActorName::Supervisor => {}
        }
    }

    async fn begin_shutdown(&mut self, limit: Duration, reply: oneshot::Sender<ShutdownReport>) {
        let started = Instant::now();
        self.tree.shared.close();
        self.spec_sync.stop(STOP_LIMIT.min(limit / 4)).await;
        self.id_list_sync.stop(STOP_LIMIT.min(limit / 4)).await;
        self.evaluation.stop(STOP_LIMIT.min(limit / 4)).await;
        let (me, tree) = (self.me.clone(), Arc::clone(&self.tree));
        let left = limit.saturating_sub(started.elapsed());
        self.closing_down = Some(AbortOnDrop::spawn(async move {
            let close_down = ExposureMessage::CloseDown;
            let closed = tree.exposure.ask(u32::MAX, left, close_down).await;
            let timed_out = closed == Err(Unanswered::TimedOut);
            me.cast(SupervisorMessage::ClosedDown { timed_out, reply });
        }));
    }

    async fn finish_shutdown(&mut self, timed_out: bool, reply: oneshot::Sender<ShutdownReport>) {
        self.end_events().await;
        let report = self.tree.report.get_or_init(|| ShutdownReport {
            stats: self.tree.shared.events.counters.stats(),
            timed_out,
        });
        // Refused only when the caller has stopped waiting.
        let _ = reply.send(*report);
        for adapter in self.tree.specs.adapters() {
            guarded("`on_stop` of the specs adapter", || adapter.on_stop());
        }
        self.tree.reporting.finish(STOP_LIMIT).await;
        self.me.stop();
    }

    /// Ends everything that sends events. What is left goes to disk, if there is a spool.
    async fn end_events(&mut self) {
        self.exposure.stop(STOP_LIMIT).await;
        self.tree.posts.tasks.abort_all();
        // A post that does not end in time gives its batch back later.
        self.tree.posts.tasks.ended_within(STOP_LIMIT).await;
        if self.tree.spool.is_some() {
            let tree = Arc::clone(&self.tree);
            // A batch that was being cut in halves comes back after its post has ended.
            let settled = async {
                while tree.shared.events.outbox().posts() > 0 {
                    tokio::time::sleep(WORK_POLL).await;
                }
            };
            let _ = tokio::time::timeout(STOP_LIMIT, settled).await;
            let spooled = async move {
                while tree.shared.events.outbox().is_being_worked_for() {
                    tokio::time::sleep(WORK_POLL).await;
                }
                // Fails only when the runtime goes away.
                let _ = tokio::task::spawn_blocking(move || tree.spool_rest()).await;
            };
            if tokio::time::timeout(SPOOL_LIMIT, spooled).await.is_err() {
                tracing::error!(
                    target: targets::EVENTS,
                    "the disk is too slow: events may not have been kept"
                );
            }
        }
        let what = "`shutdown` of the event logging adapter";
        let ended = guarded_async(what, || self.tree.events.shutdown());
        // An adapter that does not end in time is left alone.
        let _ = tokio::time::timeout(STOP_LIMIT, ended).await;
        drops::report_last(&self.tree.shared, STOP_LIMIT).await;
    }
}
