//! Creates and drops users.

use std::hint::black_box;

use super::Case;
use crate::measure::Work;
use crate::side;
use crate::side::sdk::StatsigUser;

const ID: &str = "user-00000042";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "user/all_fields",
            Work::repeat(|| side::full_user(black_box(ID))),
        ),
        Case::new(
            "user/id_only",
            Work::repeat(|| StatsigUser::with_user_id(black_box(ID))),
        ),
    ]
}
