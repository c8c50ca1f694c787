//! Structs of parameters that the specs do not fit.

use super::*;
use crate::typed::{
    ExposureState, FromParam, ParamReader, ParamSchema, ParamSource, Schema, StatsigParams,
};

/// Without a source in the specs.
struct Lost {
    _size: String,
}

impl StatsigParams for Lost {
    type View = Self;

    const SCHEMA: &'static Schema =
        &Schema::new("Lost", &[ParamSchema::of::<String>("size", "size")])
            .source(ParamSource::layer("nowhere"));

    fn read(reader: &mut ParamReader<'_>) -> Self {
        Self {
            _size: reader.field(0, String::from_param, String::new),
        }
    }

    fn into_view(self, _exposures: &ExposureState) -> Self {
        self
    }

    fn from_view(view: Self) -> Self {
        view
    }

    fn peek(view: &Self) -> &Self {
        view
    }
}

#[tokio::test(start_paused = true)]
async fn drift_of_parameter_structs_is_measured_with_new_specs() {
    let observed = Observed::with(Listener::default(), |options| {
        options.check_schema::<Lost>()
    });
    observed.statsig.initialize().await.unwrap();
    sleep(secs(11)).await;
    let heard = observed.health.of("schema_drifts");
    let drifts: Vec<_> = heard
        .iter()
        .map(|heard| (heard.kind, &*heard.tags["severity"], heard.value))
        .collect();
    assert_eq!(drifts, [("gauge", "error", 1.0), ("gauge", "warning", 0.0)]);
}

#[tokio::test(start_paused = true)]
async fn values_that_do_not_fit_a_struct_are_measured() {
    let observed = Observed::new();
    observed.statsig.initialize().await.unwrap();
    let size = json!({"size": 5}).as_object().cloned().unwrap();
    observed.statsig.override_layer("nowhere", size, None);
    for _ in 0..2 {
        let _ = observed
            .statsig
            .get_typed::<Lost>(StatsigUser::with_user_id("u"));
    }
    sleep(secs(11)).await;
    let heard = observed.health.of("typed.mismatch");
    let counted: Vec<_> = heard
        .iter()
        .map(|heard| (heard.kind, heard.value))
        .collect();
    assert_eq!(counted, [("increment", 2.0)]);
}
