//! The supervisor: starts the other actors, again after a crash, and ends them in order.

use std::sync::Arc;
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
    /// `None` while it does not live.
    address: AddressSender<A::Message>,
    crashes: CrashRecord,
    restart: Option<AbortOnDrop>,
}

impl<A: Actor<Arguments = Arc<Tree>>> Child<A> {
    fn new(name: ActorName, address: AddressSender<A::Message>) -> Self {
        Self {
            name,
            address,
            crashes: CrashRecord::default(),
            restart: None,
        }
    }

    async fn start(
        &mut self,
        parent: &Address<SupervisorMessage>,
        tree: &Arc<Tree>,
    ) -> Result<(), StartError> {
        let actor = parent.spawn_child::<A>(Arc::clone(tree)).await?;
        self.address.send_replace(Some(actor));
        Ok(())
    }

    async fn start_again(&mut self, parent: &Address<SupervisorMessage>, tree: &Arc<Tree>) {
        match self.start(parent, tree).await {
            Ok(()) => tree.count_restart(),
            Err(error) => self.crashed(parent, tree, &error.to_string()),
        }
    }

    /// Arranges the restart, if it was this child that ended. One that was stopped is not known any
    /// more.
    fn ended(
        &mut self,
        parent: &Address<SupervisorMessage>,
        tree: &Tree,
        (id, why): (ActorId, &str),
    ) {
        let is_this = |actor: &Address<_>| actor.id() == id;
        if self.address.borrow().as_ref().is_some_and(is_this) {
            self.address.send_replace(None);
            self.crashed(parent, tree, why);
        }
    }

    fn crashed(&mut self, parent: &Address<SupervisorMessage>, tree: &Tree, why: &str) {
        let now = Instant::now().into_std();
        let pause = self.crashes.crashed(now, fastrand::f64());
        tracing::error!(
            target: targets::SUPERVISOR,
            actor = ?self.name,
            why,
            ?pause,
            "an actor ended and will be started again"
        );
        tree.shared.note(Fact::ActorCrashed {
            actor: self.name.text(),
            why: why.to_owned(),
        });
        let restart = SupervisorMessage::Restart(self.name);
        self.restart = Some(parent.cast_after(pause, restart));
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

impl Actor for Supervisor {
    type Message = SupervisorMessage;
    type Arguments = (Arc<Tree>, Arc<Life>, AddressSenders);

    async fn start(
        me: Address<SupervisorMessage>,
        (tree, life, addresses): Self::Arguments,
    ) -> Result<Self, StartError> {
        let recorded = Arc::clone(&tree);
        let record = tokio::spawn(async move { recorded.initialization.keep_record().await });
        let mut supervisor = Self {
            _life: life,
            _record: AbortOnDrop::new(&record),
            me,
            tree,
            spec_sync: Child::new(ActorName::SpecSync, addresses.spec_sync),
            id_list_sync: Child::new(ActorName::IdListSync, addresses.id_list_sync),
            evaluation: Child::new(ActorName::Evaluation, addresses.evaluation),
            exposure: Child::new(ActorName::Exposure, addresses.exposure),
            closing_down: None,
        };
        supervisor.tree.reporting.start();
        supervisor.start_children().await?;
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
        let Self { me, tree, .. } = self;
        self.spec_sync.ended(me, tree, (id, why));
        self.id_list_sync.ended(me, tree, (id, why));
        self.evaluation.ended(me, tree, (id, why));
        self.exposure.ended(me, tree, (id, why));
    }
}

impl Supervisor {
    async fn start_children(&mut self) -> Result<(), StartError> {
        let Self { me, tree, .. } = self;
        self.evaluation.start(me, tree).await?;
        self.exposure.start(me, tree).await?;
        self.spec_sync.start(me, tree).await?;
        if tree.usable_id_lists().is_some() {
            self.id_list_sync.start(me, tree).await?;
        }
        Ok(())
    }

    async fn restart(&mut self, name: ActorName) {
        let Self { me, tree, .. } = self;
        match name {
            ActorName::Exposure => self.exposure.start_again(me, tree).await,
            // A shutdown has stopped the others.
            _ if self.closing_down.is_some() => {}
            ActorName::SpecSync => self.spec_sync.start_again(me, tree).await,
            ActorName::IdListSync => self.id_list_sync.start_again(me, tree).await,
            ActorName::Evaluation => self.evaluation.start_again(me, tree).await,
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
        let closing_down = tokio::spawn(async move {
            let closing = tree
                .exposure
                .ask(u32::MAX, left, ExposureMessage::CloseDown);
            let timed_out = closing.await == Err(Unanswered::TimedOut);
            me.cast(SupervisorMessage::ClosedDown { timed_out, reply });
        });
        self.closing_down = Some(AbortOnDrop::new(&closing_down));
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
