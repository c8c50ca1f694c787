//! The exposure actor: drains the queue, has batches sealed and posted, and rolls the dedupe window.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

#[cfg(any(test, feature = "testing"))]
use super::disturbance::Disturbance;
use super::posting;
use super::supervisor::SupervisorMsg;
use super::timer::{AbortOnDrop, cast_after};
use super::tree::Tree;
use crate::counters::{DropReason, EventAccount};
use crate::events::event::QueuedEvent;
use crate::events::sampling::{Sampled, Sampler};
use crate::events::wire::BatchedEvent;

/// How often the actor looks at the queue when nothing wakes it.
const TICK: Duration = Duration::from_secs(1);

/// What the exposure actor is told. Every message makes it look at the queue and the outbox.
///
/// At most `10 + MAX_CALLERS` wait: one `Tick`, as its timer is armed again only after the work; one `Nudge`, as the queue
/// asks once until it is drained (two across a drain); one `Sealed`, as one batch is sealed at a time; `MAX_CONCURRENT_POSTS`
/// `Posted`; one `CloseDown`; and a `Flush` for each caller that may wait.
#[derive(Debug)]
pub(super) enum ExposureMsg {
    Tick,
    /// The queue reached its high-water mark.
    Nudge,
    Sealed,
    Posted,
    Flush(RpcReplyPort<EventAccount>),
    /// Send what is left, then tell the supervisor.
    CloseDown,
    #[cfg(any(test, feature = "testing"))]
    Disturb(Disturbance),
}

pub(super) struct ExposureActor;

pub(super) struct State {
    tree: Arc<Tree>,
    supervisor: ActorRef<SupervisorMsg>,
    sampler: Sampler,
    window_start: Instant,
    timer: Option<AbortOnDrop>,
    /// Callers of `flush`, each with the mark that its events lie before.
    flushing: Vec<(u64, RpcReplyPort<EventAccount>)>,
    /// The mark of the final flush.
    closing: Option<u64>,
}

impl Actor for ExposureActor {
    type Msg = ExposureMsg;
    type State = State;
    type Arguments = (Arc<Tree>, ActorRef<SupervisorMsg>);

    async fn pre_start(
        &self,
        me: ActorRef<ExposureMsg>,
        (tree, supervisor): Self::Arguments,
    ) -> Result<State, ActorProcessingErr> {
        Ok(State {
            tree,
            supervisor,
            sampler: Sampler::default(),
            window_start: now(),
            timer: Some(cast_after(&me, TICK, ExposureMsg::Tick)),
            flushing: Vec::new(),
            closing: None,
        })
    }

    async fn handle(
        &self,
        me: ActorRef<ExposureMsg>,
        message: ExposureMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ExposureMsg::Tick | ExposureMsg::Nudge | ExposureMsg::Sealed | ExposureMsg::Posted => {}
            ExposureMsg::Flush(reply) => state.begin_flush(reply),
            ExposureMsg::CloseDown => state.begin_closing(),
            #[cfg(any(test, feature = "testing"))]
            ExposureMsg::Disturb(disturbance) => disturbance.happen().await?,
        }
        state.work(&me);
        Ok(())
    }
}

impl State {
    fn begin_flush(&mut self, reply: RpcReplyPort<EventAccount>) {
        self.flushing.retain(|(_, caller)| !caller.is_closed());
        self.take_everything();
        let mark = self.tree.shared.outbox().flush(now());
        self.flushing.push((mark, reply));
    }

    fn begin_closing(&mut self) {
        self.take_everything();
        self.closing = Some(self.tree.shared.outbox().close(now()));
    }

    fn work(&mut self, me: &ActorRef<ExposureMsg>) {
        self.roll_dedupe_window();
        let shared = Arc::clone(&self.tree.shared);
        // Before the queue is drained, so that no nudge is missed.
        shared.queue.rearm();
        if shared.outbox().is_flush_due(now()) {
            self.take_everything();
            shared.outbox().seal_all(now());
        } else {
            let room = shared.outbox().room();
            self.drain(room);
        }
        let unsealed = shared.outbox().start_sealing();
        if let Some(unsealed) = unsealed {
            posting::start_sealing(&shared, me, unsealed);
        }
        loop {
            let batch = shared.outbox().start_post(now());
            match batch {
                Some(batch) => posting::start_posting(&self.tree, me, batch),
                None => break,
            }
        }
        self.answer_flushed();
        self.timer = Some(cast_after(me, self.pause(), ExposureMsg::Tick));
    }

    /// Takes what the queue holds now, however full the outbox is, and the counts of suppressed exposures.
    fn take_everything(&mut self) {
        let shared = Arc::clone(&self.tree.shared);
        self.drain(shared.queue.len());
        if let Some(checks) = shared.non_exposed.take(shared.clock.now_ms()) {
            shared.counters.add_enqueued(1);
            self.take([QueuedEvent::Other(Box::new(checks))]);
        }
    }

    fn drain(&mut self, at_most: usize) {
        let shared = Arc::clone(&self.tree.shared);
        self.take(std::iter::from_fn(|| shared.queue.pop()).take(at_most));
    }

    /// Moves the events that are to be sent into the outbox, and counts the others.
    fn take(&mut self, events: impl IntoIterator<Item = QueuedEvent>) {
        let shared = &self.tree.shared;
        let sampling = shared.snapshot.load().settings.sampling;
        let now_ms = shared.clock.now_ms();
        let mut kept = Vec::new();
        for event in events {
            if shared.options.disable_network {
                shared.counters.add_dropped(DropReason::NetworkDisabled, 1);
                continue;
            }
            let sampled = match &event {
                QueuedEvent::Exposure(exposure) => self.sampler.decide(exposure, sampling, now_ms),
                QueuedEvent::Other(_) => Sampled::Keep(None),
            };
            match sampled {
                Sampled::Keep(sampling) => kept.push(BatchedEvent { event, sampling }),
                Sampled::LeaveOut => shared.counters.add_dropped(DropReason::SampledOut, 1),
            }
        }
        let mut outbox = shared.outbox();
        kept.into_iter().for_each(|event| outbox.push(event));
    }

    fn roll_dedupe_window(&mut self) {
        let shared = &self.tree.shared;
        let window = Duration::from_millis(shared.snapshot.load().settings.dedupe_ttl_ms);
        let now = now();
        if now.saturating_duration_since(self.window_start) >= window {
            shared.dedupe.start_window();
            self.window_start = now;
        }
    }

    fn answer_flushed(&mut self) {
        let shared = &self.tree.shared;
        let outbox = shared.outbox();
        let (done, still_flushing): (Vec<_>, Vec<_>) = std::mem::take(&mut self.flushing)
            .into_iter()
            .partition(|(mark, _)| outbox.is_flushed(*mark));
        let is_closed = self.closing.is_some_and(|mark| outbox.is_flushed(mark));
        drop(outbox);
        self.flushing = still_flushing;
        for (_, caller) in done {
            // Refused only when the caller has stopped waiting.
            let _ = caller.send(shared.counters.account());
        }
        if is_closed {
            self.closing = None;
            // Refused only when the supervisor is gone, and everything ends.
            let _ = self.supervisor.cast(SupervisorMsg::ClosedDown);
        }
    }

    /// Until the next look: a tick, or less when a held batch may go earlier.
    fn pause(&self) -> Duration {
        let held_until = self.tree.shared.outbox().held_until();
        held_until
            .map(|until| until.saturating_duration_since(now()))
            .filter(|pause| !pause.is_zero())
            .map_or(TICK, |pause| pause.min(TICK))
    }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
