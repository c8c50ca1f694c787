//! Fetching a layer and reading one parameter.

use std::rc::Rc;

#[cfg(feature = "peer")]
use super::PeerDelivery;
use super::{Case, OurDelivery, Sides, peer};
use crate::measure::Work;
use crate::ours;
#[cfg(feature = "peer")]
use crate::peer;

pub(super) fn cases(sides: &Sides) -> Vec<Case> {
    let Some((layer, parameter)) = sides.roles.layer else {
        return Vec::new();
    };
    let our_read = {
        let ours = Rc::clone(&sides.ours);
        move |user: &statsig::StatsigUser| {
            let layer = ours.client.get_layer(user, layer);
            layer.get_string(parameter, String::new())
        }
    };
    let our_reads = our_read.clone();
    let user = ours::user("a-user".to_owned());
    vec![
        Case::new(
            "get_layer/one_read/same_user",
            Work::repeat(move || our_read(&user)),
            peer!(
                |peer| {
                    let user = peer::user("a-user".to_owned());
                    Work::repeat(move || {
                        let layer = peer.client.get_layer(&user, layer);
                        layer.get_string(parameter, String::new())
                    })
                },
                sides
            ),
        ),
        Case::new(
            "get_layer/one_read/new_user/logged",
            Work::fresh(ours::user, our_reads).delivered(OurDelivery::new(&sides.ours)),
            peer!(
                |peer| Work::fresh(peer::user, move |user| {
                    let layer = peer.client.get_layer(user, layer);
                    layer.get_string(parameter, String::new())
                })
                .delivered(PeerDelivery::new(&sides.peer)),
                sides
            ),
        ),
    ]
}
