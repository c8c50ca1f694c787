//! Client initialize responses: every entity for one user, written as JSON.

use super::{Case, Measured};
use crate::measure::Work;
use crate::side;

pub(super) fn cases(measured: &Measured) -> Vec<Case> {
    let case = |hash| {
        let (side, respond) = (measured.side(), side::client_init(hash));
        Case::new(
            format!("client_init/{hash}/new_user"),
            Work::fresh(side::user, move |user| respond(&side.client, user)),
        )
    };
    ["none", "djb2", "sha256"].map(case).into()
}
