//! The exposure actor: drains the queue, has batches sealed and posted, and rolls the dedupe
//! window.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::abort_on_drop::AbortOnDrop;
use super::actor::{Actor, Address, StartError};
use super::drops;
use super::messages::ExposureMessage;
use super::posting;
use super::sealing;
use super::spooling;
use super::tasks::now;
use super::tree::Tree;
use crate::counters::{DropReason, EventStats};
use crate::events::event::QueuedEvent;
use crate::events::outbox::Room;
use crate::events::sampling::Sampler;

/// How often the actor reads the queue when nothing wakes it.
const TICK: Duration = Duration::from_secs(1);

pub(super) struct Exposure {
    tree: Arc<Tree>,
    me: Address<ExposureMessage>,
    sampler: Sampler,
    window_start: Instant,
    timer: AbortOnDrop,
    flushing: Vec<Flushing>,
    /// The mark of the final flush.
    closing: Option<(u64, oneshot::Sender<()>)>,
}

/// A caller that waits for a flush.
struct Flushing {
    /// Its events are numbered below this.
    mark: u64,
    has_limit: bool,
    /// `None` also after that time.
    cut_at: Option<Instant>,
    reply: oneshot::Sender<EventStats>,
}

impl Actor for Exposure {
    type Message = ExposureMessage;
    type Arguments = Arc<Tree>;

    async fn start(me: Address<ExposureMessage>, tree: Arc<Tree>) -> Result<Self, StartError> {
        Ok(Self {
            tree,
            sampler: Sampler::default(),
            window_start: now(),
            // At once: after a crash the queue may be full, and its nudge lost.
            timer: me.cast_after(Duration::ZERO, ExposureMessage::Look),
            me,
            flushing: Vec::new(),
            closing: None,
        })
    }

    async fn handle(&mut self, message: ExposureMessage) {
        match message {
            ExposureMessage::Look => {}
            ExposureMessage::Flush { cut_at, reply } => self.begin_flush(cut_at, reply),
            ExposureMessage::CloseDown(reply) => self.begin_closing(reply),
        }
        self.work();
    }
}

impl Exposure {
    fn begin_flush(&mut self, cut_at: Option<Instant>, reply: oneshot::Sender<EventStats>) {
        // One that has run out of time is kept until its events are on disk.
        self.flushing
            .retain(|flush| flush.cut_at.is_some() || !flush.reply.is_closed());
        self.take_everything();
        let mark = self.tree.shared.events.outbox().flush(now());
        self.flushing.push(Flushing {
            mark,
            has_limit: cut_at.is_some(),
            cut_at,
            reply,
        });
    }

    /// Interrupts the posts that flushes have no time left for, so that their events go to disk.
    fn cut_flushes_short(&mut self) {
        let now = now();
        let due = self.flushing.iter_mut().filter_map(|flush| {
            flush.cut_at.take_if(|at| *at <= now)?;
            Some(flush.mark)
        });
        if let Some(mark) = due.max()
            && self.tree.shared.events.outbox().cut_flush_short(mark, now)
        {
            self.tree.posts.interrupt(mark);
        }
    }

    fn begin_closing(&mut self, reply: oneshot::Sender<()>) {
        self.take_everything();
        let mark = self.tree.shared.events.outbox().close(now());
        self.closing = Some((mark, reply));
    }

    fn work(&mut self) {
        self.roll_dedupe_window();
        self.cut_flushes_short();
        let shared = Arc::clone(&self.tree.shared);
        let pipe = &shared.events;
        // Before the queue is drained, so that no nudge is missed.
        pipe.queue.rearm();
        if self.closing.is_some() && pipe.queue.len() > 0 {
            // More than could be taken at once.
            self.take_everything();
            let later = pipe.outbox().flush(now());
            if let Some((mark, _)) = &mut self.closing {
                *mark = later;
            }
        } else if pipe.outbox().is_flush_due(now()) {
            self.take_everything();
            pipe.outbox().seal_all(now());
        } else {
            let room = pipe.outbox().room();
            self.drain(room);
        }
        // Each binding ends the lock on the outbox.
        let unsealed = pipe.outbox().start_sealing(now());
        if let Some(unsealed) = unsealed {
            sealing::start(&shared, &self.me, unsealed);
        }
        let next = || pipe.outbox().start_post(now());
        while let Some(batch) = next() {
            posting::start(&self.tree, &self.me, batch);
        }
        let job = pipe.outbox().start_spool_job(now());
        if let Some(job) = job {
            spooling::start(&self.tree, &self.me, job);
        }
        drops::report(&shared);
        self.answer_flushed();
        self.timer = self.me.cast_after(self.pause(), ExposureMessage::Look);
    }

    /// Takes what the queue holds now, although there is no room for it otherwise, and the counts
    /// of suppressed exposures.
    fn take_everything(&mut self) {
        let shared = Arc::clone(&self.tree.shared);
        let pipe = &shared.events;
        let room = pipe.outbox().room_for_flush();
        let queued = pipe.queue.len() as u64;
        self.drain(Room {
            events: room.events.min(queued),
            ..room
        });
        if let Some(checks) = pipe.non_exposed.take(shared.clock.now_ms()) {
            pipe.counters.add_enqueued(1);
            self.take([QueuedEvent::Other(Box::new(checks))]);
        }
    }

    fn drain(&mut self, mut room: Room) {
        let shared = Arc::clone(&self.tree.shared);
        self.take(std::iter::from_fn(|| {
            if room.events == 0 || room.bytes == 0 {
                return None;
            }
            let event = shared.events.queue.pop()?;
            room.events -= 1;
            room.bytes = room.bytes.saturating_sub(event.bytes());
            Some(event)
        }));
    }

    /// Moves events into the outbox, and counts those that are sampled out or discarded.
    fn take(&mut self, events: impl IntoIterator<Item = QueuedEvent>) {
        let shared = &self.tree.shared;
        let pipe = &shared.events;
        let events = events.into_iter();
        if shared.options.discards_events() {
            let discarded = events.count() as u64;
            if discarded > 0 {
                let reason = DropReason::NetworkDisabled;
                pipe.counters.add_dropped(reason, discarded);
            }
            return;
        }
        let sampling = shared.published.load().settings.sampling;
        let now_ms = shared.clock.now_ms();
        let mut kept = Vec::new();
        let mut sampled_out = 0;
        for event in events {
            match self.sampler.batched(event, sampling, now_ms) {
                Some(event) => kept.push(event),
                None => sampled_out += 1,
            }
        }
        if sampled_out > 0 {
            pipe.counters.add_sampled_out(sampled_out);
        }
        let mut outbox = pipe.outbox();
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
        let done: Vec<_> = self
            .flushing
            .extract_if(.., |flush| {
                if flush.has_limit {
                    outbox.is_flushed_except_overdue(flush.mark, now)
                } else {
                    outbox.is_flushed(flush.mark, now)
                }
            })
            .collect();
        let is_closed =
            |(mark, _): &mut _| shared.events.queue.len() == 0 && outbox.is_flushed(*mark, now);
        let closed = self.closing.take_if(is_closed);
        drop(outbox);
        // Replies are refused only when the caller has stopped waiting.
        for flush in done {
            let _ = flush.reply.send(shared.events.counters.stats());
        }
        if let Some((_, reply)) = closed {
            let _ = reply.send(());
        }
    }

    /// The time until the next check: a tick, or less if a held batch may be sent earlier or a
    /// flush runs out of time.
    fn pause(&self) -> Duration {
        let held_until = self.tree.shared.events.outbox().held_until();
        let cuts = self.flushing.iter().filter_map(|flush| flush.cut_at);
        cuts.chain(held_until)
            .map(|until| until.saturating_duration_since(now()))
            .filter(|pause| !pause.is_zero())
            .fold(TICK, Duration::min)
    }
}
