//! `version_gt` and its variants: compare component by component, up to the first `-`.

use std::cmp::Ordering;

use super::Observed;
use crate::specs::compiled::condition::{Order, Version};

pub(super) fn passes(order: Order, target: Option<&Version>, observed: &Observed<'_>) -> bool {
    let (Some(text), Some(target)) = (observed.text(), target) else {
        return false;
    };
    compare(Version::components(&text), target.0.iter().copied())
        .is_some_and(|ordering| order.holds(ordering))
}

/// Missing components count as zero. Returns `None` at a component that is not a number.
fn compare(
    mut left: impl Iterator<Item = Option<i128>>,
    mut right: impl Iterator<Item = Option<i128>>,
) -> Option<Ordering> {
    loop {
        let (left, right) = match (left.next(), right.next()) {
            (None, None) => return Some(Ordering::Equal),
            (left, right) => (left.unwrap_or(Some(0))?, right.unwrap_or(Some(0))?),
        };
        if left != right {
            return Some(left.cmp(&right));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_their_numbers() {
        let cases = [
            ("1.2.0", Order::Equal, "1.2", true),
            ("1.2.0", Order::Equal, "1.2.0-beta", true),
            ("1.10", Order::Greater, "1.9", true),
            (" 1. 2 ", Order::Equal, "1.2", true),
            ("+3", Order::Greater, "2.0", true),
            ("v2", Order::NotEqual, "1.2", false),
            ("1.2.", Order::Equal, "1.2", false),
            ("", Order::NotEqual, "1.2", false),
            ("2.0", Order::Greater, "1.2.x", true),
            ("-1", Order::Less, "1", false),
        ];
        for (value, order, target, expected) in cases {
            let target = Version(Version::components(target).collect());
            let found = passes(order, Some(&target), &Observed::Text(value.into()));
            assert_eq!(found, expected, "{value} {order:?} {target:?}");
        }
        assert!(!passes(Order::NotEqual, None, &Observed::Text("1".into())));
        assert!(!passes(
            Order::NotEqual,
            Some(&Version(vec![Some(1)])),
            &Observed::Missing
        ));
    }
}
