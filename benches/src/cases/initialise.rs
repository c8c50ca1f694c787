//! From a text with specs to a client that can evaluate: parse, compile, publish. The shutdown is
//! not measured.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Case, Measured};
use crate::measure::Work;
use crate::side::Side;

/// Makes a client a call, and shuts it down before the next round.
pub(super) fn cases(measured: &Measured) -> Vec<Case> {
    let (side, specs) = (measured.side(), Rc::clone(&measured.specs));
    let clients = Rc::new(RefCell::new(Vec::new()));
    let made = Rc::clone(&clients);
    let work = Work::batch(move |calls| {
        let more = (0..calls).map(|_| side.again(&specs));
        clients.borrow_mut().extend(more);
    })
    .prepared_by(move |_| made.borrow_mut().drain(..).for_each(Side::shut_down))
    .once();
    vec![Case::new("initialise", work)]
}
