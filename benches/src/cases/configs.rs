//! Dynamic configs and experiments, with small and with large values.

use super::{Case, Measured};
use crate::measure::Work;
use crate::side;

pub(super) fn cases(measured: &Measured) -> Vec<Case> {
    let roles = &measured.roles;
    let mut cases = Vec::new();
    for (size, config) in [("small", roles.config), ("large", roles.large_config)] {
        let Some(config) = config else { continue };
        let (side, user) = (measured.side(), side::user("a-user".to_owned()));
        cases.push(Case::new(
            format!("get_dynamic_config/{size}/same_user"),
            Work::repeat(move || side.client.get_dynamic_config(&user, config)),
        ));
    }
    for (size, experiment) in [
        ("small", roles.experiment),
        ("large", roles.large_experiment),
    ] {
        let Some(experiment) = experiment else {
            continue;
        };
        let (side, user) = (measured.side(), side::user("a-user".to_owned()));
        cases.push(Case::new(
            format!("get_experiment/{size}/same_user"),
            Work::repeat(move || side.client.get_experiment(&user, experiment)),
        ));
    }
    if let Some(experiment) = roles.experiment {
        let side = measured.side();
        cases.push(Case::new(
            "get_experiment/small/new_user/logged",
            Work::fresh(side::user, move |user| {
                side.client.get_experiment(user, experiment)
            })
            .delivered(measured.delivery()),
        ));
    }
    cases
}
