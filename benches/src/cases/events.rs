//! Custom events.

use std::rc::Rc;

#[cfg(feature = "peer")]
use super::PeerDelivery;
use super::{Case, OurDelivery, Sides, peer};
use crate::measure::Work;
use crate::ours;
#[cfg(feature = "peer")]
use crate::peer;

pub(super) fn cases(sides: &Sides) -> Vec<Case> {
    let (ours, user) = (Rc::clone(&sides.ours), ours::user("a-user".to_owned()));
    vec![Case::new(
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
    )]
}
