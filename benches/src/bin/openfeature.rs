//! The cost of a flag of OpenFeature: through its client with our provider, with a provider that
//! returns a clone of the same details, and the same read with the SDK alone.
//!
//! ```sh
//! cargo run --release --features openfeature --bin openfeature
//! ```
//!
//! With `CASE SIDE CALLS` it makes only these calls, for callgrind: `gate ours 20000`.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use open_feature::provider::{FeatureProvider, ProviderMetadata, ResolutionDetails};
use open_feature::{
    Client, EvaluationContext, EvaluationError, EvaluationErrorCode, EvaluationResult, OpenFeature,
    StructValue, async_trait,
};
use statsig::StatsigUser;
use statsig::offline::OfflineClient;
use statsig_openfeature::StatsigProvider;

const CASES: [&str; 3] = ["gate", "config", "layer"];
const SIDES: [&str; 3] = ["ours", "framework", "sdk"];
/// The rounds of each side, and the calls in one. The fastest round counts.
const ROUNDS: usize = 40;
const CALLS: usize = 20_000;

const SPECS: &str = r#"{"has_updates": true, "time": 1, "experiment_to_layer": {},
    "condition_map": {"all": {"type": "public", "idType": "userID"}},
    "feature_gates": {"gate": {"type": "feature_gate", "entity": "feature_gate", "salt": "s", "enabled": true,
        "idType": "userID", "version": 3, "defaultValue": false, "rules": [{"name": "half", "id": "half", "salt": "h",
        "passPercentage": 50, "conditions": ["all"], "returnValue": true, "idType": "userID"}]}},
    "dynamic_configs": {"config": {"type": "dynamic_config", "entity": "dynamic_config", "salt": "s", "enabled": true,
        "idType": "userID", "version": 3, "defaultValue": {"limit": 10}, "rules": []}},
    "layer_configs": {"layer": {"type": "dynamic_config", "entity": "layer", "salt": "s", "enabled": true,
        "idType": "userID", "version": 3, "defaultValue": {"limit": 10, "title": "Hello"}, "rules": []}}}"#;

/// Returns clones: what OpenFeature itself costs, with details of the same size.
struct Cloning {
    metadata: ProviderMetadata,
    gate: ResolutionDetails<bool>,
    int: ResolutionDetails<i64>,
}

fn not_measured<T>() -> EvaluationResult<T> {
    Err(EvaluationError::builder()
        .code(EvaluationErrorCode::FlagNotFound)
        .build())
}

#[async_trait]
impl FeatureProvider for Cloning {
    fn metadata(&self) -> &ProviderMetadata {
        &self.metadata
    }

    async fn resolve_bool_value(
        &self,
        _: &str,
        _: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<bool>> {
        Ok(self.gate.clone())
    }

    async fn resolve_int_value(
        &self,
        _: &str,
        _: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<i64>> {
        Ok(self.int.clone())
    }

    async fn resolve_float_value(
        &self,
        _: &str,
        _: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<f64>> {
        not_measured()
    }

    async fn resolve_string_value(
        &self,
        _: &str,
        _: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<String>> {
        not_measured()
    }

    async fn resolve_struct_value(
        &self,
        _: &str,
        _: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<StructValue>> {
        not_measured()
    }
}

/// The result of a future that waits for nothing.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("no lock is held"),
    }
}

fn client_of(provider: impl FeatureProvider) -> Client {
    let mut api = OpenFeature::default();
    now(api.set_provider(provider));
    api.create_client()
}

struct Sides {
    statsig: OfflineClient,
    ours: Client,
    framework: Client,
    context: EvaluationContext,
}

impl Sides {
    fn new() -> Self {
        let statsig = OfflineClient::new(SPECS, None).expect("the specs are valid");
        let provider = StatsigProvider::new((*statsig).clone());
        let context = EvaluationContext::default().with_targeting_key("a-user");
        let gate = now(provider.resolve_bool_value("gate", &context)).expect("a gate");
        let int = now(provider.resolve_int_value("config", &context)).expect("a parameter");
        let cloning = Cloning {
            metadata: ProviderMetadata::new("statsig"),
            gate,
            int,
        };
        Self {
            statsig,
            ours: client_of(provider),
            framework: client_of(cloning),
            context,
        }
    }

    fn call(&self, case: &str, side: &str) {
        let context = Some(&self.context);
        let client = match side {
            "ours" => &self.ours,
            "framework" => &self.framework,
            _ => return self.read(case),
        };
        let succeeded = match case {
            "gate" => now(client.get_bool_details("gate", context, None)).is_ok(),
            "config" => now(client.get_int_details("config.limit", context, None)).is_ok(),
            _ => now(client.get_int_details("layer.limit", context, None)).is_ok(),
        };
        assert!(succeeded, "{case}");
    }

    /// The same with the SDK, for a user who is new in each call.
    fn read(&self, case: &str) {
        let user = StatsigUser::with_user_id("a-user");
        match case {
            "gate" => {
                black_box(self.statsig.get_feature_gate(&user, "gate"));
            }
            "config" => {
                let config = self.statsig.get_dynamic_config(&user, "config");
                black_box(config.get_i64("limit", 0));
            }
            _ => {
                let layer = self.statsig.get_layer(&user, "layer");
                black_box(layer.get_i64("limit", 0));
            }
        }
    }
}

fn main() {
    let sides = Sides::new();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [case, side, calls] = arguments.as_slice() {
        for _ in 0..calls.parse().expect("a number of calls") {
            sides.call(case, side);
        }
        return;
    }
    println!("ns a call, fastest of {ROUNDS} rounds: {}", SIDES.join(", "));
    for case in CASES {
        let mut fastest = SIDES.map(|_| f64::MAX);
        for _ in 0..ROUNDS {
            for (side, fastest) in SIDES.iter().zip(&mut fastest) {
                let start = Instant::now();
                for _ in 0..CALLS {
                    sides.call(case, side);
                }
                let call = start.elapsed().as_nanos() as f64 / CALLS as f64;
                *fastest = fastest.min(call);
            }
        }
        let [ours, framework, sdk] = fastest;
        let beyond = ours - framework;
        println!("{case}: {ours:.0}, {framework:.0}, {sdk:.0}; beyond the framework {beyond:.0}");
    }
}
