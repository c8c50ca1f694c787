//! From a text with specs to a client that can evaluate: parse, compile, publish. The shutdown is not measured.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Case, Sides, peer};
use crate::measure::Work;
use crate::ours::Ours;
#[cfg(feature = "peer")]
use crate::peer::Peer;

pub(super) fn cases(sides: &Sides) -> Vec<Case> {
    let (ours, specs) = (Rc::clone(&sides.ours), Rc::clone(&sides.specs));
    vec![Case::new(
        "initialise",
        one_client(move || ours.again(&specs), Ours::shut_down),
        peer!(
            |peer| {
                let specs = Rc::clone(&sides.specs);
                one_client(move || peer.again(&specs), Peer::shut_down)
            },
            sides
        ),
    )]
}

/// Makes a client a call, and shuts it down before the next round.
fn one_client<C: 'static>(make: impl Fn() -> C + 'static, shut_down: fn(C)) -> Work {
    let clients = Rc::new(RefCell::new(Vec::new()));
    let made = Rc::clone(&clients);
    Work::batch(move |calls| {
        let more = (0..calls).map(|_| make());
        clients.borrow_mut().extend(more);
    })
    .prepared_by(move |_| made.borrow_mut().drain(..).for_each(shut_down))
    .once()
}
