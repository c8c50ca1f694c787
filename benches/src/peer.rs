//! The official crate, initialised for measurements. Its adapter does the work of the original one
//! except the network.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use serde_json::{Value, json};
use statsig_rust::compression::compression_helper::compress_data;
use statsig_rust::log_event_payload::LogEventRequest;
use statsig_rust::{
    ClientInitResponseOptions, DynamicValue, EventLoggingAdapter, HashAlgorithm, Statsig,
    StatsigBootstrapSpecsAdapter, StatsigErr, StatsigOptions, StatsigRuntime, StatsigUser,
    StatsigUserBuilder,
};
use tokio::runtime::Runtime;

use crate::one_worker;
use crate::roles::Roles;

pub use statsig_rust as sdk;
pub type Side = Peer;

/// A client and its runtime.
pub struct Peer {
    pub client: Arc<Statsig>,
    runtime: Arc<Runtime>,
    adapter: Arc<Swallow>,
}

/// Serialises and compresses each request with the crate's own code, as its HTTP adapter does, and
/// drops the result.
#[derive(Default)]
struct Swallow {
    events: AtomicU64,
}

#[async_trait]
impl EventLoggingAdapter for Swallow {
    async fn start(&self, _: &Arc<StatsigRuntime>) -> Result<(), StatsigErr> {
        Ok(())
    }

    async fn log_events(&self, request: LogEventRequest) -> Result<bool, StatsigErr> {
        let body = serde_json::to_vec(&request.payload)
            .map_err(|error| StatsigErr::SerializationError(error.to_string()))?;
        std::hint::black_box(compress_data(&body)?);
        self.events
            .fetch_add(request.event_count, Ordering::Relaxed);
        Ok(true)
    }

    async fn shutdown(&self) -> Result<(), StatsigErr> {
        Ok(())
    }

    fn should_schedule_background_flush(&self) -> bool {
        true
    }
}

impl Peer {
    pub fn new(specs: &str) -> Self {
        Self::on(Arc::new(one_worker()), "secret-bench", specs)
    }

    /// Another client on the same runtime. It has its own key, because clients with the same key
    /// share state.
    pub fn again(&self, specs: &str) -> Self {
        Self::on(Arc::clone(&self.runtime), "secret-again", specs)
    }

    fn on(runtime: Arc<Runtime>, key: &str, specs: &str) -> Self {
        let specs = Arc::new(StatsigBootstrapSpecsAdapter::new(specs.to_owned()));
        Self::with_specs(runtime, key, specs)
    }

    fn with_specs(
        runtime: Arc<Runtime>,
        key: &str,
        specs: Arc<StatsigBootstrapSpecsAdapter>,
    ) -> Self {
        let adapter = Arc::new(Swallow::default());
        let options = StatsigOptions {
            specs_adapter: Some(specs),
            event_logging_adapter: Some(adapter.clone()),
            // The table is loaded once in a process. The client waits for it, so that it does not
            // disturb a measurement.
            wait_for_country_lookup_init: Some(true),
            wait_for_user_agent_init: Some(true),
            ..StatsigOptions::default()
        };
        // The constructor spawns tasks on the current runtime.
        let client = runtime.block_on(async {
            let client = Statsig::new(key, Some(Arc::new(options)));
            client.initialize().await.expect("the specs are valid");
            client
        });
        Self {
            client: Arc::new(client),
            runtime,
            adapter,
        }
    }

    /// Events that reached the end of the adapter.
    pub fn delivered(&self) -> u64 {
        self.adapter.events.load(Ordering::Relaxed)
    }

    /// Delivers all recorded events, except those in delivery.
    pub fn flush(&self) {
        self.runtime.block_on(self.client.flush_events());
    }

    /// The results of these entities for a user.
    pub fn answers(&self, roles: &Roles, user: &StatsigUser) -> Vec<Value> {
        let client = &self.client;
        let gates = [roles.public_gate, roles.percentage_gate, roles.nested_gate];
        let gates = gates.into_iter().flatten().map(|gate| {
            let found = client.get_feature_gate(user, gate);
            json!([gate, found.value, found.rule_id, found.details.reason])
        });
        let configs = [roles.config, roles.large_config];
        let configs = configs.into_iter().flatten().map(|config| {
            let found = client.get_dynamic_config(user, config);
            json!([config, found.value, found.rule_id])
        });
        let experiments = [roles.experiment, roles.large_experiment];
        let experiments = experiments.into_iter().flatten().map(|experiment| {
            let found = client.get_experiment(user, experiment);
            json!([experiment, found.value, found.rule_id, found.group_name])
        });
        let layers = roles.layer.into_iter().map(|(layer, parameter)| {
            let found = client.get_layer(user, layer);
            json!([
                layer,
                found.get_string(parameter, String::new()),
                found.rule_id
            ])
        });
        gates
            .chain(configs)
            .chain(experiments)
            .chain(layers)
            .collect()
    }

    pub fn shut_down(self) {
        let result = self.runtime.block_on(self.client.shutdown());
        assert!(result.is_ok(), "{result:?}");
    }
}

/// A client whose specs can be replaced.
pub struct Replaceable {
    _client: Peer,
    specs: Arc<StatsigBootstrapSpecsAdapter>,
}

impl Replaceable {
    pub fn new(text: &str) -> Self {
        let specs = Arc::new(StatsigBootstrapSpecsAdapter::new(text.to_owned()));
        let runtime = Arc::new(one_worker());
        Self {
            _client: Peer::with_specs(runtime, "secret-again", specs.clone()),
            specs,
        }
    }

    /// Returns when the specs are in use.
    pub fn replace(&self, text: String) -> Result<(), String> {
        self.specs.set_data(text).map_err(|error| error.to_string())
    }
}

/// A user as in a backend. Both sides get the same user.
pub fn user(id: String) -> StatsigUser {
    StatsigUserBuilder::new_with_user_id(id)
        .custom_ids(Some([("companyID", "an-employer")]))
        .email(Some("someone@example.com".to_owned()))
        .country(Some("NZ".to_owned()))
        .custom(Some(HashMap::from([(
            "plan".to_owned(),
            DynamicValue::from("premium"),
        )])))
        .build()
}

/// A user with all fields.
pub fn full_user(id: &str) -> StatsigUser {
    StatsigUserBuilder::new_with_user_id(id)
        .custom_ids(Some([
            ("companyID", "an-employer"),
            ("stableID", "5f2b8c1e-stable"),
        ]))
        .email(Some("someone@example.com".to_owned()))
        .ip(Some("203.0.113.7".to_owned()))
        .user_agent(Some(
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(),
        ))
        .country(Some("NZ".to_owned()))
        .locale(Some("en_NZ".to_owned()))
        .app_version(Some("4.17.2".to_owned()))
        .custom(Some(HashMap::from([
            ("plan".to_owned(), DynamicValue::from("premium")),
            ("age".to_owned(), DynamicValue::from(41_i64)),
            ("beta".to_owned(), DynamicValue::from(true)),
        ])))
        .private_attributes(Some(HashMap::from([(
            "card".to_owned(),
            DynamicValue::from("4111"),
        )])))
        .statsig_environment(Some(HashMap::from([(
            "tier".to_owned(),
            "production".to_owned(),
        )])))
        .build()
}

/// A fallback of the type that the read methods take.
pub fn fallback(text: &'static str) -> String {
    text.to_owned()
}

pub fn read_store(
    client: &Statsig,
    user: &StatsigUser,
    store: &'static str,
    parameter: &'static str,
) -> String {
    let store = client.get_parameter_store(store);
    store.get_string(user, parameter, String::new())
}

/// A client initialize response with names in this hash: `none`, `djb2` or `sha256`.
pub fn client_init(hash: &str) -> impl Fn(&Statsig, &StatsigUser) -> String + use<> {
    let options = ClientInitResponseOptions {
        hash_algorithm: Some(match hash {
            "none" => HashAlgorithm::None,
            "djb2" => HashAlgorithm::Djb2,
            _ => HashAlgorithm::Sha256,
        }),
        ..Default::default()
    };
    move |client, user| client.get_client_init_response_with_options_as_string(user, &options)
}

pub fn log_purchase(client: &Statsig, user: &StatsigUser) {
    let metadata = HashMap::from([
        ("price".to_owned(), "9.99".to_owned()),
        ("currency".to_owned(), "EUR".to_owned()),
    ]);
    client.log_event(
        user,
        "add_to_cart",
        Some("SKU_12345".to_owned()),
        Some(metadata),
    );
}
