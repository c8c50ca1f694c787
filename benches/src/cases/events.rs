//! Custom events, exposures, and a batch of them.

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;

#[cfg(feature = "peer")]
use super::PeerDelivery;
use super::{Case, OurDelivery, Sides, peer};
use crate::measure::{Delivery, Work, next_id};
use crate::ours;
#[cfg(feature = "peer")]
use crate::peer;

/// One less than a full batch, which would not wait to be flushed.
const BATCH: usize = 1_999;

pub(super) fn cases(sides: &Sides) -> Vec<Case> {
    let mut cases = vec![log_event(sides)];
    if let Some(gate) = sides.roles.public_gate {
        cases.extend([
            first_exposure(sides, gate),
            repeated_exposure(sides, gate),
            batch(sides, gate),
        ]);
    }
    cases
}

fn log_event(sides: &Sides) -> Case {
    let (ours, user) = (Rc::clone(&sides.ours), ours::user("a-user".to_owned()));
    Case::new(
        "log_event",
        Work::repeat(move || ours.client.log_event(&user, ours::purchase()))
            .delivered(OurDelivery::new(&sides.ours)),
        peer!(
            |peer| {
                let user = peer::user("a-user".to_owned());
                Work::repeat(move || peer::log_purchase(&peer.client, &user))
                    .delivered(PeerDelivery::new(&sides.peer))
            },
            sides
        ),
    )
}

/// Asked for by itself, so that nothing but a public gate's evaluation comes with it.
fn first_exposure(sides: &Sides, gate: &'static str) -> Case {
    let ours = Rc::clone(&sides.ours);
    Case::new(
        "exposure/first",
        Work::fresh(ours::user, move |user| {
            ours.client.manually_log_gate_exposure(user, gate);
        })
        .delivered(OurDelivery::new(&sides.ours)),
        peer!(
            |peer| Work::fresh(peer::user, move |user| {
                peer.client.manually_log_gate_exposure(user, gate);
            })
            .delivered(PeerDelivery::new(&sides.peer)),
            sides
        ),
    )
}

fn repeated_exposure(sides: &Sides, gate: &'static str) -> Case {
    let (ours, user) = (Rc::clone(&sides.ours), ours::user("a-user".to_owned()));
    Case::new(
        "exposure/deduplicated",
        Work::repeat(move || ours.client.manually_log_gate_exposure(&user, gate)),
        peer!(
            |peer| {
                let user = peer::user("a-user".to_owned());
                Work::repeat(move || peer.client.manually_log_gate_exposure(&user, gate))
            },
            sides
        ),
    )
}

/// From events that wait to a body that was handed over: JSON, compression, and what is needed to get there.
fn batch(sides: &Sides, gate: &'static str) -> Case {
    let ours = Rc::clone(&sides.ours);
    let ours = deliver(OurDelivery::new(&sides.ours), move || {
        black_box(ours.client.check_gate(&ours::user(next_id()), gate));
    });
    Case::new(
        "batch_of_1999_exposures",
        ours,
        peer!(
            |peer| deliver(PeerDelivery::new(&sides.peer), move || {
                black_box(peer.client.check_gate(&peer::user(next_id()), gate));
            }),
            sides
        ),
    )
}

/// Delivers a batch that was recorded before.
fn deliver(delivery: impl Delivery + 'static, record: impl Fn() + 'static) -> Work {
    let delivery = Rc::new(RefCell::new(delivery));
    let recorded = Rc::clone(&delivery);
    Work::batch(move |_| delivery.borrow_mut().finish(BATCH))
        .prepared_by(move |_| {
            recorded.borrow_mut().clear();
            (0..BATCH).for_each(|_| record());
        })
        .once()
}
