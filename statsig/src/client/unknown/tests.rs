use tracing::Level;

use super::*;
use crate::StatsigParams;
use crate::testing::{OfflineClient, Specs, authoring, record_logs};
use crate::user::StatsigUser;

#[test]
fn the_nearest_name_is_one_that_differs_in_few_letters() {
    let known = ["promo_layer", "promo_layers", "checkout"];
    let nearest = |name| nearest(name, known.into_iter());
    assert_eq!(nearest("promo_layr"), Some("promo_layer"));
    assert_eq!(nearest("promo_alyer"), Some("promo_layer"));
    assert_eq!(nearest("chekcout"), Some("checkout"));
    assert_eq!(nearest("something_else"), None);
    assert_eq!(nearest(""), None);
    assert_eq!(nearest(&"promo_layer".repeat(20)), None);
}

/// The warnings that this call logs.
fn warnings(doing: impl FnOnce()) -> Vec<String> {
    let log = record_logs();
    doing();
    let warnings = log.take().into_iter();
    warnings
        .filter(|line| line.level == Level::WARN)
        .map(|line| line.message)
        .collect()
}

fn specs(time: u64) -> Specs {
    project(time, |layer| layer)
}

/// Specs of this time with more parameters in the layer.
fn project(time: u64, build: impl FnOnce(authoring::Layer) -> authoring::Layer) -> Specs {
    Specs::new()
        .time(time)
        .gate("new_checkout", |g| g)
        .config("limits", |c| {
            c.default("most", 5).default("none", Value::Null)
        })
        .layer("promo_layer", |l| build(l.default("title", "Hello")))
        .store("a_store", |s| {
            s.fixed("size", 3)
                .from_layer("title", "promo_layer", "title")
        })
}

fn client() -> OfflineClient {
    OfflineClient::new(specs(1), None).unwrap()
}

fn user() -> StatsigUser {
    StatsigUser::with_user_id("u")
}

#[test]
fn an_unknown_name_is_warned_of_once_with_the_nearest_known_one() {
    let client = client();
    let warned = warnings(|| {
        for _ in 0..3 {
            let _ = client.get_layer(&user(), "promo_layr");
            let _ = client.check_gate(&user(), "newcheckout");
            let _ = client.get_dynamic_config(&user(), "promo_layer");
            let _ = client.get_parameter_store(&user(), "a_stor");
            let _ = client.get_experiment(&user(), "something else");
        }
    });
    assert_eq!(
        warned,
        [
            r#"the specs have no layer "promo_layr"; fallbacks are served; did you mean "promo_layer"?"#,
            r#"the specs have no gate "newcheckout"; fallbacks are served; did you mean "new_checkout"?"#,
            r#"the specs have no dynamic config "promo_layer"; fallbacks are served; that name is a layer"#,
            r#"the specs have no parameter store "a_stor"; fallbacks are served; did you mean "a_store"?"#,
            r#"the specs have no experiment "something else"; fallbacks are served"#,
        ]
    );
}

#[test]
fn an_unknown_name_is_warned_of_anew_with_other_specs() {
    let client = client();
    let ask = || drop(client.get_layer(&user(), "promo_layr"));
    assert_eq!(warnings(ask).len(), 1);
    assert_eq!(warnings(ask).len(), 0);
    // New ID lists are not new specs.
    client.set_id_lists([("list", ["u"])]);
    assert_eq!(warnings(ask).len(), 0);
    client.set_specs(specs(2)).unwrap();
    assert_eq!(warnings(ask).len(), 1);
}

#[test]
fn nothing_is_unknown_before_there_are_specs_or_if_it_is_overridden_or_known() {
    let without_specs = OfflineClient::without_specs(None);
    let client = client();
    client.override_gate("forced", true, None);
    let warned = warnings(|| {
        let _ = without_specs.check_gate(&user(), "a_gate");
        let _ = client.check_gate(&user(), "forced");
        let _ = client.check_gate(&user(), "new_checkout");
        let _ = client
            .get_layer(&user(), "promo_layer")
            .get_string("title", "");
    });
    assert_eq!(warned, <[&str; 0]>::default());
}

#[test]
fn unknown_names_are_warned_of_up_to_a_limit() {
    let client = client();
    let warned = warnings(|| {
        for number in 0..MAX_WARNINGS + 50 {
            let _ = client.check_gate(&user(), &format!("no gate of this name {number}"));
        }
    });
    assert_eq!(warned.len(), MAX_WARNINGS + 1);
}

#[test]
fn a_long_name_is_cut_in_the_log() {
    let client = client();
    let warned = warnings(|| assert!(!client.check_gate(&user(), &"x".repeat(100_000))));
    assert!(warned[0].len() < 300, "{}", warned[0].len());
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "promo_layr")]
struct Misnamed {
    #[statsig(default = "")]
    title: String,
}

#[test]
fn the_wrong_layer_of_a_typed_struct_is_warned_of() {
    let client = client();
    let warned = warnings(|| assert_eq!(client.get_typed::<Misnamed>(user()).title, ""));
    assert_eq!(
        warned,
        [
            r#"the specs have no layer "promo_layr"; fallbacks are served; did you mean "promo_layer"?"#
        ]
    );
}

#[test]
fn a_whole_float_is_an_integer_and_exposed_and_a_misfit_is_neither() {
    let specs = project(1, |layer| layer.default("size", 5.0));
    let client = OfflineClient::new(specs, None).unwrap();
    let layer = client.get_layer(&user(), "promo_layer");
    assert_eq!(layer.get_integer("title", 1), 1);
    assert_eq!(layer.get_integer("size", 1), 5);
    let exposed: Vec<_> = client
        .take_events()
        .into_iter()
        .map(|event| event["metadata"]["parameterName"].clone())
        .collect();
    assert_eq!(exposed, ["size"]);
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "promo_layer")]
struct Misfitting {
    #[statsig(default = 1)]
    title: u8,
}

#[test]
fn a_misfit_is_warned_of_anew_with_other_specs_and_not_with_other_id_lists() {
    let client = client();
    let read = || {
        assert_eq!(client.get_typed::<Misfitting>(user()).title, 1);
        assert_eq!(
            client.get_layer(&user(), "promo_layer").get_i64("title", 1),
            1
        );
    };
    assert_eq!(
        warnings(read),
        [
            r#"Misfitting.title: layer "promo_layer", rule "default": expected an integer in 0..=255, found "Hello"; using the default"#,
            r#"layer "promo_layer", parameter "title": expected an integer, found "Hello"; using the fallback"#,
        ]
    );
    client.set_id_lists([("list", ["u"])]);
    assert_eq!(warnings(read), <[&str; 0]>::default());
    client.set_specs(specs(2)).unwrap();
    assert_eq!(warnings(read).len(), 2);
}

#[test]
fn a_parameter_read_by_hand_as_what_it_is_not_is_warned_of_once() {
    let client = client();
    let warned = warnings(|| {
        for _ in 0..3 {
            let config = client.get_dynamic_config(&user(), "limits");
            assert_eq!(config.get_string("most", "many"), "many");
            assert_eq!(config.get_i64("most", 1), 5);
            assert!(!config.get_bool("none", false));
            assert!(!config.get_bool("missing", false));
            let layer = client.get_layer(&user(), "promo_layer");
            assert_eq!(layer.get_f64("title", 0.5), 0.5);
            let store = client.get_parameter_store(&user(), "a_store");
            assert!(!store.get_bool("size", false));
            assert_eq!(store.get::<u8>("title", 1), 1);
        }
    });
    assert_eq!(
        warned,
        [
            r#"dynamic config "limits", parameter "most": expected a string, found 5; using the fallback"#,
            r#"layer "promo_layer", parameter "title": expected a number, found "Hello"; using the fallback"#,
            r#"parameter store "a_store", parameter "size": expected true or false, found 3; using the fallback"#,
            r#"parameter store "a_store", parameter "title": expected u8, found "Hello"; using the fallback"#,
        ]
    );
}
