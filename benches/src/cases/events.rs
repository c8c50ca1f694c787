//! Custom events, exposures, and a batch of them.

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;

use super::{Case, Delivered, Measured};
use crate::measure::{Delivery, Work, next_id};
use crate::side;

/// One less than a full batch, which would not wait to be flushed.
const BATCH: usize = 1_999;

pub(super) fn cases(measured: &Measured) -> Vec<Case> {
    let mut cases = vec![log_event(measured)];
    if let Some(gate) = measured.roles.public_gate {
        cases.extend([
            first_exposure(measured, gate),
            repeated_exposure(measured, gate),
            batch(measured, gate),
        ]);
    }
    cases
}

fn log_event(measured: &Measured) -> Case {
    let (side, user) = (measured.side(), side::user("a-user".to_owned()));
    let log = Work::repeat(move || side::log_purchase(&side.client, &user));
    Case::new("log_event", log.delivered(measured.delivery()))
}

/// Asked for by itself, so that nothing but a public gate's evaluation comes with it.
fn first_exposure(measured: &Measured, gate: &'static str) -> Case {
    let side = measured.side();
    let expose = Work::fresh(side::user, move |user| {
        side.client.manually_log_gate_exposure(user, gate);
    });
    Case::new("exposure/first", expose.delivered(measured.delivery()))
}

fn repeated_exposure(measured: &Measured, gate: &'static str) -> Case {
    let (side, user) = (measured.side(), side::user("a-user".to_owned()));
    Case::new(
        "exposure/deduplicated",
        Work::repeat(move || side.client.manually_log_gate_exposure(&user, gate)),
    )
}

/// From events that wait to a body that was handed over: JSON, compression, and what is needed to
/// get there.
fn batch(measured: &Measured, gate: &'static str) -> Case {
    let side = measured.side();
    let record = move || {
        black_box(side.client.check_gate(&side::user(next_id()), gate));
    };
    Case::new(
        "batch_of_1999_exposures",
        deliver(measured.delivery(), record),
    )
}

/// Delivers a batch that was recorded before.
fn deliver(delivery: Delivered, record: impl Fn() + 'static) -> Work {
    let delivery = Rc::new(RefCell::new(delivery));
    let recorded = Rc::clone(&delivery);
    Work::batch(move |_| delivery.borrow_mut().finish(BATCH))
        .prepared_by(move |_| {
            recorded.borrow_mut().clear();
            (0..BATCH).for_each(|_| record());
        })
        .once()
}
