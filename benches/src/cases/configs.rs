//! Dynamic configs and experiments, with small and with large values.

use std::rc::Rc;

#[cfg(feature = "peer")]
use super::PeerDelivery;
use super::{Case, OurDelivery, Sides, peer};
use crate::measure::Work;
use crate::ours;
#[cfg(feature = "peer")]
use crate::peer;

pub(super) fn cases(sides: &Sides) -> Vec<Case> {
    let roles = &sides.roles;
    let mut cases = Vec::new();
    for (size, config) in [("small", roles.config), ("large", roles.large_config)] {
        let Some(config) = config else { continue };
        let (ours, user) = (Rc::clone(&sides.ours), ours::user("a-user".to_owned()));
        cases.push(Case::new(
            format!("get_dynamic_config/{size}/same_user"),
            Work::repeat(move || ours.client.get_dynamic_config(&user, config)),
            peer!(
                |peer| {
                    let user = peer::user("a-user".to_owned());
                    Work::repeat(move || peer.client.get_dynamic_config(&user, config))
                },
                sides
            ),
        ));
    }
    for (size, experiment) in [
        ("small", roles.experiment),
        ("large", roles.large_experiment),
    ] {
        let Some(experiment) = experiment else {
            continue;
        };
        let (ours, user) = (Rc::clone(&sides.ours), ours::user("a-user".to_owned()));
        cases.push(Case::new(
            format!("get_experiment/{size}/same_user"),
            Work::repeat(move || ours.client.get_experiment(&user, experiment)),
            peer!(
                |peer| {
                    let user = peer::user("a-user".to_owned());
                    Work::repeat(move || peer.client.get_experiment(&user, experiment))
                },
                sides
            ),
        ));
    }
    if let Some(experiment) = roles.experiment {
        let ours = Rc::clone(&sides.ours);
        cases.push(Case::new(
            "get_experiment/small/new_user/logged",
            Work::fresh(ours::user, move |user| {
                ours.client.get_experiment(user, experiment)
            })
            .delivered(OurDelivery::new(&sides.ours)),
            peer!(
                |peer| Work::fresh(peer::user, move |user| {
                    peer.client.get_experiment(user, experiment)
                })
                .delivered(PeerDelivery::new(&sides.peer)),
                sides
            ),
        ));
    }
    cases
}
