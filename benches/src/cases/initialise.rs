//! From a text with specs to a client that can evaluate: parse, compile, publish. Excludes the
//! shutdown.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Case, Measured};
use crate::measure::Work;
use crate::side::Side;

/// Each call creates a client. The next round shuts it down first.
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
