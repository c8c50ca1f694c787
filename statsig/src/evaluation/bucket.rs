//! Buckets: which share of the users someone belongs to.

use crate::specs::compiled::{Share, UnitIdType};
use crate::user::StatsigUser;
use crate::value::text_of;

/// Whether a user is in a share, by the ID that the share counts with.
pub(crate) fn is_in_share(share: &Share, unit: &UnitIdType, user: &StatsigUser) -> bool {
    match share {
        Share::All => true,
        Share::Nobody => false,
        Share::Part { salt, threshold } => {
            let hash = with_unit_id(unit, user, |unit_id| salt.of(unit_id));
            is_below(hash % Share::BUCKETS, *threshold)
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "buckets are below 10 000")]
pub(super) fn is_below(bucket: u64, threshold: f64) -> bool {
    (bucket as f64) < threshold
}

/// Gives the text of a user's ID to a function; a missing ID is the empty text, and is hashed like any other.
pub(crate) fn with_unit_id<T>(
    unit: &UnitIdType,
    user: &StatsigUser,
    read: impl FnOnce(&str) -> T,
) -> T {
    let id = user.unit_id(unit.is_user_id, &unit.exact, &unit.lower);
    match id.and_then(text_of) {
        Some(text) => read(&text),
        None => read(""),
    }
}
