//! `before`, `after`, `on`.

use super::Observed;
use crate::specs::compiled::condition::TimeOrder;

/// User times below this number are seconds. Others are milliseconds.
const SECONDS_BELOW: u64 = 10_000_000_000;
const MS_PER_DAY: i64 = 86_400_000;

pub(super) fn passes(order: TimeOrder, target: Option<i64>, observed: &Observed<'_>) -> bool {
    let (Some(time), Some(target)) = (observed.time(), target) else {
        return false;
    };
    let time = if time.unsigned_abs() < SECONDS_BELOW {
        time.saturating_mul(1000)
    } else {
        time
    };
    match order {
        TimeOrder::Before => time < target,
        TimeOrder::After => time > target,
        TimeOrder::On => time / MS_PER_DAY == target / MS_PER_DAY,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn small_user_times_are_seconds_and_targets_never_are() {
        let new_year = 1_704_067_200_000;
        let check = |value: serde_json::Value, order, target| {
            passes(order, Some(target), &Observed::Json(&value))
        };
        assert!(check(json!(1_704_067_201), TimeOrder::After, new_year));
        assert!(check(json!("1704067201"), TimeOrder::After, new_year));
        assert!(check(
            json!("2024-01-01T00:00:01Z"),
            TimeOrder::After,
            new_year
        ));
        assert!(!check(
            json!(1_704_067_199),
            TimeOrder::Before,
            1_704_067_200
        ));
        assert!(!check(
            json!(9_999_999_999_u64),
            TimeOrder::Before,
            new_year
        ));
        assert!(check(
            json!(10_000_000_000_u64),
            TimeOrder::Before,
            new_year
        ));
        assert!(check(json!(1_704_153_599), TimeOrder::On, new_year));
        assert!(!check(json!(1_704_153_600), TimeOrder::On, new_year));
        assert!(!check(json!(i64::MIN), TimeOrder::On, new_year));
        assert!(!check(json!(1.5), TimeOrder::After, 0));
    }
}
