//! Gate checks: same user and new users, with exposures logged, suppressed as repeats, and off.

use std::rc::Rc;

#[cfg(feature = "peer")]
use super::PeerDelivery;
use super::{Case, OurDelivery, Sides, peer};
use crate::measure::Work;
use crate::ours;
#[cfg(feature = "peer")]
use crate::peer;

const OURS_OFF: statsig::FeatureGateEvaluationOptions = statsig::FeatureGateEvaluationOptions {
    disable_exposure_logging: true,
};
#[cfg(feature = "peer")]
const PEER_OFF: statsig_rust::FeatureGateEvaluationOptions =
    statsig_rust::FeatureGateEvaluationOptions {
        disable_exposure_logging: true,
    };

pub(super) fn cases(sides: &Sides) -> Vec<Case> {
    let roles = &sides.roles;
    [
        ("public", roles.public_gate),
        ("percentage", roles.percentage_gate),
        ("nested", roles.nested_gate),
    ]
    .into_iter()
    .filter_map(|(kind, gate)| Some((kind, gate?)))
    .flat_map(|(kind, gate)| of_gate(sides, kind, gate))
    .collect()
}

fn of_gate(sides: &Sides, kind: &str, gate: &'static str) -> [Case; 4] {
    let name = |rest: &str| format!("check_gate/{kind}/{rest}");
    let ours = || Rc::clone(&sides.ours);
    [
        Case::new(
            name("same_user/deduplicated"),
            {
                let (ours, user) = (ours(), ours::user("a-user".to_owned()));
                Work::repeat(move || ours.client.check_gate(&user, gate))
            },
            peer!(
                |peer| {
                    let user = peer::user("a-user".to_owned());
                    Work::repeat(move || peer.client.check_gate(&user, gate))
                },
                sides
            ),
        ),
        Case::new(
            name("same_user/off"),
            {
                let (ours, user) = (ours(), ours::user("a-user".to_owned()));
                Work::repeat(move || ours.client.check_gate_with_options(&user, gate, OURS_OFF))
            },
            peer!(
                |peer| {
                    let user = peer::user("a-user".to_owned());
                    Work::repeat(move || peer.client.check_gate_with_options(&user, gate, PEER_OFF))
                },
                sides
            ),
        ),
        Case::new(
            name("new_user/off"),
            {
                let ours = ours();
                Work::fresh(ours::user, move |user| {
                    ours.client.check_gate_with_options(user, gate, OURS_OFF)
                })
            },
            peer!(
                |peer| Work::fresh(peer::user, move |user| {
                    peer.client.check_gate_with_options(user, gate, PEER_OFF)
                }),
                sides
            ),
        ),
        Case::new(
            name("new_user/logged"),
            {
                let ours = ours();
                Work::fresh(ours::user, move |user| ours.client.check_gate(user, gate))
                    .delivered(OurDelivery::new(&sides.ours))
            },
            peer!(
                |peer| Work::fresh(peer::user, move |user| peer.client.check_gate(user, gate))
                    .delivered(PeerDelivery::new(&sides.peer)),
                sides
            ),
        ),
    ]
}
