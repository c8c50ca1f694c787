//! Two threads that check a gate for one user, each with its own clone of client and user.

use std::hint::black_box;
use std::sync::Barrier;

use super::{Case, Measured};
use crate::measure::Work;
use crate::side;

pub(super) fn cases(measured: &Measured) -> Vec<Case> {
    let gates = measured.roles.gates();
    gates
        .map(|(kind, gate)| of_gate(measured, kind, gate))
        .collect()
}

fn of_gate(measured: &Measured, kind: &str, gate: &'static str) -> Case {
    let check = |threads: usize| {
        let (side, user) = (measured.side(), side::user("a-user".to_owned()));
        Work::batch(move |calls| {
            on_threads(threads, calls, || {
                let (client, user) = (side.client.clone(), user.clone());
                move || client.check_gate(&user, gate)
            });
        })
        .on_threads()
    };
    Case {
        alone: Some(check(1)),
        ..Case::new(format!("two_threads/check_gate/{kind}/same_user"), check(2))
    }
}

/// Makes `calls` calls in total, divided among threads that start together.
fn on_threads<R, F>(threads: usize, calls: usize, make: impl Fn() -> F)
where
    F: Fn() -> R + Send,
{
    let start = Barrier::new(threads);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (call, start) = (make(), &start);
            scope.spawn(move || {
                start.wait();
                for _ in 0..calls / threads {
                    black_box(call());
                }
            });
        }
    });
}
