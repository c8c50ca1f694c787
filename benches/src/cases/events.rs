//! Custom events, exposures, and a batch of them.

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;

use super::{Case, Delivered, Measured};
use crate::measure::{Delivery, Work, next_id};
use crate::side;

/// One event less than a full batch. A full batch would be delivered without a flush.
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

/// Measured by itself, so that it includes only the evaluation of a public gate.
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

/// From waiting events to a posted body: JSON, compression, and all steps in between.
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
