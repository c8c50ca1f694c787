//! The exposure actor: drains the queue, has batches sealed and posted, and rolls the dedupe window.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

#[cfg(any(test, feature = "testing"))]
use super::disturbance::Disturbance;
use super::posting::{self, now};
use super::spooling;
use super::supervisor::SupervisorMsg;
use super::timer::{AbortOnDrop, cast_after};
use super::tree::Tree;
use crate::counters::{DropReason, EventStats};
use crate::events::event::QueuedEvent;
use crate::events::outbox::Room;
use crate::events::sampling::Sampler;

/// How often the actor looks at the queue when nothing wakes it.
const TICK: Duration = Duration::from_secs(1);

/// What the exposure actor is told. Every message makes it look at the queue and the outbox.
///
/// At most `6 + MAX_CONCURRENT_POSTS + MAX_CALLERS` wait: one `Tick`, as its timer is armed again only after the work; one `Nudge`,
/// as the queue asks once until it is drained (two across a drain); one `Sealed`, as one batch is sealed at a time; one
/// `Spooled`, as there is one job of the spool at a time; a `Posted` for each post that the options allow at once; one
/// `CloseDown`; and a `Flush` for each caller that may wait.
#[derive(Debug)]
pub(super) enum ExposureMsg {
    Tick,
    /// The queue reached its high-water mark.
    Nudge,
    Sealed,
    Posted,
    /// A job of the spool has ended.
    Spooled,
    Flush(RpcReplyPort<EventStats>),
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
    flushing: Vec<(u64, RpcReplyPort<EventStats>)>,
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
            // At once: after a crash the queue may be full, and its nudge lost.
            timer: Some(cast_after(&me, Duration::ZERO, ExposureMsg::Tick)),
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
            ExposureMsg::Tick
            | ExposureMsg::Nudge
            | ExposureMsg::Sealed
            | ExposureMsg::Posted
            | ExposureMsg::Spooled => {}
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
    fn begin_flush(&mut self, reply: RpcReplyPort<EventStats>) {
        self.flushing.retain(|(_, caller)| !caller.is_closed());
        self.take_everything();
        let mark = self.tree.shared.events.outbox().flush(now());
        self.flushing.push((mark, reply));
    }

    fn begin_closing(&mut self) {
        self.take_everything();
        self.closing = Some(self.tree.shared.events.outbox().close(now()));
    }

    fn work(&mut self, me: &ActorRef<ExposureMsg>) {
        self.roll_dedupe_window();
        let shared = Arc::clone(&self.tree.shared);
        // Before the queue is drained, so that no nudge is missed.
        shared.events.queue.rearm();
        if self.closing.is_some() && shared.events.queue.len() > 0 {
            // More than could be taken at once.
            self.take_everything();
            self.closing = Some(shared.events.outbox().flush(now()));
        } else if shared.events.outbox().is_flush_due(now()) {
            self.take_everything();
            shared.events.outbox().seal_all(now());
        } else {
            let room = shared.events.outbox().room();
            self.drain(room);
        }
        let unsealed = shared.events.outbox().start_sealing(now());
        if let Some(unsealed) = unsealed {
            posting::start_sealing(&shared, me, unsealed);
        }
        loop {
            let batch = shared.events.outbox().start_post(now());
            match batch {
                Some(batch) => posting::start_posting(&self.tree, me, batch),
                None => break,
            }
        }
        let job = shared.events.outbox().start_spool_job(now());
        if let Some(job) = job {
            spooling::start(&self.tree, me, job);
        }
        self.tree.report_drops();
        self.answer_flushed();
        self.timer = Some(cast_after(me, self.pause(), ExposureMsg::Tick));
    }

    /// Takes what the queue holds now, although there is no room for it otherwise, and the counts of suppressed exposures.
    fn take_everything(&mut self) {
        let shared = Arc::clone(&self.tree.shared);
        let room = shared.events.outbox().room_for_flush();
        let queued = shared.events.queue.len() as u64;
        self.drain(Room {
            events: room.events.min(queued),
            ..room
        });
        if let Some(checks) = shared.events.non_exposed.take(shared.clock.now_ms()) {
            shared.events.counters.add_enqueued(1);
            self.take([QueuedEvent::Other(Box::new(checks))]);
        }
    }

    fn drain(&mut self, room: Room) {
        let shared = Arc::clone(&self.tree.shared);
        let mut left = room;
        self.take(std::iter::from_fn(|| {
            if left.events == 0 || left.bytes == 0 {
                return None;
            }
            let event = shared.events.queue.pop()?;
            left.events -= 1;
            left.bytes = left.bytes.saturating_sub(event.bytes());
            Some(event)
        }));
    }

    /// Moves the events that are to be sent into the outbox, and counts the others.
    fn take(&mut self, events: impl IntoIterator<Item = QueuedEvent>) {
        let shared = &self.tree.shared;
        let sampling = shared.published.load().settings.sampling;
        let now_ms = shared.clock.now_ms();
        let mut kept = Vec::new();
        let (mut discarded, mut sampled_out) = (0, 0);
        for event in events {
            if shared.options.discards_events() {
                discarded += 1;
                continue;
            }
            match self.sampler.batched(event, sampling, now_ms) {
                Some(event) => kept.push(event),
                None => sampled_out += 1,
            }
        }
        if discarded > 0 {
            let reason = DropReason::NetworkDisabled;
            shared.events.counters.add_dropped(reason, discarded);
        }
        if sampled_out > 0 {
            shared.events.counters.add_sampled_out(sampled_out);
        }
        let mut outbox = shared.events.outbox();
        kept.into_iter().for_each(|event| outbox.push(event));
    }

    fn roll_dedupe_window(&mut self) {
        let shared = &self.tree.shared;
        let window = Duration::from_millis(shared.published.load().settings.dedupe_ttl_ms);
        let now = now();
        if now.saturating_duration_since(self.window_start) >= window {
            shared.events.dedupe.start_window();
            self.window_start = now;
        }
    }

    fn answer_flushed(&mut self) {
        let shared = &self.tree.shared;
        let (outbox, now) = (shared.events.outbox(), now());
        let (done, still_flushing): (Vec<_>, Vec<_>) = std::mem::take(&mut self.flushing)
            .into_iter()
            .partition(|(mark, _)| outbox.is_flushed(*mark, now));
        let is_closed = self
            .closing
            .is_some_and(|mark| shared.events.queue.len() == 0 && outbox.is_flushed(mark, now));
        drop(outbox);
        self.flushing = still_flushing;
        for (_, caller) in done {
            // Refused only when the caller has stopped waiting.
            let _ = caller.send(shared.events.counters.stats());
        }
        if is_closed {
            self.closing = None;
            // Refused only when the supervisor is gone, and everything ends.
            let _ = self.supervisor.cast(SupervisorMsg::ClosedDown);
        }
    }

    /// Until the next look: a tick, or less when a held batch may go earlier.
    fn pause(&self) -> Duration {
        let held_until = self.tree.shared.events.outbox().held_until();
        held_until
            .map(|until| until.saturating_duration_since(now()))
            .filter(|pause| !pause.is_zero())
            .map_or(TICK, |pause| pause.min(TICK))
    }
}
