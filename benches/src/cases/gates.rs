//! Gate checks: same user and new users, with exposures logged, suppressed as repeats, and off.

use super::{Case, Measured};
use crate::measure::Work;
use crate::side;
use crate::side::sdk::FeatureGateEvaluationOptions;

const OFF: FeatureGateEvaluationOptions =
    FeatureGateEvaluationOptions::new().disable_exposure_logging(true);

pub(super) fn cases(measured: &Measured) -> Vec<Case> {
    let gates = measured.roles.gates();
    gates
        .flat_map(|(kind, gate)| of_gate(measured, kind, gate))
        .collect()
}

fn of_gate(measured: &Measured, kind: &str, gate: &'static str) -> [Case; 4] {
    let name = |rest: &str| format!("check_gate/{kind}/{rest}");
    let same_user = || (measured.side(), side::user("a-user".to_owned()));
    let (repeated, user) = same_user();
    let (off, off_user) = same_user();
    let (new_off, logged) = (measured.side(), measured.side());
    [
        Case::new(
            name("same_user/deduplicated"),
            Work::repeat(move || repeated.client.check_gate(&user, gate)),
        ),
        Case::new(
            name("same_user/off"),
            Work::repeat(move || off.client.check_gate_with_options(&off_user, gate, OFF)),
        ),
        Case::new(
            name("new_user/off"),
            Work::fresh(side::user, move |user| {
                new_off.client.check_gate_with_options(user, gate, OFF)
            }),
        ),
        Case::new(
            name("new_user/logged"),
            Work::fresh(side::user, move |user| logged.client.check_gate(user, gate))
                .delivered(measured.delivery()),
        ),
    ]
}
