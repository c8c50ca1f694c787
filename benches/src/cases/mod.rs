//! What is compared: each case is the same work done by both sides.

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
use crate::ours::Ours;
use crate::peer::Peer;
use crate::roles::Roles;

/// The same work done by both sides.
pub struct Case {
    pub name: String,
    pub ours: Work,
    /// The other crate's, or in cases named `…/vs_ours…` ours done another way. `None` if the other crate is not built.
    pub peer: Option<Work>,
    /// For work on two threads: the same on one, to tell what the second thread costs.
    pub alone: Option<(Work, Option<Work>)>,
}

impl Case {
    fn new(name: impl Into<String>, ours: Work, peer: Option<Work>) -> Self {
        Self {
            name: name.into(),
            ours,
            peer,
            alone: None,
        }
    }
}

/// Both sides, initialised with the same specs.
pub struct Sides {
    pub ours: Rc<Ours>,
    pub peer: Rc<Peer>,
    pub roles: Roles,
    pub specs: Rc<str>,
}

impl Sides {
    pub fn new(specs: &str) -> Result<Self, String> {
        Ok(Self {
            ours: Rc::new(Ours::new(specs)),
            peer: Rc::new(Peer::new(specs)),
            roles: Roles::find(specs)?,
            specs: specs.into(),
        })
    }
}

/// All cases that these specs have the entities for.
pub fn all(sides: &Sides) -> Vec<Case> {
    [
        gates::cases(sides),
        configs::cases(sides),
        layers::cases(sides),
        stores::cases(sides),
        typed::cases(sides),
        events::cases(sides),
        users::cases(),
        client_init::cases(sides),
        everything::cases(sides),
        initialise::cases(sides),
        threads::cases(sides),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The other crate's work, if it is built.
#[cfg(feature = "peer")]
macro_rules! peer {
    (|$peer:ident| $work:expr, $sides:expr) => {{
        let $peer = std::rc::Rc::clone(&$sides.peer);
        Some($work)
    }};
    ($work:expr) => {
        Some($work)
    };
}

#[cfg(not(feature = "peer"))]
macro_rules! peer {
    ($($anything:tt)*) => {
        None
    };
}

use peer;

/// Waits until our events reached the network.
struct OurDelivery(Rc<Ours>, u64);

impl OurDelivery {
    fn new(side: &Rc<Ours>) -> Self {
        Self(Rc::clone(side), 0)
    }
}

impl Delivery for OurDelivery {
    fn clear(&mut self) {
        self.0.flush();
        self.1 = self.0.delivered();
    }

    fn finish(&mut self, events: usize) {
        finish(
            self.1 + events as u64,
            || self.0.flush(),
            || self.0.delivered(),
        );
    }
}

/// Waits until the peer's events reached the end of its adapter.
#[cfg(feature = "peer")]
struct PeerDelivery(Rc<Peer>, u64);

#[cfg(feature = "peer")]
impl PeerDelivery {
    fn new(side: &Rc<Peer>) -> Self {
        Self(Rc::clone(side), 0)
    }
}

#[cfg(feature = "peer")]
impl Delivery for PeerDelivery {
    fn clear(&mut self) {
        self.0.flush();
        self.1 = self.0.delivered();
    }

    fn finish(&mut self, events: usize) {
        finish(
            self.1 + events as u64,
            || self.0.flush(),
            || self.0.delivered(),
        );
    }
}

/// Flushes until as many events as expected arrived. More than a few times only if some got lost: a flush may return while a
/// batch is still being worked on elsewhere.
fn finish(expected: u64, flush: impl Fn(), delivered: impl Fn() -> u64) {
    for _ in 0..10_000 {
        flush();
        if delivered() >= expected {
            return;
        }
        std::thread::sleep(std::time::Duration::from_micros(20));
    }
    panic!(
        "expected {expected} events, found {}: some were lost",
        delivered()
    );
}
