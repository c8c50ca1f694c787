//! Measures work in short rounds that alternate between the two sides, so that other load on the
//! machine affects both sides equally.

use std::hint::black_box;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::alloc;

/// The duration of a side's part of a round.
const ROUND: Duration = Duration::from_millis(3);
/// The fewest calls in a round of work that starts threads, so that the cost of starting them is
/// negligible.
const THREADS_CALLS: usize = 40_000;
/// Users are created in groups of this size, so that each is still in the processor's cache when it
/// is used, like the user of a real request.
const GROUP: usize = 64;
/// Calls in a round of work with new users or deliveries: two full batches, which fit into the
/// queue of either side.
pub const BURST: usize = 4_000;
/// How often allocations are counted. The smallest count is used, because background work increases
/// the others.
const COUNTING_PASSES: usize = 3;

/// Work that can be repeated.
pub struct Work {
    prepare: Box<dyn FnMut(usize)>,
    run: Box<dyn FnMut(usize)>,
    delivery: Option<Box<dyn Delivery>>,
    calls: Calls,
    /// How many calls are prepared at once.
    group: usize,
}

/// Delivers recorded events.
pub trait Delivery {
    /// Delivers the events of earlier work.
    fn clear(&mut self);
    /// Returns after the delivery of this many events since [`clear`](Self::clear).
    fn finish(&mut self, events: usize);
}

/// The number of calls in a round.
#[derive(Debug, Clone, Copy)]
enum Calls {
    /// As many as fit into the time.
    Calibrated {
        at_least: usize,
    },
    Fixed(usize),
}

impl Work {
    /// Repeats the same call.
    pub fn repeat<R>(mut call: impl FnMut() -> R + 'static) -> Self {
        Self::batch(move |calls| {
            for _ in 0..calls {
                black_box(call());
            }
        })
    }

    /// Work that makes the given number of calls.
    pub fn batch(run: impl FnMut(usize) + 'static) -> Self {
        Self {
            prepare: Box::new(|_| ()),
            run: Box::new(run),
            delivery: None,
            calls: Calls::Calibrated { at_least: 16 },
            group: usize::MAX,
        }
    }

    /// One call for each of many new users. The time excludes creating and dropping the users.
    pub fn fresh<U: 'static, R>(
        make: impl Fn(String) -> U + 'static,
        mut call: impl FnMut(&U) -> R + 'static,
    ) -> Self {
        let users = std::rc::Rc::new(std::cell::RefCell::new((Vec::new(), 0)));
        let prepared = std::rc::Rc::clone(&users);
        Self {
            prepare: Box::new(move |calls| {
                let fresh = (0..calls).map(|_| make(next_id())).collect();
                *prepared.borrow_mut() = (fresh, 0);
            }),
            run: Box::new(move |calls| {
                let (users, used) = &mut *users.borrow_mut();
                let next = *used..*used + calls;
                for user in users.get(next).expect("as many users were prepared") {
                    black_box(call(user));
                }
                *used += calls;
            }),
            delivery: None,
            calls: Calls::Fixed(BURST),
            group: GROUP,
        }
    }

    /// Calls `prepare` before each round, outside the measured time, with the number of calls.
    pub fn prepared_by(mut self, prepare: impl FnMut(usize) + 'static) -> Self {
        self.prepare = Box::new(prepare);
        self
    }

    /// One call in each round, because the call takes long.
    pub fn once(mut self) -> Self {
        self.calls = Calls::Fixed(1);
        self
    }

    /// In long rounds, so that the cost of starting threads is negligible.
    pub fn on_threads(mut self) -> Self {
        self.calls = Calls::Calibrated {
            at_least: THREADS_CALLS,
        };
        self
    }

    /// In bursts. Each burst ends after the delivery of all its events.
    pub fn delivered(mut self, delivery: impl Delivery + 'static) -> Self {
        self.delivery = Some(Box::new(delivery));
        self.calls = Calls::Fixed(BURST);
        self
    }

    pub fn delivers(&self) -> bool {
        self.delivery.is_some()
    }

    fn clear(&mut self) {
        if let Some(delivery) = &mut self.delivery {
            delivery.clear();
        }
    }

    fn calibrate(&mut self) -> usize {
        let mut calls = match self.calls {
            Calls::Fixed(calls) => return calls,
            Calls::Calibrated { at_least } => at_least,
        };
        loop {
            // The shortest of several times: a stall would end the search too early.
            let taken = (0..3).map(|_| self.time(calls)).min().unwrap_or_default();
            if taken >= ROUND / 4 {
                let fitting = calls as f64 * ROUND.as_secs_f64() / taken.as_secs_f64();
                let at_least = match self.calls {
                    Calls::Calibrated { at_least } => at_least,
                    Calls::Fixed(_) => 1,
                };
                return (fitting as usize).max(at_least);
            }
            calls *= 2;
        }
    }

    fn time(&mut self, calls: usize) -> Duration {
        (self.prepare)(calls);
        let start = Instant::now();
        (self.run)(calls);
        start.elapsed()
    }

    fn sample(&mut self, calls: usize) -> Measured {
        let caller = self.sample_caller(calls);
        let whole = match self.delivery {
            Some(_) => self.sample_whole(calls),
            None => caller,
        };
        Measured { caller, whole }
    }

    /// The cost of calls on the calling thread.
    fn sample_caller(&mut self, calls: usize) -> Figures {
        let (mut wall, mut cpu) = (Duration::ZERO, Duration::ZERO);
        let mut left = calls;
        while left > 0 {
            let some = left.min(self.group);
            (self.prepare)(some);
            let cpu_before = cpu_of(self.clock());
            let start = Instant::now();
            (self.run)(some);
            wall += start.elapsed();
            cpu += cpu_of(self.clock()) - cpu_before;
            left -= some;
        }
        self.clear();
        Figures::a_call(wall, cpu, calls)
    }

    /// The clock of the calling thread, if another thread does the rest of the work. That work is
    /// measured separately.
    fn clock(&self) -> ClockId {
        match self.delivery {
            Some(_) => ClockId::ThreadCPUTime,
            None => ClockId::ProcessCPUTime,
        }
    }

    /// The cost of calls until the delivery of their last event.
    fn sample_whole(&mut self, calls: usize) -> Figures {
        (self.prepare)(calls);
        self.clear();
        let cpu = cpu_of(ClockId::ProcessCPUTime);
        let start = Instant::now();
        (self.run)(calls);
        if let Some(delivery) = &mut self.delivery {
            delivery.finish(calls);
        }
        let wall = start.elapsed();
        Figures::a_call(wall, cpu_of(ClockId::ProcessCPUTime) - cpu, calls)
    }

    /// Allocations per call: on the calling thread, and on all threads until the delivery.
    fn allocations(&mut self) -> (f64, f64) {
        let calls = match self.calls {
            Calls::Fixed(calls) => calls,
            Calls::Calibrated { .. } => 1_000,
        };
        let passes = (0..COUNTING_PASSES).map(|_| {
            (self.prepare)(calls);
            self.clear();
            alloc::start();
            (self.run)(calls);
            let caller = alloc::so_far().this_thread;
            if let Some(delivery) = &mut self.delivery {
                delivery.finish(calls);
            }
            let whole = alloc::so_far().all_threads;
            alloc::stop();
            (caller, whole)
        });
        let (caller, whole) = passes.fold((u64::MAX, u64::MAX), |least, pass| {
            (least.0.min(pass.0), least.1.min(pass.1))
        });
        (caller as f64 / calls as f64, whole as f64 / calls as f64)
    }

    /// Makes this many calls without measuring, with at most `pool` prepared users: for tools that
    /// count instructions.
    pub fn just_run(&mut self, calls: usize, pool: usize) {
        (self.prepare)(pool.max(calls));
        let mut left = calls;
        while left > 0 {
            self.clear();
            let some = match self.calls {
                Calls::Fixed(at_most) => left.min(at_most),
                Calls::Calibrated { .. } => left,
            };
            (self.run)(some);
            if let Some(delivery) = &mut self.delivery {
                delivery.finish(some);
            }
            left -= some;
        }
    }
}

/// The cost of a call.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// Nanoseconds of wall-clock time.
    pub wall: f64,
    /// Nanoseconds of processor time.
    pub cpu: f64,
    pub allocs: f64,
}

impl Figures {
    fn a_call(wall: Duration, cpu: Duration, calls: usize) -> Self {
        let a_call = |time: Duration| time.as_nanos() as f64 / calls as f64;
        Self {
            wall: a_call(wall),
            cpu: a_call(cpu),
            allocs: 0.0,
        }
    }
}

/// The cost of a call on the calling thread, and in total until the delivery of its event.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    pub caller: Figures,
    pub whole: Figures,
}

/// Warmed-up work with a known number of calls in a round.
pub struct Ready {
    work: Work,
    calls: usize,
    /// On the calling thread, and on all threads.
    allocations: (f64, f64),
}

impl Ready {
    pub fn new(mut work: Work) -> Self {
        let calls = work.calibrate();
        // Warms up, and runs the work that happens only once.
        work.sample(calls);
        let allocations = work.allocations();
        Self {
            work,
            calls,
            allocations,
        }
    }

    /// Runs its part of a round.
    pub fn turn(&mut self) -> Measured {
        let mut measured = self.work.sample(self.calls);
        (measured.caller.allocs, measured.whole.allocs) = self.allocations;
        measured
    }
}

/// The medians over all turns.
pub fn medians(turns: &[&Measured]) -> Measured {
    let figures = |of: fn(&Measured) -> Figures| Figures {
        wall: median(turns.iter().map(|turn| of(turn).wall)),
        cpu: median(turns.iter().map(|turn| of(turn).cpu)),
        allocs: median(turns.iter().map(|turn| of(turn).allocs)),
    };
    Measured {
        caller: figures(|turn| turn.caller),
        whole: figures(|turn| turn.whole),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

fn cpu_of(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// An ID that no earlier user had.
pub fn next_id() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("user-{:08}", NEXT.fetch_add(1, Ordering::Relaxed))
}
