//! The supervisor: owns the other actors, starts them again after a crash, forwards between them and ends them in order.

use std::sync::Arc;
use std::time::Duration;

use ractor::{
    Actor, ActorId, ActorProcessingErr, ActorRef, Message, MessagingErr, RpcReplyPort, SpawnErr,
    SupervisionEvent,
};

#[cfg(any(test, feature = "testing"))]
use super::disturbance::{ActorName, Disturbance};
use super::evaluation::{Applied, Assignment, EvaluationActor, EvaluationMsg};
use super::exposure::{ExposureActor, ExposureMsg};
use super::id_list_sync::{IdListSyncActor, IdListSyncMsg};
use super::restart::CrashRecord;
use super::spec_sync::{SpecSyncActor, SpecSyncMsg, SyncError};
use super::timer::{AbortOnDrop, cast_after};
use super::tree::{Life, Tree};
use super::{MAX_CALLERS, ShutdownReport};
use crate::counters::EventStats;
use crate::guard::{guarded, guarded_async};
use crate::observability::facts::Fact;
use crate::specs::id_list::IdLists;
use crate::targets;

/// The longest wait for an actor, or for the posting tasks, to end when told so. None of them waits for the network.
const STOP_LIMIT: Duration = Duration::from_millis(500);
/// The longest wait for the disk, when the client ends.
const SPOOL_LIMIT: Duration = Duration::from_secs(1);
/// How often to look whether work for the disk has ended, when the client ends.
const WORK_POLL: Duration = Duration::from_millis(5);
/// An assignment that was under way in this many crashes of the evaluation actor is given up.
const MAX_ASSIGNMENT_CRASHES: u32 = 3;

/// What the supervisor is told.
///
/// At most `15 + 2 * MAX_CALLERS` wait: one `Nudge`, as the queue asks once until it is drained (two across a drain); one
/// `ForEvaluation`, and one of `Applied` and `NoValuesPublished`, as the spec sync actor runs one round at a time (two each
/// across a crash); the same for `PublishIdLists` and `IdListsPublished`; one `Restart` for each child; one `ClosedDown`; one
/// `DeadlinePassed`; and a `Flush` or `Refresh` for each caller that may wait, and one `Shutdown`.
#[derive(Debug)]
pub(super) enum SupervisorMsg {
    Nudge,
    Flush(RpcReplyPort<EventStats>),
    Refresh(RpcReplyPort<Result<(), SyncError>>),
    /// From spec sync to evaluation.
    ForEvaluation(Assignment),
    /// From evaluation to spec sync.
    Applied {
        fingerprint: u64,
        outcome: Result<Applied, SyncError>,
    },
    NoValuesPublished,
    /// From ID list sync to evaluation. After a crash of the latter, the former syncs again.
    PublishIdLists(Arc<IdLists>),
    /// From evaluation to ID list sync.
    IdListsPublished,
    Restart(Role),
    Shutdown {
        limit: Duration,
        reply: RpcReplyPort<ShutdownReport>,
    },
    /// The exposure actor has sent everything.
    ClosedDown,
    DeadlinePassed,
    #[cfg(any(test, feature = "testing"))]
    Disturb(ActorName, Disturbance),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    SpecSync,
    IdListSync,
    Evaluation,
    Exposure,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::SpecSync => "spec sync",
            Self::IdListSync => "ID list sync",
            Self::Evaluation => "evaluation",
            Self::Exposure => "exposure",
        }
    }
}

pub(super) struct SupervisorActor;

pub(super) struct State {
    /// Tells whether this actor exists.
    _life: Arc<Life>,
    /// Records how the start goes.
    _record: AbortOnDrop,
    tree: Arc<Tree>,
    spec_sync: Child<SpecSyncMsg>,
    id_list_sync: Child<IdListSyncMsg>,
    evaluation: Child<EvaluationMsg>,
    exposure: Child<ExposureMsg>,
    /// What the evaluation actor has not answered yet, and how many of its crashes that has seen.
    assignment: Option<(Assignment, u32)>,
    /// Flushes that came while there was no exposure actor; at most [`MAX_CALLERS`].
    held_flushes: Vec<RpcReplyPort<EventStats>>,
    shutdown: Option<Shutdown>,
    /// Whether the event logging adapter was told that the client ends.
    is_adapter_ended: bool,
}

struct Shutdown {
    reply: RpcReplyPort<ShutdownReport>,
    _deadline: AbortOnDrop,
}

/// A place for an actor: the one that lives there now, if one does.
struct Child<M> {
    actor: Option<ActorRef<M>>,
    crashes: CrashRecord,
    restart: Option<AbortOnDrop>,
}

impl<M: Message> Child<M> {
    fn new() -> Self {
        Self {
            actor: None,
            crashes: CrashRecord::default(),
            restart: None,
        }
    }

    fn is(&self, id: ActorId) -> bool {
        self.actor
            .as_ref()
            .is_some_and(|actor| actor.get_id() == id)
    }

    /// The message comes back if nobody is there to take it.
    fn cast(&self, message: M) -> Option<M> {
        let Some(actor) = &self.actor else {
            return Some(message);
        };
        match actor.cast(message) {
            Err(MessagingErr::SendErr(message)) => Some(message),
            Ok(()) | Err(MessagingErr::ChannelClosed | MessagingErr::InvalidActorType) => None,
        }
    }

    /// Ends the actor for good, by force when it does not end within the limit.
    async fn stop(&mut self, limit: Duration) {
        self.restart = None;
        if let Some(actor) = self.actor.take() {
            actor.stop(None);
            if actor.wait(Some(limit)).await.is_err() {
                actor.kill();
            }
        }
    }
}

impl Actor for SupervisorActor {
    type Msg = SupervisorMsg;
    type State = State;
    type Arguments = (Arc<Tree>, Arc<Life>);

    async fn pre_start(
        &self,
        me: ActorRef<SupervisorMsg>,
        (tree, life): Self::Arguments,
    ) -> Result<State, ActorProcessingErr> {
        let record = tokio::spawn(Arc::clone(&tree).keep_record());
        let mut state = State {
            _life: life,
            _record: AbortOnDrop::new(&record),
            tree,
            spec_sync: Child::new(),
            id_list_sync: Child::new(),
            evaluation: Child::new(),
            exposure: Child::new(),
            assignment: None,
            held_flushes: Vec::new(),
            shutdown: None,
            is_adapter_ended: false,
        };
        state.tree.reporting.start();
        for role in [
            Role::Evaluation,
            Role::Exposure,
            Role::SpecSync,
            Role::IdListSync,
        ] {
            state.start(&me, role).await?;
        }
        Ok(state)
    }

    async fn handle(
        &self,
        me: ActorRef<SupervisorMsg>,
        message: SupervisorMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            SupervisorMsg::Nudge => drop(state.exposure.cast(ExposureMsg::Nudge)),
            SupervisorMsg::Flush(reply) => state.forward_flush(reply),
            SupervisorMsg::Refresh(reply) => {
                // If it comes back the actor is gone, and dropping the reply tells the caller.
                drop(state.spec_sync.cast(SpecSyncMsg::Refresh(reply)));
            }
            SupervisorMsg::ForEvaluation(assignment) => {
                state.assignment = Some((assignment.clone(), 0));
                drop(state.evaluation.cast(EvaluationMsg::Assign(assignment)));
            }
            SupervisorMsg::Applied {
                fingerprint,
                outcome,
            } => state.end_assignment(fingerprint, outcome),
            SupervisorMsg::NoValuesPublished => state.assignment = None,
            SupervisorMsg::PublishIdLists(lists) => {
                drop(state.evaluation.cast(EvaluationMsg::PublishIdLists(lists)));
            }
            SupervisorMsg::IdListsPublished => {
                drop(state.id_list_sync.cast(IdListSyncMsg::Published));
            }
            SupervisorMsg::Restart(role) => state.restart(&me, role).await,
            SupervisorMsg::Shutdown { limit, reply } => {
                state.begin_shutdown(&me, limit, reply).await;
            }
            SupervisorMsg::ClosedDown => state.finish_shutdown(&me, false).await,
            SupervisorMsg::DeadlinePassed => state.finish_shutdown(&me, true).await,
            #[cfg(any(test, feature = "testing"))]
            SupervisorMsg::Disturb(whom, what) => state.disturb(whom, what).await?,
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<SupervisorMsg>,
        event: SupervisionEvent,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(who, error) => {
                state.child_ended(&me, who.get_id(), &error.to_string());
            }
            SupervisionEvent::ActorTerminated(who, _, reason) => {
                state.child_ended(&me, who.get_id(), reason.as_deref().unwrap_or("stopped"));
            }
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        Ok(())
    }

    /// When a parent ends its children are killed in the middle of what they do; so they are ended here, in order.
    async fn post_stop(
        &self,
        _: ActorRef<SupervisorMsg>,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        state.tree.shared.close();
        state.spec_sync.stop(STOP_LIMIT).await;
        state.id_list_sync.stop(STOP_LIMIT).await;
        for adapter in state.tree.specs.adapters() {
            guarded("`on_stop` of the specs adapter", || adapter.on_stop());
        }
        state.evaluation.stop(STOP_LIMIT).await;
        state.end_events().await;
        state.tree.reporting.finish(STOP_LIMIT).await;
        Ok(())
    }
}

impl State {
    async fn start(&mut self, me: &ActorRef<SupervisorMsg>, role: Role) -> Result<(), SpawnErr> {
        let arguments = (Arc::clone(&self.tree), me.clone());
        let parent = me.get_cell();
        match role {
            Role::SpecSync => {
                let (actor, _) =
                    Actor::spawn_linked(None, SpecSyncActor, arguments, parent).await?;
                self.spec_sync.actor = Some(actor);
            }
            Role::IdListSync => {
                if let Some(source) = self.tree.usable_id_lists() {
                    let (tree, me) = arguments;
                    let arguments = (tree, me, source.clone());
                    let (actor, _) =
                        Actor::spawn_linked(None, IdListSyncActor, arguments, parent).await?;
                    self.id_list_sync.actor = Some(actor);
                }
            }
            Role::Evaluation => {
                let (actor, _) =
                    Actor::spawn_linked(None, EvaluationActor, arguments, parent).await?;
                self.evaluation.actor = Some(actor);
                if let Some((assignment, _)) = &self.assignment {
                    let repeated = EvaluationMsg::Assign(assignment.clone());
                    drop(self.evaluation.cast(repeated));
                }
            }
            Role::Exposure => {
                let (actor, _) =
                    Actor::spawn_linked(None, ExposureActor, arguments, parent).await?;
                self.exposure.actor = Some(actor);
                for reply in std::mem::take(&mut self.held_flushes) {
                    self.forward_flush(reply);
                }
                if self.shutdown.is_some() {
                    drop(self.exposure.cast(ExposureMsg::CloseDown));
                }
            }
        }
        Ok(())
    }

    async fn restart(&mut self, me: &ActorRef<SupervisorMsg>, role: Role) {
        if let Err(error) = self.start(me, role).await {
            self.plan_restart(me, role, &error.to_string());
        } else {
            self.tree.count_restart();
        }
    }

    fn child_ended(&mut self, me: &ActorRef<SupervisorMsg>, who: ActorId, why: &str) {
        // One that was ended on purpose lives nowhere any more, and is not found.
        if self.spec_sync.is(who) {
            self.spec_sync.actor = None;
            self.plan_restart(me, Role::SpecSync, why);
        } else if self.id_list_sync.is(who) {
            self.id_list_sync.actor = None;
            self.plan_restart(me, Role::IdListSync, why);
        } else if self.evaluation.is(who) {
            self.evaluation.actor = None;
            self.count_assignment_crash();
            self.plan_restart(me, Role::Evaluation, why);
        } else if self.exposure.is(who) {
            self.exposure.actor = None;
            self.plan_restart(me, Role::Exposure, why);
        }
    }

    fn plan_restart(&mut self, me: &ActorRef<SupervisorMsg>, role: Role, why: &str) {
        let now = tokio::time::Instant::now().into_std();
        let (crashes, restart) = match role {
            Role::SpecSync => (&mut self.spec_sync.crashes, &mut self.spec_sync.restart),
            Role::IdListSync => (
                &mut self.id_list_sync.crashes,
                &mut self.id_list_sync.restart,
            ),
            Role::Evaluation => (&mut self.evaluation.crashes, &mut self.evaluation.restart),
            Role::Exposure => (&mut self.exposure.crashes, &mut self.exposure.restart),
        };
        let pause = crashes.crashed(now, fastrand::f64());
        tracing::error!(
            target: targets::SUPERVISOR,
            actor = ?role,
            why,
            ?pause,
            "an actor ended and will be started again"
        );
        self.tree.shared.note(Fact::ActorCrashed {
            actor: role.name(),
            why: why.to_owned(),
        });
        *restart = Some(cast_after(me, pause, SupervisorMsg::Restart(role)));
    }

    /// An assignment that keeps crashing its actor is given up, and counts as failed.
    fn count_assignment_crash(&mut self) {
        let Some((assignment, crashes)) = &mut self.assignment else {
            return;
        };
        *crashes += 1;
        if *crashes < MAX_ASSIGNMENT_CRASHES {
            return;
        }
        match *assignment {
            Assignment::Apply { fingerprint, .. } => {
                self.end_assignment(fingerprint, Err(SyncError::Interrupted));
            }
            Assignment::NoValues { .. } => self.assignment = None,
        }
    }

    fn end_assignment(&mut self, fingerprint: u64, outcome: Result<Applied, SyncError>) {
        self.assignment = None;
        drop(self.spec_sync.cast(SpecSyncMsg::Applied {
            fingerprint,
            outcome,
        }));
    }

    fn forward_flush(&mut self, reply: RpcReplyPort<EventStats>) {
        if let Some(ExposureMsg::Flush(reply)) = self.exposure.cast(ExposureMsg::Flush(reply)) {
            self.held_flushes.retain(|caller| !caller.is_closed());
            if self.held_flushes.len() < MAX_CALLERS {
                self.held_flushes.push(reply);
            }
        }
    }

    async fn begin_shutdown(
        &mut self,
        me: &ActorRef<SupervisorMsg>,
        limit: Duration,
        reply: RpcReplyPort<ShutdownReport>,
    ) {
        self.tree.shared.close();
        self.shutdown = Some(Shutdown {
            reply,
            _deadline: cast_after(me, limit, SupervisorMsg::DeadlinePassed),
        });
        self.spec_sync.stop(STOP_LIMIT.min(limit / 4)).await;
        self.id_list_sync.stop(STOP_LIMIT.min(limit / 4)).await;
        self.evaluation.stop(STOP_LIMIT.min(limit / 4)).await;
        // If it comes back there is no exposure actor; the next one is told when it starts.
        drop(self.exposure.cast(ExposureMsg::CloseDown));
    }

    async fn finish_shutdown(&mut self, me: &ActorRef<SupervisorMsg>, timed_out: bool) {
        let Some(shutdown) = self.shutdown.take() else {
            return;
        };
        self.end_events().await;
        let report = self.tree.report.get_or_init(|| ShutdownReport {
            stats: self.tree.shared.events.counters.stats(),
            timed_out,
        });
        // Refused only when the caller has stopped waiting.
        let _ = shutdown.reply.send(*report);
        me.stop(None);
    }

    /// Ends everything that sends events. What is left goes to disk, if there is a spool. To be called again without effect.
    async fn end_events(&mut self) {
        self.exposure.stop(STOP_LIMIT).await;
        self.tree.posts.abort_all(STOP_LIMIT).await;
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
                tracing::error!(target: targets::EVENTS, "the disk is too slow: events may not have been kept");
            }
        }
        if !std::mem::replace(&mut self.is_adapter_ended, true) {
            let adapter = &self.tree.events;
            let what = "`shutdown` of the event logging adapter";
            let ended = guarded_async(what, || adapter.shutdown());
            // An adapter that does not end in time is left alone.
            let _ = tokio::time::timeout(STOP_LIMIT, ended).await;
        }
        self.tree.report_last_drops(STOP_LIMIT).await;
    }

    #[cfg(any(test, feature = "testing"))]
    async fn disturb(&self, whom: ActorName, what: Disturbance) -> Result<(), ActorProcessingErr> {
        match whom {
            ActorName::Supervisor => return what.happen().await,
            ActorName::SpecSync => drop(self.spec_sync.cast(SpecSyncMsg::Disturb(what))),
            ActorName::IdListSync => drop(self.id_list_sync.cast(IdListSyncMsg::Disturb(what))),
            ActorName::Evaluation => drop(self.evaluation.cast(EvaluationMsg::Disturb(what))),
            ActorName::Exposure => drop(self.exposure.cast(ExposureMsg::Disturb(what))),
        }
        Ok(())
    }
}
