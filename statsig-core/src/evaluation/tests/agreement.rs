//! The same user gets the same result at every evaluation: repeated, from another thread, and with
//! equivalent specs.

use proptest::collection::vec;
use proptest::prelude::*;

use super::totality::{any_user, mutated_specs};
use super::*;
use crate::entity_kind::EntityKind;
/// The evaluations of all names, without the time of the specs and without random choices.
fn answers(engine: &Engine, user: &StatsigUser) -> Vec<String> {
    let snapshot = &engine.snapshot;
    let entries = snapshot.specs.entries.iter();
    let names = entries
        .filter(|entry| !entry.dependencies.volatile)
        .map(|entry| snapshot.specs.text(entry.name));
    let kinds = [
        EntityKind::Gate,
        EntityKind::DynamicConfig,
        EntityKind::Experiment,
        EntityKind::Layer,
    ];
    let mut answers: Vec<_> = names
        .flat_map(|name| kinds.map(|kind| (kind, name)))
        .map(|(kind, name)| {
            let evaluation = engine.decide(user, kind, name);
            format!("{kind:?} {name}: {:?}", shown(snapshot, &evaluation))
        })
        .collect();
    answers.sort();
    answers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_same_user_gets_the_same_answers(mut specs in mutated_specs(), users in vec(any_user(), 1..4)) {
        let Some(mut engine) = Engine::new(&specs) else { return Ok(()) };
        let fresh: Vec<_> = users.iter().map(|user| answers(&Engine::of(engine.snapshot.clone()), user)).collect();
        // The first round marks slots of the cache, the second fills them, and the third reads
        // them.
        for round in 0..3 {
            for (user, fresh) in users.iter().zip(&fresh) {
                prop_assert_eq!(&answers(&engine, user), fresh, "round {}", round);
            }
        }
        let elsewhere = std::thread::scope(|scope| {
            let threads: Vec<_> = users
                .iter()
                .map(|user| scope.spawn(|| answers(&engine, user)))
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("answers")).collect::<Vec<_>>()
        });
        prop_assert_eq!(&elsewhere, &fresh);

        let time = engine.snapshot.specs.time;
        specs["time"] = json!(time.saturating_add(1));
        specs["checksum"] = json!("another");
        if engine.load(&specs).is_some() {
            for (user, fresh) in users.iter().zip(&fresh) {
                prop_assert_eq!(&answers(&engine, user), fresh);
            }
        }
    }
}
