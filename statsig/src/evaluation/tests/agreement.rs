//! The same user gets the same answer: asked again, from another thread, through other specs that say the same.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::totality::{any_user, mutated_specs};
use super::*;
use crate::clock::Clock;
use crate::options::StatsigOptions;
use crate::testing::OfflineClient;

/// A moment that stays.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now_ms(&self) -> u64 {
        NOW_MS
    }
}

/// Everything but the time of the specs that a client answers about every name, except what is left to chance.
fn answers(client: &OfflineClient, user: &StatsigUser) -> Vec<String> {
    let snapshot = client.shared_state().published.load();
    let specs = &snapshot.specs;
    let names = (specs.entries.iter())
        .filter(|entry| !entry.traits.volatile)
        .map(|entry| specs.text(entry.name));
    let mut answers: Vec<_> = names
        .flat_map(|name| {
            let gate = client.get_feature_gate(user, name);
            let config = client.get_dynamic_config(user, name);
            let experiment = client.get_experiment(user, name);
            let layer = client.get_layer(user, name);
            [
                format!("gate {name}: {} by {}", gate.value, gate.rule_id),
                format!("config {name}: {:?} by {}", config.value(), config.rule_id),
                format!(
                    "experiment {name}: {:?} by {}, {:?}, {}, {}",
                    experiment.value(),
                    experiment.rule_id,
                    experiment.group_name,
                    experiment.is_experiment_active,
                    experiment.is_user_in_experiment,
                ),
                format!(
                    "layer {name}: {:?} by {}, {:?}, {:?}",
                    layer.get_raw_value("a"),
                    layer.rule_id,
                    layer.allocated_experiment_name,
                    layer.details.reason,
                ),
            ]
        })
        .collect();
    answers.sort();
    answers
}

fn client(specs: &Value) -> Option<OfflineClient> {
    let options = StatsigOptions::builder().clock(Arc::new(Still));
    let options = options.build().expect("valid options");
    OfflineClient::new(&specs.to_string(), options).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_same_user_gets_the_same_answers(mut specs in mutated_specs(), users in vec(any_user(), 1..4)) {
        let Some(client) = client(&specs) else { return Ok(()) };
        let fresh: Vec<_> = users.iter().map(|user| answers(&client.fresh(), user)).collect();
        // The first round leaves marks in the cache, the second fills it, the third reads it.
        for round in 0..3 {
            for (user, fresh) in users.iter().zip(&fresh) {
                prop_assert_eq!(&answers(&client, user), fresh, "round {}", round);
            }
        }
        let elsewhere = std::thread::scope(|scope| {
            let threads: Vec<_> = users
                .iter()
                .map(|user| scope.spawn(|| answers(&client, user)))
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("answers")).collect::<Vec<_>>()
        });
        prop_assert_eq!(&elsewhere, &fresh);

        let before = client.shared_state().published.load_full();
        let time = before.specs.time;
        specs["time"] = json!(time.saturating_add(1));
        specs["checksum"] = json!("another");
        if client.set_specs(&specs.to_string()).is_ok() {
            for (user, fresh) in users.iter().zip(&fresh) {
                prop_assert_eq!(&answers(&client, user), fresh);
            }
        }
    }
}
