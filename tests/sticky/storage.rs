//! Reads without a storage, beside it, and with a broken one.

use super::*;

#[derive(Debug, StatsigParams)]
#[statsig(experiment = "an_experiment")]
struct Colors {
    #[statsig(default = "none")]
    color: String,
}

#[test]
fn other_reads_neither_serve_nor_change_what_is_stored() {
    let setup = Setup::after_first_call(&LATER);
    let (before, statsig, user) = (setup.stored(), &setup.statsig, user());
    assert_eq!(statsig.get_typed::<Colors>(&user).color, "red");
    let store = statsig.get_parameter_store(&user, "a_store");
    assert_eq!(store.get_string("color", ""), "red");
    // The condition requires the experiment's group, which is now another one.
    assert!(!statsig.check_gate(&user, "of_group"));
    statsig.manually_log_experiment_exposure(&user, "an_experiment");
    let config = statsig.get_dynamic_config(&user, "an_experiment");
    assert_eq!(config.get_string("color", ""), "red");
    assert_eq!(setup.stored(), before);
}

#[test]
fn without_storage_the_options_have_no_effect() {
    let setup = Setup::after_first_call(&LATER);
    let statsig = OfflineClient::new(LATER.specs(), None).expect("valid specs");
    let options = setup.options(&user());
    let experiment = statsig.get_experiment_with_options(&user(), "an_experiment", options);
    assert_eq!(experiment.get_string("color", ""), "red");
    let options = setup.layer_options(&user());
    let layer = statsig.get_layer_with_options(&user(), "a_layer", options);
    assert_eq!(layer.details.reason, "Bootstrap:Recognized");
}

/// A storage that panics on changes.
#[derive(Debug, Default)]
struct Panicking(InMemoryPersistentStorage);

impl PersistentStorage for Panicking {
    fn load(&self, key: &str) -> Arc<UserPersistedValues> {
        self.0.load(key)
    }

    fn save(&self, _: &str, _: &str, _: StickyValues) {
        panic!("the connection of save is gone");
    }

    fn delete(&self, _: &str, _: &str) {
        panic!("the connection of delete is gone");
    }
}

#[test]
fn a_storage_that_panics_costs_no_reader_its_value() {
    let options = StatsigOptions::builder()
        .persistent_storage(Arc::new(Panicking::default()))
        .clock(Arc::new(FixedClock(NOW_MS)))
        .build()
        .expect("valid options");
    let statsig = OfflineClient::new(FIRST.specs(), options).expect("valid specs");
    let saving = ExperimentEvaluationOptions::new().user_persisted_values(Arc::default());
    for options in [saving, ExperimentEvaluationOptions::default()] {
        let experiment = statsig.get_experiment_with_options(&user(), "an_experiment", options);
        assert_eq!(experiment.get_string("color", ""), "blue");
    }
    let saving = LayerEvaluationOptions::new().user_persisted_values(Arc::default());
    for options in [saving, LayerEvaluationOptions::default()] {
        let layer = statsig.get_layer_with_options(&user(), "a_layer", options);
        assert_eq!(layer.get_string("color", ""), "blue");
    }
}
