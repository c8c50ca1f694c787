//! This SDK, initialised for measurements. Its network accepts everything and drops it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use statsig::client_init::{ClientInitResponseOptions, HashAlgorithm};
use statsig::sources::BootstrapSpecs;
use statsig::transport::{BoxFuture, Request, Response, Transport, TransportError};
use statsig::{Event, Statsig, StatsigOptions, StatsigParams, StatsigUser};
use tokio::runtime::Runtime;

use crate::one_worker;
use crate::roles::Roles;

pub use statsig as sdk;
pub type Side = Ours;

/// A client and its runtime.
pub struct Ours {
    pub client: Statsig,
    runtime: Arc<Runtime>,
    network: Arc<Swallow>,
}

/// Accepts every post, counts the events and drops them.
#[derive(Debug, Default)]
struct Swallow {
    events: AtomicU64,
}

impl Transport for Swallow {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        let events = request.headers.get("statsig-event-count");
        let events = events.and_then(|count| count.parse().ok());
        self.events
            .fetch_add(events.unwrap_or(0), Ordering::Relaxed);
        Box::pin(async { Ok(Response::new(202, r#"{"success":true}"#)) })
    }
}

impl Ours {
    pub fn new(specs: &str) -> Self {
        Self::on(Arc::new(one_worker()), specs)
    }

    /// Another client on the same runtime.
    pub fn again(&self, specs: &str) -> Self {
        Self::on(Arc::clone(&self.runtime), specs)
    }

    fn on(runtime: Arc<Runtime>, specs: &str) -> Self {
        let network = Arc::new(Swallow::default());
        let options = StatsigOptions::builder()
            .specs_adapter(Arc::new(BootstrapSpecs::new(specs)))
            .transport(network.clone())
            .build()
            .expect("the options are valid");
        let client = Statsig::new("secret-bench", options);
        let details = runtime
            .block_on(client.initialize())
            .expect("the specs are valid");
        assert!(details.is_config_spec_ready, "there are specs");
        Self {
            client,
            runtime,
            network,
        }
    }

    /// Events that reached the network.
    pub fn delivered(&self) -> u64 {
        self.network.events.load(Ordering::Relaxed)
    }

    /// Delivers everything that was recorded.
    pub fn flush(&self) {
        let stats = self.runtime.block_on(self.client.flush_events());
        assert!(stats.is_ok_and(|stats| stats.pending == 0));
    }

    /// The results of these entities for a user.
    pub fn answers(&self, roles: &Roles, user: &StatsigUser) -> Vec<Value> {
        let client = &self.client;
        let gates = [roles.public_gate, roles.percentage_gate, roles.nested_gate];
        let gates = gates.into_iter().flatten().map(|gate| {
            let found = client.get_feature_gate(user, gate);
            json!([
                gate,
                found.value,
                &*found.rule_id,
                found.details.reason.to_string()
            ])
        });
        let configs = [roles.config, roles.large_config];
        let configs = configs.into_iter().flatten().map(|config| {
            let found = client.get_dynamic_config(user, config);
            json!([config, found.value(), &*found.rule_id])
        });
        let experiments = [roles.experiment, roles.large_experiment];
        let experiments = experiments.into_iter().flatten().map(|experiment| {
            let found = client.get_experiment(user, experiment);
            json!([
                experiment,
                found.value(),
                &*found.rule_id,
                found.group_name.as_deref()
            ])
        });
        let layers = roles.layer.into_iter().map(|(layer, parameter)| {
            let found = client.get_layer(user, layer);
            json!([layer, found.get_string(parameter, ""), &*found.rule_id])
        });
        gates
            .chain(configs)
            .chain(experiments)
            .chain(layers)
            .collect()
    }

    pub fn shut_down(self) {
        let report = self.runtime.block_on(self.client.shutdown());
        assert!(report.is_ok(), "{report:?}");
    }
}

/// A user as in a backend. Both sides get the same user.
pub fn user(id: String) -> StatsigUser {
    StatsigUser::builder(id)
        .custom_id("companyID", "an-employer")
        .email("someone@example.com")
        .country("NZ")
        .custom("plan", "premium")
        .build()
}

/// A user with all fields.
pub fn full_user(id: &str) -> StatsigUser {
    StatsigUser::builder(id)
        .custom_id("companyID", "an-employer")
        .custom_id("stableID", "5f2b8c1e-stable")
        .email("someone@example.com")
        .ip("203.0.113.7")
        .user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
        .country("NZ")
        .locale("en_NZ")
        .app_version("4.17.2")
        .custom("plan", "premium")
        .custom("age", 41)
        .custom("beta", true)
        .private("card", "4111")
        .environment_tier("production")
        .build()
}

/// A fallback of the type that the read methods take.
pub fn fallback(text: &'static str) -> &'static str {
    text
}

pub fn read_store(
    client: &Statsig,
    user: &StatsigUser,
    store: &'static str,
    parameter: &'static str,
) -> String {
    let store = client.get_parameter_store(user, store);
    store.get_string(parameter, String::new())
}

/// A client initialize response with names in this hash: `none`, `djb2` or `sha256`.
pub fn client_init(hash: &str) -> impl Fn(&Statsig, &StatsigUser) -> String + use<> {
    let algorithm: HashAlgorithm = hash.parse().expect("a hash");
    let options = ClientInitResponseOptions::new().hash_algorithm(algorithm);
    move |client, user| client.get_client_init_response_as_string_with_options(user, &options)
}

pub fn log_purchase(client: &Statsig, user: &StatsigUser) {
    client.log_event(user, purchase());
}

pub fn purchase() -> Event {
    Event::new("add_to_cart")
        .value("SKU_12345")
        .metadata("price", "9.99")
        .metadata("currency", "EUR")
}

/// Three parameters of a layer, as in a request handler.
#[derive(Debug, StatsigParams)]
#[statsig(layer = "promo_layer")]
pub struct Promo {
    #[statsig(default = "Welcome")]
    pub title: String,
    #[statsig(default = 0.0)]
    pub discount: f64,
    #[statsig(default = "Browse")]
    pub call_to_action: String,
}

/// Twenty parameters of a layer.
#[derive(Debug, StatsigParams)]
#[statsig(layer = "wide_layer")]
pub struct Wide {
    #[statsig(default = "Default")]
    pub parameter_0: String,
    #[statsig(default = 0.0)]
    pub parameter_1: f64,
    #[statsig(default = false)]
    pub parameter_2: bool,
    #[statsig(default = "Default")]
    pub parameter_3: String,
    #[statsig(default = 0.0)]
    pub parameter_4: f64,
    #[statsig(default = false)]
    pub parameter_5: bool,
    #[statsig(default = "Default")]
    pub parameter_6: String,
    #[statsig(default = 0.0)]
    pub parameter_7: f64,
    #[statsig(default = false)]
    pub parameter_8: bool,
    #[statsig(default = "Default")]
    pub parameter_9: String,
    #[statsig(default = 0.0)]
    pub parameter_10: f64,
    #[statsig(default = false)]
    pub parameter_11: bool,
    #[statsig(default = "Default")]
    pub parameter_12: String,
    #[statsig(default = 0.0)]
    pub parameter_13: f64,
    #[statsig(default = false)]
    pub parameter_14: bool,
    #[statsig(default = "Default")]
    pub parameter_15: String,
    #[statsig(default = 0.0)]
    pub parameter_16: f64,
    #[statsig(default = false)]
    pub parameter_17: bool,
    #[statsig(default = "Default")]
    pub parameter_18: String,
    #[statsig(default = 0.0)]
    pub parameter_19: f64,
}
