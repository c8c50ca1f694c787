//! Fetches a layer and reads one parameter.

use super::{Case, Measured};
use crate::measure::Work;
use crate::side;
use crate::side::sdk::StatsigUser;

pub(super) fn cases(measured: &Measured) -> Vec<Case> {
    let Some((layer, parameter)) = measured.roles.layer else {
        return Vec::new();
    };
    let side = measured.side();
    let read = move |user: &StatsigUser| {
        let layer = side.client.get_layer(user, layer);
        layer.get_string(parameter, String::new())
    };
    let reads = read.clone();
    let user = side::user("a-user".to_owned());
    vec![
        Case::new(
            "get_layer/one_read/same_user",
            Work::repeat(move || read(&user)),
        ),
        Case::new(
            "get_layer/one_read/new_user/logged",
            Work::fresh(side::user, reads).delivered(measured.delivery()),
        ),
    ]
}
