//! Sticky assignment: users keep their first group while the experiment runs.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod assignments;
mod enforcement;
mod layers;
mod pinned;
mod storage;

use std::sync::Arc;

use serde_json::json;
use statsig::storage::{
    InMemoryPersistentStorage, PersistentStorage, StickyValues, UserPersistedValues,
};
use statsig::testing::authoring::{self, custom, email, experiment_group, passes_gate};
use statsig::testing::{OfflineClient, Specs};
use statsig::{
    Experiment, ExperimentEvaluationOptions, Layer, LayerEvaluationOptions, StatsigOptions,
    StatsigParams, StatsigUser,
};
use statsig_tests::clock::FixedClock;

const NOW_MS: u64 = 1_800_000_000_000;
const KEY: &str = "a-user:userID";

/// Specs in which an experiment puts all users into one group. The layer delegates to this
/// experiment or to another one.
struct Stage {
    time: u32,
    group: &'static str,
    is_active: bool,
    delegate: &'static str,
}

/// The first specs.
const FIRST: Stage = Stage {
    time: 1,
    group: "blue",
    is_active: true,
    delegate: "an_experiment",
};
/// Later specs put all users into another group.
const LATER: Stage = Stage {
    time: 2,
    group: "red",
    is_active: true,
    delegate: "other_experiment",
};

impl Stage {
    fn specs(&self) -> Specs {
        let &Self {
            time,
            group,
            is_active,
            delegate,
        } = self;
        Specs::new()
            .time(time.into())
            .gate("a_gate", |g| g.version(time).rule("all").everyone())
            .gate("of_group", |g| {
                g.version(time)
                    .rule("in_group")
                    .when(experiment_group("an_experiment").any(["blue"]))
            })
            .layer("a_layer", |l| {
                l.version(time)
                    .defaults([("color", json!("none")), ("size", json!(1))])
                    .rule("delegation")
                    .everyone()
                    .delegate(delegate)
            })
            .experiment("an_experiment", |e| {
                let e = e
                    .version(time)
                    .rule("targetingGate")
                    .when(custom("country").any(["XX"]))
                    .rule("an:userID:id_override")
                    .when(email().any(["tester@example.com"]))
                    .value("color", "forced");
                let e = in_group(e, group);
                if is_active { e } else { e.not_started() }
            })
            .experiment("other_experiment", |e| in_group(e.version(time), group))
            .store("a_store", |s| {
                s.from_experiment("color", "an_experiment", "color")
            })
    }
}

/// Puts all users into this group, through a gate.
fn in_group(experiment: authoring::Experiment, group: &str) -> authoring::Experiment {
    experiment
        .rule(group)
        .when(passes_gate("a_gate"))
        .value("color", group)
        .group_name(group)
}

/// A client with storage that started with [`FIRST`].
struct Setup {
    statsig: OfflineClient,
    storage: Arc<InMemoryPersistentStorage>,
}

impl Setup {
    fn new() -> Self {
        let storage = Arc::new(InMemoryPersistentStorage::new());
        let options = StatsigOptions::builder()
            .persistent_storage(storage.clone())
            .clock(Arc::new(FixedClock(NOW_MS)))
            .build()
            .expect("valid options");
        let statsig = OfflineClient::new(FIRST.specs(), options).expect("valid specs");
        Self { statsig, storage }
    }

    /// The same after a first call, which stored the assignment of [`FIRST`]. Then other specs
    /// arrive.
    fn after_first_call(then: &Stage) -> Self {
        let setup = Self::new();
        assert_eq!(
            setup.experiment(&user()).group_name.as_deref(),
            Some("blue")
        );
        assert_eq!(setup.layer(&user()).group_name.as_deref(), Some("blue"));
        setup.statsig.set_specs(then.specs()).expect("valid specs");
        let _ = setup.statsig.take_events();
        setup
    }

    fn stored(&self) -> Arc<UserPersistedValues> {
        self.storage.load(KEY)
    }

    fn names(&self) -> Vec<String> {
        self.stored().keys().cloned().collect()
    }

    fn options(&self, user: &StatsigUser) -> ExperimentEvaluationOptions {
        ExperimentEvaluationOptions::new()
            .user_persisted_values(self.storage.get_values_for_user(user, "userID"))
    }

    fn experiment(&self, user: &StatsigUser) -> Experiment {
        let options = self.options(user);
        (self.statsig).get_experiment_with_options(user, "an_experiment", options)
    }

    fn layer_options(&self, user: &StatsigUser) -> LayerEvaluationOptions {
        LayerEvaluationOptions::new()
            .user_persisted_values(self.storage.get_values_for_user(user, "userID"))
    }

    fn layer(&self, user: &StatsigUser) -> Layer {
        let options = self.layer_options(user);
        self.statsig
            .get_layer_with_options(user, "a_layer", options)
    }
}

fn user() -> StatsigUser {
    StatsigUser::with_user_id("a-user")
}

fn user_abroad() -> StatsigUser {
    StatsigUser::builder("a-user").country("XX").build()
}

fn tester() -> StatsigUser {
    StatsigUser::builder("a-user")
        .email("tester@example.com")
        .build()
}
