//! Two threads that check a gate for one user, each with its own clone of client and user.

use std::hint::black_box;
use std::rc::Rc;
use std::sync::Barrier;

use super::{Case, Sides, peer};
use crate::measure::Work;
use crate::ours;
#[cfg(feature = "peer")]
use crate::peer;

pub(super) fn cases(sides: &Sides) -> Vec<Case> {
    let roles = &sides.roles;
    [
        ("public", roles.public_gate),
        ("percentage", roles.percentage_gate),
        ("nested", roles.nested_gate),
    ]
    .into_iter()
    .filter_map(|(kind, gate)| Some((kind, gate?)))
    .map(|(kind, gate)| of_gate(sides, kind, gate))
    .collect()
}

fn of_gate(sides: &Sides, kind: &str, gate: &'static str) -> Case {
    let ours = |threads: usize| {
        let ours = Rc::clone(&sides.ours);
        let user = ours::user("a-user".to_owned());
        Work::batch(move |calls| {
            on_threads(threads, calls, || {
                let (client, user) = (ours.client.clone(), user.clone());
                move || client.check_gate(&user, gate)
            });
        })
        .on_threads()
    };
    #[cfg(feature = "peer")]
    let peer = |threads: usize| {
        peer!(
            |peer| {
                let user = peer::user("a-user".to_owned());
                Work::batch(move |calls| {
                    on_threads(threads, calls, || {
                        let (client, user) = (peer.client.clone(), user.clone());
                        move || client.check_gate(&user, gate)
                    });
                })
                .on_threads()
            },
            sides
        )
    };
    #[cfg(not(feature = "peer"))]
    let peer = |_: usize| peer!();
    Case {
        alone: Some((ours(1), peer(1))),
        ..Case::new(
            format!("two_threads/check_gate/{kind}/same_user"),
            ours(2),
            peer(2),
        )
    }
}

/// Makes `calls` calls in total, spread over threads that start together.
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
