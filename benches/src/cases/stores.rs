//! Fetching a parameter store and reading one parameter: a constant, one that a gate decides, one of a layer.

use std::rc::Rc;

use super::{Case, Sides, peer};
use crate::measure::Work;
use crate::ours;
#[cfg(feature = "peer")]
use crate::peer;

pub(super) fn cases(sides: &Sides) -> Vec<Case> {
    let roles = &sides.roles;
    [
        ("static", roles.store_static),
        ("gate", roles.store_gate),
        ("layer", roles.store_layer),
    ]
    .into_iter()
    .filter_map(|(kind, parameter)| {
        let (store, parameter) = parameter?;
        let (ours, user) = (Rc::clone(&sides.ours), ours::user("a-user".to_owned()));
        Some(Case::new(
            format!("parameter_store/{kind}/same_user"),
            Work::repeat(move || {
                let store = ours.client.get_parameter_store(&user, store);
                store.get_string(parameter, String::new())
            }),
            peer!(
                |peer| {
                    let user = peer::user("a-user".to_owned());
                    Work::repeat(move || {
                        let store = peer.client.get_parameter_store(store);
                        store.get_string(&user, parameter, String::new())
                    })
                },
                sides
            ),
        ))
    })
    .collect()
}
