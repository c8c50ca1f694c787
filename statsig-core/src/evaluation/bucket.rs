//! Buckets: the assignment of users to shares.

use smallvec::SmallVec;

use crate::hash::SaltedHash;
use crate::specs::compiled::condition::{Bucket, BucketId, BucketSet};
use crate::specs::compiled::{Share, UnitIdType};
use crate::user::StatsigUser;
use crate::value::text_of;

/// Whether a user is in a share. The share's ID type selects the user's ID.
pub(crate) fn is_in_share(share: &Share, unit: &UnitIdType, user: &StatsigUser) -> bool {
    match share {
        Share::All => true,
        Share::Nobody => false,
        Share::Part { salt, threshold } => is_below(bucket_of(salt, unit, user), *threshold),
    }
}

/// A cache of the user's buckets. A search in it is cheaper than hashing.
#[derive(Debug, Default)]
pub(crate) struct KnownBuckets(SmallVec<[(BucketId, u64); 4]>);

impl KnownBuckets {
    /// The maximum number of buckets in the cache. A longer search costs as much as hashing.
    const MAX: usize = 128;

    /// The user's bucket, out of 1000.
    pub(crate) fn get(&mut self, bucket: &Bucket, user: &StatsigUser) -> u64 {
        if let Some((_, known)) = self.0.iter().find(|(id, _)| *id == bucket.id) {
            return *known;
        }
        let hash = with_unit_id(&bucket.unit, user, |unit_id| bucket.salt.of(unit_id));
        let number = hash % BucketSet::BUCKETS;
        if self.0.len() < Self::MAX {
            self.0.push((bucket.id, number));
        }
        number
    }
}

/// A user's bucket for a salt, out of [`Share::BUCKETS`].
pub(crate) fn bucket_of(salt: &SaltedHash, unit: &UnitIdType, user: &StatsigUser) -> u64 {
    with_unit_id(unit, user, |unit_id| salt.of(unit_id)) % Share::BUCKETS
}

#[expect(clippy::cast_precision_loss, reason = "buckets are below 10 000")]
pub(super) fn is_below(bucket: u64, threshold: f64) -> bool {
    (bucket as f64) < threshold
}

/// Passes the text of a user's ID to a function. A missing ID is the empty text, and is hashed like
/// any other ID.
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
