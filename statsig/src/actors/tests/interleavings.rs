//! The books balance, whatever happens in whatever order.

use std::sync::Mutex;

use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep_until};

use super::*;
use crate::counters::DropReason;
use crate::events::event::{Exposure, ExposureSubject, SamplingInputs, SecondaryExposures};
use crate::results::{EvaluationDetails, Reason, SpecsSource};
use crate::user::StatsigUser;

// Limits in bytes that large events reach.
const KIB: u64 = 1024;
const EVENT_BYTES: u64 = 16 * KIB;
const BATCH_BYTES: u64 = 32 * KIB;
const QUEUE_BYTES: u64 = 64 * KIB;
const PENDING_BYTES: u64 = 64 * KIB;

/// Where the events of the spool are; what the options name is a link to it.
const DISK: &str = "disk";

/// What may happen next.
#[derive(Debug, Clone)]
enum Step {
    Record(usize),
    /// Exposures, of which the service wants one in three.
    Expose(usize),
    /// An event of so many KiB: some are larger than an event may be.
    RecordLarge(usize),
    /// Events of a fork of the process.
    RecordInFork(u64),
    Suppress,
    Answer(Fault),
    Recover,
    Crash(ActorName),
    Stall(ActorName, u64),
    Flush,
    FlushWithin(u64),
    /// A flush that nobody waits for.
    AbandonedFlush,
    /// The directory of the spool, if there is one, cannot be reached.
    LoseDisk,
    RepairDisk,
    Pass(u64),
}

/// How a life ends.
#[derive(Debug, Clone, Copy)]
enum How {
    Shutdown,
    /// The runtime ends in the middle of everything.
    LostRuntime,
    /// The last handle is dropped, and the runtime lives on for the limit.
    DroppedHandle,
}

/// The end of a life.
#[derive(Debug, Clone)]
struct Ending {
    how: How,
    limit: Duration,
    /// What happens meanwhile.
    /// One after the other, with pauses in milliseconds before each.
    steps: Vec<(u64, Step)>,
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    Status(u16),
    Refused,
    Hang,
    Slow,
}

impl Fault {
    fn answer(self) -> Answer {
        match self {
            Self::Status(status) => Answer::status(status),
            Self::Refused => Answer::refuse_connection(),
            Self::Hang => Answer::hang(),
            Self::Slow => Answer::response(202, "").after(secs(4)),
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let actor = prop_oneof![
        Just(ActorName::Exposure),
        Just(ActorName::Evaluation),
        Just(ActorName::SpecSync)
    ];
    let fault = prop_oneof![
        prop::sample::select(vec![400, 401, 403, 413, 429, 500, 503]).prop_map(Fault::Status),
        Just(Fault::Refused),
        Just(Fault::Hang),
        Just(Fault::Slow),
    ];
    prop_oneof![
        6 => (1..60_usize).prop_map(Step::Record),
        3 => (1..30_usize).prop_map(Step::Expose),
        2 => (1..20_usize).prop_map(Step::RecordLarge),
        1 => (1..5_u64).prop_map(Step::RecordInFork),
        1 => Just(Step::Suppress),
        4 => fault.prop_map(Step::Answer),
        2 => Just(Step::Recover),
        2 => actor.clone().prop_map(Step::Crash),
        1 => (actor, 1..5_u64).prop_map(|(actor, time)| Step::Stall(actor, time)),
        2 => Just(Step::Flush),
        2 => (0..3_000_u64).prop_map(Step::FlushWithin),
        1 => Just(Step::AbandonedFlush),
        1 => Just(Step::LoseDisk),
        1 => Just(Step::RepairDisk),
        5 => (1..20_000_u64).prop_map(Step::Pass),
    ]
}

fn ending() -> impl Strategy<Value = Ending> {
    let how = prop_oneof![
        3 => Just(How::Shutdown),
        2 => Just(How::LostRuntime),
        2 => Just(How::DroppedHandle),
    ];
    let steps = prop::collection::vec((0..1_000_u64, step()), 0..6);
    (how, 0..6_000_u64, steps).prop_map(|(how, limit, steps)| Ending {
        how,
        limit: Duration::from_millis(limit),
        steps,
    })
}

fn exposure(number: u64) -> Exposure {
    Exposure {
        user: StatsigUser::with_user_id("a-user"),
        name: "a_gate".into(),
        rule_id: "a_rule".into(),
        subject: ExposureSubject::Gate { value: true },
        details: EvaluationDetails::without_specs(Reason::NoSpecs(SpecsSource::NoValues)),
        secondary: SecondaryExposures::Empty,
        is_manual: false,
        override_config_name: None,
        sampling: SamplingInputs {
            rate: Some(3),
            key_hash: number,
            ..SamplingInputs::default()
        },
        time_ms: 0,
    }
}

/// Specs that turn sampling on.
fn sampling_specs() -> String {
    let mut specs: Value = serde_json::from_str(&specs(1)).unwrap();
    specs["sdk_configs"] = json!({"sampling_mode": "on"});
    specs.to_string()
}

impl Lab {
    async fn take(&self, step: Step) {
        match step {
            Step::Record(events) => self.record(events),
            Step::Expose(exposures) => {
                for number in 0..exposures {
                    let event = QueuedEvent::Exposure(exposure(number as u64));
                    if self.shared.events.record(event) {
                        self.handle.nudge();
                    }
                }
            }
            Step::RecordLarge(kib) => self.record_large(kib),
            Step::RecordInFork(events) => {
                self.shared.events.counters.add_enqueued(events);
                self.shared.events.lose(DropReason::Forked, events);
            }
            Step::Suppress => self.shared.events.non_exposed.add(7, || "a_gate".into()),
            Step::Answer(fault) => self.network.next(Endpoint::Events, fault.answer()),
            Step::Recover => self.network.recover(Endpoint::Events),
            Step::Crash(actor) => self.crash(actor),
            Step::Stall(actor, time) => self.stall(actor, secs(time)),
            Step::Flush => {
                if let Ok(stats) = self.handle.flush().await {
                    assert_balanced(&stats);
                }
            }
            Step::FlushWithin(milliseconds) => {
                let limit = Duration::from_millis(milliseconds);
                if let Ok(report) = self.handle.flush_within(limit).await {
                    assert_balanced(&report.stats);
                }
            }
            Step::AbandonedFlush => {
                let handle = self.handle.clone();
                drop(tokio::time::timeout(secs(1), handle.flush()).await);
            }
            Step::LoseDisk => self.link_spool("nowhere"),
            Step::RepairDisk => self.link_spool(DISK),
            Step::Pass(milliseconds) => sleep(Duration::from_millis(milliseconds)).await,
        }
    }

    fn record_large(&self, kib: usize) {
        // Text that compression cannot make much of.
        let noise = std::iter::repeat_with(fastrand::alphanumeric);
        let event = OtherEvent {
            name: noise.take(kib * 1_024).collect::<String>().into(),
            user: None,
            value: None,
            metadata: None,
            time_ms: self.shared.clock.now_ms(),
        };
        if self
            .shared
            .events
            .record(QueuedEvent::Other(Box::new(event)))
        {
            self.handle.nudge();
        }
    }

    fn link_spool(&self, to: &str) {
        #[cfg(all(unix, feature = "spool"))]
        if let Some(spool) = &self.shared.options.event_spool {
            link(&spool.directory, to);
        }
        #[cfg(not(all(unix, feature = "spool")))]
        let _ = to;
    }

    /// That the service has what the books say was delivered, and that nothing takes more bytes
    /// than it may.
    fn check(&self) {
        let stats = self.stats();
        // Events whose acceptance was noted here and not there yet are being counted right now.
        assert!(self.network.events().len() as u64 >= stats.delivered);
        let load = self.shared.events.outbox().load();
        assert!(self.shared.events.queue.bytes() <= QUEUE_BYTES);
        // Two batches, one that came back from sealing, and what a flush took in.
        assert!(load.unsealed_bytes <= 3 * BATCH_BYTES + QUEUE_BYTES + EVENT_BYTES);
        assert!(load.waiting_bytes <= PENDING_BYTES || load.waiting_batches == 1);
    }

    async fn live_through(&self, steps: Vec<Step>) {
        for step in steps {
            self.take(step).await;
            // Sampled when no task is in the middle of something.
            self.settle().await;
            self.check();
        }
    }

    async fn live_with_pauses(&self, steps: Vec<(u64, Step)>) {
        for (pause, step) in steps {
            sleep(Duration::from_millis(pause)).await;
            self.take(step).await;
        }
    }

    async fn shut_down(&self, ending: Ending) {
        let meanwhile = self.live_with_pauses(ending.steps);
        let (report, ()) = tokio::join!(self.handle.shutdown(ending.limit), meanwhile);
        let before = self.stats();
        self.record(2);
        let stats = self.stats();
        assert_eq!(
            stats.dropped.after_shutdown,
            before.dropped.after_shutdown + 2
        );
        assert_eq!(stats.delivered, report.stats.delivered);
        if !report.timed_out {
            assert_eq!(stats.pending, 0);
        }
    }

    /// Lets go of the last handle, in a runtime that lives on for so long.
    async fn let_go(self, time: Duration) {
        let Self { shared, handle, .. } = self;
        drop(handle);
        sleep(time).await;
        assert_balanced(&shared.events.counters.stats());
        if time > secs(5) {
            // The budget is spent, and so is what actors that are stuck get beyond it.
            sleep(secs(20)).await;
            assert_eq!(shared.events.outbox().load().in_flight, 0);
        }
    }
}

/// From a start to an end.
#[derive(Debug, Clone)]
struct Life {
    steps: Vec<Step>,
    ending: Ending,
}

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let steps = prop::collection::vec(step(), 1..30);
    let life = (steps, ending()).prop_map(|(steps, ending)| Life { steps, ending });
    prop::collection::vec(life, 1..4)
}

/// Runs the lives of a client in order, each on its own runtime, and checks the counts after each.
/// At the end the client is dropped, and every recorded event is accounted for.
fn live(
    lives: Vec<Life>,
    set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
    look: impl Fn(&Shared),
) {
    let reported = Arc::new(Mutex::new(0));
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(sampling_specs());
    let shared = new_shared(&network, |options| {
        let reported = Arc::clone(&reported);
        set(options)
            .event_max_bytes(EVENT_BYTES)
            .event_batch_max_bytes(BATCH_BYTES)
            .event_queue_max_bytes(QUEUE_BYTES)
            .event_pending_max_bytes(PENDING_BYTES)
            .on_events_dropped(move |dropped| *reported.lock().unwrap() += dropped.total())
    });
    let mut now = None;
    // The service may have taken what nobody was left to take note of.
    let mut may_be_doubled = false;
    for Life { steps, ending } in lives {
        may_be_doubled |= !matches!(ending.how, How::Shutdown);
        let runtime = runtime();
        let is_first = now.is_none();
        let (ended_at, kept) = runtime.block_on(async {
            if let Some(now) = now {
                // The clock continues from the end of the previous runtime.
                sleep_until(now).await;
            }
            let lab = Lab {
                network: Arc::clone(&network),
                shared: Arc::clone(&shared),
                handle: Arc::new(start(Arc::clone(&shared)).await.unwrap()),
            };
            if is_first {
                lab.handle.first_sync().await.unwrap();
            }
            lab.live_through(steps).await;
            let kept = match ending.how {
                How::Shutdown => {
                    lab.shut_down(ending).await;
                    None
                }
                How::LostRuntime => {
                    lab.live_with_pauses(ending.steps).await;
                    Some(lab)
                }
                How::DroppedHandle => {
                    lab.let_go(ending.limit).await;
                    None
                }
            };
            (Instant::now(), kept)
        });
        now = Some(ended_at);
        drop(runtime);
        drop(kept);
        let stats = shared.events.counters.stats();
        assert_balanced(&stats);
        let delivered = network.events().len() as u64;
        assert!(delivered == stats.delivered || (may_be_doubled && delivered > stats.delivered));
        look(&shared);
    }
    let stats = shared.events.counters.stats();
    drop(Arc::into_inner(shared).unwrap());
    assert_eq!(
        *reported.lock().unwrap(),
        stats.dropped.total() + stats.pending
    );
}

/// A runtime whose time passes at once.
fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
}

/// Makes the path a link to this name beside it, at once.
#[cfg(all(unix, feature = "spool"))]
fn link(path: &std::path::Path, to: &str) {
    let new = path.with_extension("new");
    std::os::unix::fs::symlink(to, &new).unwrap();
    std::fs::rename(new, path).unwrap();
}

/// Fewer than usual, as a case lives through minutes; `PROPTEST_CASES` sets another number.
fn config() -> ProptestConfig {
    let set = std::env::var_os("PROPTEST_CASES").is_some();
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: if set { default.cases } else { 60 },
        ..default
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_books_balance_in_every_interleaving(lives in lives()) {
        live(lives, |options| options, |_| ());
    }

    #[cfg(all(unix, feature = "spool"))]
    #[test]
    fn the_books_balance_with_a_spool_too(lives in lives()) {
        let directory = tempfile::tempdir().unwrap();
        let disk = directory.path().join(DISK);
        std::fs::create_dir(&disk).unwrap();
        let spool = directory.path().join("spool");
        link(&spool, DISK);
        let look = |shared: &Shared| {
            let stats = shared.events.counters.stats();
            let not_found_again = stats.left_on_disk - stats.recovered;
            let on_disk = spooling::events_on_disk(&disk);
            assert_eq!(on_disk, stats.spooled + not_found_again);
        };
        live(lives, |options| options.event_spool(&spool), look);
    }
}
