//! Threads that call at a steady pace, and the latency of each call.
//!
//! A control thread runs at the same pace, but only reads the clock for the duration of a call. Its
//! longest "call" shows how long the system kept a thread from running. The part of the callers'
//! longest calls beyond it comes from the calls themselves. The kernel also counts how often a
//! thread gave up the processor, either to sleep between calls or to wait for another thread. The
//! count minus the sleeps is the number of waits.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::sides::Side;

/// How often a thread checks how many calls are due.
const TICK: Duration = Duration::from_millis(1);
/// How long the control thread reads the clock in place of a call.
const CONTROL: Duration = Duration::from_micros(1);
/// The longest latency in the histogram, in nanoseconds. Longer ones count as this value.
const LONGEST: u64 = 60_000_000_000;

/// Threads that call until they stop.
pub(crate) struct Callers<S> {
    side: Arc<S>,
    course: Arc<Course>,
    threads: Vec<JoinHandle<Made>>,
    control: JoinHandle<Made>,
}

/// The progress of the run.
struct Course {
    phases: usize,
    phase: AtomicUsize,
    is_stopped: AtomicBool,
}

/// The latencies of calls by phase, in nanoseconds.
pub(crate) struct Made {
    pub(crate) latencies: Vec<Histogram<u64>>,
    /// The longest delay of a thread behind its pace, because the system did not run it or because
    /// calls took too long.
    pub(crate) furthest_behind: Duration,
    /// How often threads waited for another thread, excluding sleeps.
    pub(crate) waits: u64,
}

impl<S: Side> Callers<S> {
    pub(crate) fn start(side: S, threads: usize, per_minute: u64, phases: usize) -> Self {
        let side = Arc::new(side);
        let course = Arc::new(Course {
            phases,
            phase: AtomicUsize::new(0),
            is_stopped: AtomicBool::new(false),
        });
        let a_second = per_minute as f64 / 60.0 / threads as f64;
        let threads = (0..threads).map(|thread| {
            let (side, course) = (Arc::clone(&side), Arc::clone(&course));
            std::thread::spawn(move || {
                // Each user is new, so each call is an exposure.
                let user = |call| S::user(format!("user-{thread}-{call}"));
                keep_pace(&course, a_second, user, |user| side.check(user))
            })
        });
        let threads = threads.collect();
        let control = {
            let course = Arc::clone(&course);
            let read_clock = |_: &u64| {
                let start = Instant::now();
                while start.elapsed() < CONTROL {}
            };
            std::thread::spawn(move || keep_pace(&course, a_second, |call| call, read_clock))
        };
        Self {
            side,
            course,
            threads,
            control,
        }
    }

    /// From now on, latencies count for this phase.
    pub(crate) fn enter(&self, phase: usize) {
        self.course.phase.store(phase, Ordering::Relaxed);
    }

    /// The latencies of the calls, and those of the control thread.
    pub(crate) fn stop(self) -> (S, Made, Made) {
        self.course.is_stopped.store(true, Ordering::Relaxed);
        let made = self
            .threads
            .into_iter()
            .map(|thread| thread.join().expect("no call panics"))
            .reduce(Made::with)
            .expect("there are threads");
        let control = self.control.join().expect("it calls nothing");
        let side = Arc::into_inner(self.side).expect("the threads have ended");
        (side, made, control)
    }
}

impl Made {
    /// The latency of the longest call of a phase, in nanoseconds.
    pub(crate) fn longest_ns(&self, phase: usize) -> u64 {
        self.latencies.get(phase).map_or(0, Histogram::max)
    }

    fn with(mut self, other: Self) -> Self {
        for (mine, others) in self.latencies.iter_mut().zip(&other.latencies) {
            mine.add(others).expect("they have the same bounds");
        }
        self.furthest_behind = self.furthest_behind.max(other.furthest_behind);
        self.waits += other.waits;
        self
    }
}

fn keep_pace<U, R>(
    course: &Course,
    a_second: f64,
    make: impl Fn(u64) -> U,
    call: impl Fn(&U) -> R,
) -> Made {
    let latencies = (0..course.phases)
        .map(|_| Histogram::new_with_bounds(1, LONGEST, 3).expect("the bounds are valid"));
    let mut made = Made {
        latencies: latencies.collect(),
        furthest_behind: Duration::ZERO,
        waits: 0,
    };
    let pauses_before = voluntary_switches();
    let mut sleeps = 0;
    let is_stopped = || course.is_stopped.load(Ordering::Relaxed);
    let started = Instant::now();
    let mut calls = 0_u64;
    while !is_stopped() {
        let elapsed = started.elapsed();
        let due = (elapsed.as_secs_f64() * a_second) as u64;
        let behind = due.saturating_sub(calls) as f64 / a_second;
        made.furthest_behind = made.furthest_behind.max(Duration::from_secs_f64(behind));
        let phase = course.phase.load(Ordering::Relaxed);
        // A thread that is far behind stops, too.
        while calls < due && !is_stopped() {
            let user = make(calls);
            let start = Instant::now();
            black_box(call(black_box(&user)));
            let took = u64::try_from(start.elapsed().as_nanos()).unwrap_or(LONGEST);
            if let Some(latencies) = made.latencies.get_mut(phase) {
                latencies.saturating_record(took);
            }
            calls += 1;
        }
        std::thread::sleep(TICK);
        sleeps += 1;
    }
    made.waits = (voluntary_switches() - pauses_before).saturating_sub(sleeps);
    made
}

/// How often this thread gave up the processor by itself.
fn voluntary_switches() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let mut lines = status.lines();
    let count = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    count.map_or(0, |count| count.trim().parse().unwrap_or(0))
}
