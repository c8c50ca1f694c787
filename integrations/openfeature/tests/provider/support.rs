//! Specs with every kind of entity, and a client of OpenFeature that reads them.

use open_feature::{Client, EvaluationContext, OpenFeature};
use serde_json::{Value, json};
use statsig::StatsigOptions;
use statsig::offline::OfflineClient;
use statsig::overrides::RequestOverrides;
use statsig::testing::{Specs, custom};
use statsig_openfeature::StatsigProvider;

pub(crate) fn specs() -> Specs {
    Specs::new()
        .time(1_790_000_000_000)
        .gate("everyone", |g| g.rule("all").everyone())
        .gate("gold_only", |g| {
            g.rule("gold").when(custom("plan").any(["gold"]))
        })
        .gate("half", |g| g.rule("half").everyone().pass(50))
        .gate("off", |g| g.disabled())
        .gate("twin", |g| g.rule("all").everyone())
        .config("limits", |c| {
            c.version(7)
                .defaults([
                    ("max", json!(10)),
                    ("ratio", json!(0.5)),
                    ("whole", json!(3.0)),
                    ("huge", json!(u64::MAX)),
                    ("open", json!(true)),
                    ("name", json!("small")),
                    ("none", json!(null)),
                    ("list", json!([1, null, "two"])),
                    ("inside", json!({"a": 1, "b": null})),
                ])
                .rule("gold")
                .when(custom("plan").any(["gold"]))
                .group_name("Gold")
                .returns(json!({"max": 100}))
        })
        .config("single", |c| c.default("message", "hi"))
        .config("empty", |c| c)
        .config("twin", |c| c.default("message", "the config"))
        .config("checkout.v2", |c| c.default("title", "with a dot"))
        .experiment("colors", |e| {
            e.group("Deep cut", |g| g.value("color", "red"))
        })
        .layer("promos", |l| {
            l.default("title", "Hello").default("discount", 0.25)
        })
        .layer("limits_layer", |l| l.default("max", 1))
        .store("settings", |s| {
            s.fixed("theme", "dark")
                .by_gate("is_on", "everyone", true, false)
                .from_config("max", "limits", "max")
                .from_layer("title", "promos", "title")
        })
        .store("alone", |s| s.fixed("theme", "light"))
}

/// The same with conditions that this version does not know.
pub(crate) fn later_specs() -> String {
    let specs = specs().to_json().unwrap();
    let mut specs: Value = serde_json::from_str(&specs).unwrap();
    for condition in specs["condition_map"].as_object_mut().unwrap().values_mut() {
        condition["type"] = "something_new".into();
    }
    specs.to_string()
}

/// An application that uses the provider.
pub(crate) struct App {
    pub(crate) statsig: OfflineClient,
    pub(crate) provider: StatsigProvider,
    pub(crate) client: Client,
}

impl App {
    pub(crate) async fn new() -> Self {
        Self::with(None).await
    }

    pub(crate) async fn with(options: impl Into<Option<StatsigOptions>>) -> Self {
        Self::of(OfflineClient::new(specs(), options).unwrap()).await
    }

    pub(crate) async fn of(statsig: OfflineClient) -> Self {
        let provider = StatsigProvider::new((*statsig).clone());
        Self::over(statsig, provider).await
    }

    /// Reads with overrides.
    pub(crate) async fn of_tester(statsig: OfflineClient, overrides: RequestOverrides) -> Self {
        let tester = statsig.pin().with_overrides(overrides);
        let provider = StatsigProvider::new((*tester).clone());
        Self::over(statsig, provider).await
    }

    async fn over(statsig: OfflineClient, provider: StatsigProvider) -> Self {
        let mut api = OpenFeature::default();
        api.set_provider(provider.clone()).await;
        Self {
            client: api.create_client(),
            statsig,
            provider,
        }
    }

    /// The exposures so far, as "entity" or "layer.parameter".
    pub(crate) fn exposures(&self) -> Vec<String> {
        let events = self.statsig.take_events();
        let exposed = events.iter().filter_map(|event| {
            let metadata = &event["metadata"];
            let name = metadata["gate"].as_str().or(metadata["config"].as_str())?;
            Some(match metadata["parameterName"].as_str() {
                Some(parameter) => format!("{name}.{parameter}"),
                None => name.to_owned(),
            })
        });
        exposed.collect()
    }
}

pub(crate) fn user() -> EvaluationContext {
    EvaluationContext::default().with_targeting_key("a-user")
}

pub(crate) fn gold() -> EvaluationContext {
    user().with_custom_field("plan", "gold")
}
