//! The books balance, whatever happens in whatever order.

use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Builder;

use super::*;
use crate::events::event::{Exposure, ExposureSubject, SamplingInputs, SecondaryExposures};
use crate::results::{EvaluationDetails, Reason, SpecsSource};
use crate::user::StatsigUser;

/// Where the events of the spool are; what the options name is a link to it.
const DISK: &str = "disk";

/// What may happen next.
#[derive(Debug, Clone)]
enum Step {
    Record(usize),
    /// Exposures, of which the service wants one in three.
    Expose(usize),
    Suppress,
    Answer(Fault),
    Recover,
    Crash(ActorName),
    Stall(ActorName, u64),
    Flush,
    /// A flush that nobody waits for.
    AbandonedFlush,
    /// The directory of the spool, if there is one, cannot be reached.
    LoseDisk,
    RepairDisk,
    Pass(u64),
}

/// What happens while a shutdown is under way.
#[derive(Debug, Clone)]
struct Ending {
    limit: Duration,
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
        1 => Just(Step::Suppress),
        4 => fault.prop_map(Step::Answer),
        2 => Just(Step::Recover),
        2 => actor.clone().prop_map(Step::Crash),
        1 => (actor, 1..5_u64).prop_map(|(actor, time)| Step::Stall(actor, time)),
        2 => Just(Step::Flush),
        1 => Just(Step::AbandonedFlush),
        1 => Just(Step::LoseDisk),
        1 => Just(Step::RepairDisk),
        5 => (1..20_000_u64).prop_map(Step::Pass),
    ]
}

fn ending() -> impl Strategy<Value = Ending> {
    let steps = prop::collection::vec((0..1_000_u64, step()), 0..6);
    (0..6_000_u64, steps).prop_map(|(limit, steps)| Ending {
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
                    if self.shared.record(event) {
                        self.handle.nudge();
                    }
                }
            }
            Step::Suppress => self.shared.non_exposed.add(7, || "a_gate".into()),
            Step::Answer(fault) => self.network.next(Endpoint::Events, fault.answer()),
            Step::Recover => self.network.recover(Endpoint::Events),
            Step::Crash(actor) => self.crash(actor),
            Step::Stall(actor, time) => {
                self.handle.disturb(actor, Disturbance::Pause(secs(time)));
            }
            Step::Flush => {
                if let Ok(stats) = self.handle.flush().await {
                    assert_balanced(&stats);
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

    fn link_spool(&self, to: &str) {
        #[cfg(all(unix, feature = "spool"))]
        if let Some(spool) = &self.shared.options.event_spool {
            link(&spool.directory, to);
        }
        #[cfg(not(all(unix, feature = "spool")))]
        let _ = to;
    }

    /// That what the service has is what the books say was delivered.
    fn check_delivered(&self) {
        let stats = self.stats();
        // Events whose acceptance was noted here and not there yet are being counted right now.
        assert!(self.network.events().len() as u64 >= stats.delivered);
    }
}

async fn live_through(lab: &Lab, Life { steps, ending }: Life) {
    for step in steps {
        lab.take(step).await;
        // Sampled when no task is in the middle of something.
        lab.settle().await;
        lab.check_delivered();
    }
    let meanwhile = async {
        for (pause, step) in ending.steps {
            sleep(Duration::from_millis(pause)).await;
            lab.take(step).await;
        }
    };
    let (report, ()) = tokio::join!(lab.handle.shutdown(ending.limit), meanwhile);
    let before = lab.stats();
    lab.record(2);
    let stats = lab.stats();
    assert_eq!(
        stats.dropped.after_shutdown,
        before.dropped.after_shutdown + 2
    );
    assert_eq!(stats.delivered, report.stats.delivered);
    assert_eq!(lab.network.events().len() as u64, stats.delivered);
    if !report.timed_out {
        assert_eq!(stats.pending, 0);
    }
}

/// From a start to the end of a shutdown.
#[derive(Debug, Clone)]
struct Life {
    steps: Vec<Step>,
    ending: Ending,
}

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let steps = prop::collection::vec(step(), 1..30);
    let life = (steps, ending()).prop_map(|(steps, ending)| Life { steps, ending });
    prop::collection::vec(life, 1..3)
}

/// Lives one life of a client after the other, and looks at it after each.
fn live(
    lives: Vec<Life>,
    set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
    look: impl Fn(&Lab),
) {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let network = Arc::new(ScriptedTransport::new());
        network.serve_specs(sampling_specs());
        let mut lab = Lab::start_on(network, set).await;
        lab.handle.first_sync().await.unwrap();
        for (number, life) in lives.into_iter().enumerate() {
            if number > 0 {
                lab.handle = start(Arc::clone(&lab.shared)).await.unwrap();
            }
            live_through(&lab, life).await;
            look(&lab);
        }
    });
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
        let look = |lab: &Lab| {
            let stats = lab.shared.counters.stats();
            let not_found_again = stats.left_on_disk - stats.recovered;
            let on_disk = spooling::events_on_disk(&disk);
            assert_eq!(on_disk, stats.spooled + not_found_again);
        };
        live(lives, |options| options.event_spool(&spool), look);
    }
}
