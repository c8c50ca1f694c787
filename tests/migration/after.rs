use statsig::compat::{LogLevel, StatsigUserSetters};
use statsig::compat::{ClientInitResponseOptions, HashAlgorithm, ParameterStoreEvaluationOptions};
use statsig::compat::{ExperimentEvaluationOptions, Statsig, StatsigErr, StatsigOptions, StatsigUser};
use std::{collections::HashMap, sync::Arc};

#[tokio::main]
pub async fn main() -> Result<(), StatsigErr> {
    let mut options = StatsigOptions::new();
    options.environment = Some("development".to_string());
    options.specs_sync_interval_ms = Some(10_000);
    options.output_log_level = Some(LogLevel::Debug);
    options.disable_network = Some(true);
    let statsig = Statsig::new("secret-key", Some(Arc::new(options)));
    statsig.initialize().await?;
    let mut user = StatsigUser::with_user_id("a-user");
    user.set_email("a@example.com");
    user.set_custom(HashMap::from([("plan", "premium")]));
    let passes = statsig.check_gate(&user, "a_gate");
    let limit = statsig.get_dynamic_config(&user, "a_config").get_i64("limit", 10);
    let exposed = ExperimentEvaluationOptions { disable_exposure_logging: false, ..Default::default() };
    let experiment = statsig.get_experiment_with_options(&user, "an_experiment", exposed);
    let title = statsig.get_layer(&user, "a_layer").get_string("title", "Welcome".to_string());
    let (blue, silent) = (Some("blue".to_string()), ParameterStoreEvaluationOptions::default());
    let color = statsig.get_string_parameter_from_store(&user, "store", "color", blue, Some(silent));
    println!("{passes} {limit} {:?} {title} {color:?}", experiment.group_name);
    let price = HashMap::from([("price".to_string(), "9.99".to_string())]);
    statsig.log_event(&user, "add_to_cart", Some("SKU_12345".to_string()), Some(price));
    statsig.log_event_with_number(&user, "purchase", Some(9.99), None);
    let hashed = ClientInitResponseOptions { hash_algorithm: Some(HashAlgorithm::Sha256), ..Default::default() };
    println!("{}", statsig.get_client_init_response_with_options_as_string(&user, &hashed).len());
    statsig.flush_events().await;
    statsig.shutdown().await
}
