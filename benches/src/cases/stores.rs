//! Fetches a parameter store and reads one parameter: a constant, a parameter that a gate decides,
//! and a parameter of a layer.

use super::{Case, Measured};
use crate::measure::Work;
use crate::side;

pub(super) fn cases(measured: &Measured) -> Vec<Case> {
    let roles = &measured.roles;
    [
        ("static", roles.store_static),
        ("gate", roles.store_gate),
        ("layer", roles.store_layer),
    ]
    .into_iter()
    .filter_map(|(kind, parameter)| {
        let (store, parameter) = parameter?;
        let (side, user) = (measured.side(), side::user("a-user".to_owned()));
        Some(Case::new(
            format!("parameter_store/{kind}/same_user"),
            Work::repeat(move || side::read_store(&side.client, &user, store, parameter)),
        ))
    })
    .collect()
}
