//! Threads that call at a steady pace, and what each call took them.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::sides::Side;

/// How often a thread looks at how many calls are due.
const TICK: Duration = Duration::from_millis(1);
/// The longest latency that is told apart, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;

/// Threads that call until they are stopped.
pub(crate) struct Callers<S> {
    side: Arc<S>,
    phase: Arc<AtomicUsize>,
    is_stopped: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Made>>,
}

/// What calls took, in nanoseconds, by phase.
pub(crate) struct Made {
    pub(crate) latencies: Vec<Histogram<u64>>,
    /// The longest that a thread was behind its pace, because it was not let run or because calls took too long.
    pub(crate) furthest_behind: Duration,
}

impl<S: Side> Callers<S> {
    pub(crate) fn start(side: S, threads: usize, per_minute: u64, phases: usize) -> Self {
        let side = Arc::new(side);
        let phase = Arc::new(AtomicUsize::new(0));
        let is_stopped = Arc::new(AtomicBool::new(false));
        let a_second = per_minute as f64 / 60.0 / threads as f64;
        let threads = (0..threads).map(|number| {
            let (side, phase) = (Arc::clone(&side), Arc::clone(&phase));
            let is_stopped = Arc::clone(&is_stopped);
            std::thread::spawn(move || call(&*side, number, a_second, phases, &phase, &is_stopped))
        });
        Self {
            threads: threads.collect(),
            side,
            phase,
            is_stopped,
        }
    }

    /// From now on latencies count for this phase.
    pub(crate) fn enter(&self, phase: usize) {
        self.phase.store(phase, Ordering::Relaxed);
    }

    pub(crate) fn stop(self) -> (S, Made) {
        self.is_stopped.store(true, Ordering::Relaxed);
        let made = self
            .threads
            .into_iter()
            .map(|thread| thread.join().expect("no call panics"))
            .reduce(Made::with)
            .expect("there are threads");
        let side = Arc::into_inner(self.side).expect("the threads have ended");
        (side, made)
    }
}

impl Made {
    fn with(mut self, other: Self) -> Self {
        for (mine, others) in self.latencies.iter_mut().zip(&other.latencies) {
            mine.add(others).expect("they have the same bounds");
        }
        self.furthest_behind = self.furthest_behind.max(other.furthest_behind);
        self
    }
}

fn call<S: Side>(
    side: &S,
    thread: usize,
    a_second: f64,
    phases: usize,
    phase: &AtomicUsize,
    is_stopped: &AtomicBool,
) -> Made {
    let latencies = (0..phases)
        .map(|_| Histogram::new_with_bounds(1, LONGEST, 3).expect("the bounds are valid"));
    let mut made = Made {
        latencies: latencies.collect(),
        furthest_behind: Duration::ZERO,
    };
    let started = Instant::now();
    let mut calls = 0_u64;
    while !is_stopped.load(Ordering::Relaxed) {
        let elapsed = started.elapsed();
        let due = (elapsed.as_secs_f64() * a_second) as u64;
        let behind = due.saturating_sub(calls) as f64 / a_second;
        made.furthest_behind = made.furthest_behind.max(Duration::from_secs_f64(behind));
        let now = phase.load(Ordering::Relaxed);
        // One that is far behind ends nevertheless.
        while calls < due && !is_stopped.load(Ordering::Relaxed) {
            // Nobody was here before, so each call is an exposure.
            let user = S::user(format!("user-{thread}-{calls}"));
            let start = Instant::now();
            black_box(side.check(&user));
            let took = u64::try_from(start.elapsed().as_nanos()).unwrap_or(LONGEST);
            if let Some(latencies) = made.latencies.get_mut(now) {
                latencies.saturating_record(took);
            }
            calls += 1;
        }
        std::thread::sleep(TICK);
    }
    made
}
