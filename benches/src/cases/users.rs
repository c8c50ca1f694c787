//! Making and dropping users.

use std::hint::black_box;

use super::{Case, peer};
use crate::measure::Work;
use crate::ours;
#[cfg(feature = "peer")]
use crate::peer;

const ID: &str = "user-00000042";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "user/all_fields",
            Work::repeat(|| ours::full_user(black_box(ID))),
            peer!(Work::repeat(|| peer::full_user(black_box(ID)))),
        ),
        Case::new(
            "user/id_only",
            Work::repeat(|| statsig::StatsigUser::with_user_id(black_box(ID))),
            peer!(Work::repeat(|| statsig_rust::StatsigUser::with_user_id(
                black_box(ID)
            ))),
        ),
    ]
}
