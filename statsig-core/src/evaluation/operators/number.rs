//! `gt`, `gte`, `lt`, `lte`: compare doubles. If a side is not a number, the result is false.

use super::Observed;
use crate::specs::compiled::condition::Order;

pub(super) fn passes(order: Order, target: Option<f64>, observed: &Observed<'_>) -> bool {
    let (Some(value), Some(target)) = (observed.float(), target) else {
        return false;
    };
    value
        .partial_cmp(&target)
        .is_some_and(|ordering| order.holds(ordering))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn compares_numbers_and_numeric_texts_and_nothing_else() {
        let gt = |value: serde_json::Value, target| {
            passes(Order::Greater, target, &Observed::Json(&value))
        };
        assert!(gt(json!(2), Some(1.0)));
        assert!(gt(json!("2e0"), Some(1.0)));
        assert!(!gt(
            json!(9_007_199_254_740_993_u64),
            Some(9_007_199_254_740_992.0)
        ));
        for value in [
            json!(true),
            json!(null),
            json!([2]),
            json!("2 "),
            json!("nan"),
        ] {
            assert!(!gt(value.clone(), Some(1.0)), "{value}");
        }
        assert!(!gt(json!(2), None));
        assert!(!passes(Order::LessOrEqual, Some(1.0), &Observed::Missing));
    }
}
