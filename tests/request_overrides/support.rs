//! Specs, a client and the exposures of the tests.

use statsig::testing::{OfflineClient, Specs, passes_gate};
use statsig::{StatsigParams, StatsigUser};

pub(crate) const FORCED: &str = "RequestOverride:Recognized";

pub(crate) const USUAL: &str = "Bootstrap:Recognized";

/// `open` passes, and `closed` does not. `outer` passes if `open` does. `half` passes for half of
/// the users, so its evaluations are remembered.
pub(crate) fn specs() -> Specs {
    Specs::new()
        .time(5)
        .gate("open", |gate| gate.passes_by_default())
        .gate("closed", |gate| gate)
        .gate("outer", |gate| {
            gate.rule("by_open").when(passes_gate("open"))
        })
        .gate("half", |gate| gate.rule("by_share").everyone().pass(50))
        .config("a_config", |config| {
            config.defaults([("title", "Hello"), ("cta", "Buy")])
        })
        .layer("promo", |layer| {
            let layer = layer.default("title", "none").default("discount", 0);
            layer.default("cta", "none")
        })
        .experiment("promo_test", |experiment| {
            experiment.layer("promo").group("treatment", |group| {
                let group = group.size(100).value("title", "Hello");
                group.value("discount", 10).value("cta", "Buy")
            })
        })
        .store("a_store", |store| {
            store
                .fixed("color", "red")
                .by_gate("size", "open", 2, 1)
                .from_layer("title", "promo", "title")
                .from_layer("cta", "promo", "cta")
        })
}

pub(crate) fn client() -> OfflineClient {
    OfflineClient::new(specs(), None).expect("valid specs")
}

pub(crate) fn user() -> StatsigUser {
    StatsigUser::with_user_id("a-user")
}

/// The exposures since the last call as `name` or `layer.parameter`, with their reasons.
pub(crate) fn exposures(client: &OfflineClient) -> Vec<(String, String)> {
    let events = client.take_events().into_iter();
    let shown = events.filter_map(|event| {
        let metadata = &event["metadata"];
        let text = |field: &str| metadata[field].as_str();
        let name = match event["eventName"].as_str()? {
            "statsig::gate_exposure" => text("gate")?.to_owned(),
            "statsig::config_exposure" => text("config")?.to_owned(),
            "statsig::layer_exposure" => format!("{}.{}", text("config")?, text("parameterName")?),
            _ => return None,
        };
        Some((name, text("reason")?.to_owned()))
    });
    shown.collect()
}

pub(crate) fn usual(names: &[&str]) -> Vec<(String, String)> {
    let names = names.iter();
    names
        .map(|name| ((*name).to_owned(), USUAL.to_owned()))
        .collect()
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "promo")]
pub(crate) struct Promo {
    #[statsig(default = "none")]
    pub(crate) title: String,
    #[statsig(default = 0)]
    pub(crate) discount: i64,
}
