//! Pass percentages: how many and which users pass.

use proptest::prelude::*;

use super::*;
use crate::entity_kind::EntityKind;

/// A gate that this percentage of users passes.
fn gate_of(percentage: f64, salt: &str) -> Snapshot {
    let rule = but(rule("r", ["everyone"], json!(true)), "salt", salt);
    let rule = but(rule, "passPercentage", percentage);
    Specs::new().gate("gate", [rule]).snapshot()
}

fn passes(snapshot: &Snapshot, user: &StatsigUser) -> bool {
    let gate = snapshot.specs.find("gate").expect("the gate");
    raw(snapshot, EntityKind::Gate, gate, user).value
}

/// Unrelated user IDs. The same seed gives the same IDs.
fn ids(seed: u64, count: u64) -> impl Iterator<Item = StatsigUser> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count).map(move |_| StatsigUser::with_user_id(format!("{:016x}", random.u64(..))))
}

#[test]
fn the_share_of_a_percentage_lies_within_four_standard_deviations() {
    const USERS: u32 = 100_000;
    for (seed, percentage) in (0..).zip([0.5, 1.0, 10.0, 33.3, 50.0, 87.5, 99.0]) {
        let snapshot = gate_of(percentage, &format!("salt {seed}"));
        let passed = ids(seed, u64::from(USERS)).filter(|user| passes(&snapshot, user));
        let passed = u32::try_from(passed.count()).expect("a count");
        let share = percentage / 100.0;
        let expected = f64::from(USERS) * share;
        let deviation = (expected * (1.0 - share)).sqrt();
        assert!(
            (f64::from(passed) - expected).abs() <= 4.0 * deviation,
            "{passed} of {USERS} users pass a gate for {percentage} %"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn raising_the_percentage_removes_nobody(
        mut percentages in proptest::collection::vec(0.0..=100.0_f64, 2..6),
        salt in "[a-z0-9]{1,20}",
        seed: u64,
    ) {
        percentages.extend([0.0, 100.0]);
        percentages.sort_by(f64::total_cmp);
        let gates: Vec<_> = percentages.iter().map(|percentage| gate_of(*percentage, &salt)).collect();
        for user in ids(seed, 200) {
            let answers: Vec<_> = gates.iter().map(|gate| passes(gate, &user)).collect();
            prop_assert!(answers.is_sorted(), "{user:?}: {answers:?} at {percentages:?}");
            prop_assert_eq!(answers.first(), Some(&false));
            prop_assert_eq!(answers.last(), Some(&true));
        }
    }
}
