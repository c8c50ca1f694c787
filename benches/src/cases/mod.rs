//! The cases: each is the same work for both sides, and is written once for both.

mod client_init;
mod configs;
mod events;
mod everything;
mod gates;
mod initialise;
mod layers;
mod stores;
mod threads;
mod typed;
mod users;

use std::rc::Rc;

use crate::measure::{Delivery, Work};
use crate::roles::Roles;
use crate::side::Side;

/// The work of the side in this build.
pub struct Case {
    pub name: String,
    pub work: Work,
    /// For work on two threads: the same work on one thread, to show the cost of the second thread.
    pub alone: Option<Work>,
    /// In cases named `…/vs_ours…`: our work done in another way. It replaces the other crate's.
    pub versus: Option<Work>,
}

impl Case {
    fn new(name: impl Into<String>, work: Work) -> Self {
        Self {
            name: name.into(),
            work,
            alone: None,
            versus: None,
        }
    }
}

/// An initialised side.
pub struct Measured {
    pub side: Rc<Side>,
    pub roles: Roles,
    pub specs: Rc<str>,
}

impl Measured {
    pub fn new(specs: &str) -> Result<Self, String> {
        Ok(Self {
            side: Rc::new(Side::new(specs)),
            roles: Roles::find(specs)?,
            specs: specs.into(),
        })
    }

    fn side(&self) -> Rc<Side> {
        Rc::clone(&self.side)
    }

    fn delivery(&self) -> Delivered {
        Delivered(self.side(), 0)
    }
}

/// All cases for which these specs have the entities.
pub fn all(measured: &Measured) -> Vec<Case> {
    [
        gates::cases(measured),
        configs::cases(measured),
        layers::cases(measured),
        stores::cases(measured),
        typed::cases(measured),
        events::cases(measured),
        users::cases(),
        client_init::cases(measured),
        everything::cases(measured),
        initialise::cases(measured),
        threads::cases(measured),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Waits until events have reached the substitute of the network.
struct Delivered(Rc<Side>, u64);

impl Delivery for Delivered {
    fn clear(&mut self) {
        self.0.flush();
        self.1 = self.0.delivered();
    }

    /// Flushes until the expected number of events has arrived. A flush may return while another
    /// thread still works on a batch; after several flushes, the missing events are lost.
    fn finish(&mut self, events: usize) {
        let expected = self.1 + events as u64;
        for _ in 0..10_000 {
            self.0.flush();
            if self.0.delivered() >= expected {
                return;
            }
            std::thread::sleep(std::time::Duration::from_micros(20));
        }
        panic!(
            "expected {expected} events, found {}: some were lost",
            self.0.delivered()
        );
    }
}
