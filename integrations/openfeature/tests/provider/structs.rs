//! Structs of parameters as the values of flags.

use open_feature::{EvaluationErrorCode, StructValue};
use statsig::{ParamEnum, StatsigParams};

use crate::support::{App, user};

#[derive(Debug, PartialEq, StatsigParams)]
#[statsig(layer = "promos", open_feature)]
struct Promo {
    #[statsig(default = "Welcome")]
    title: String,
    #[statsig(default = 0.1)]
    discount: f64,
    #[statsig(default = "Browse")]
    call_to_action: String,
}

#[derive(Debug, PartialEq, Default, ParamEnum)]
#[statsig(rename_all = "snake_case")]
enum Size {
    #[default]
    Large,
    Small,
}

#[derive(Debug, PartialEq, StatsigParams)]
#[statsig(embedded)]
struct Inside {
    #[statsig(default = 0)]
    a: u8,
    b: Option<u8>,
}

#[derive(Debug, PartialEq, StatsigParams)]
#[statsig(config = "limits", open_feature)]
struct Limits {
    #[statsig(default = 0)]
    max: u32,
    #[statsig(default)]
    name: Size,
    none: Option<String>,
    #[statsig(nested)]
    inside: Inside,
    #[statsig(default)]
    list: Vec<serde_json::Value>,
}

#[derive(Debug, PartialEq, StatsigParams)]
#[statsig(layer = "promos", open_feature)]
struct Wrong {
    #[statsig(default = 0)]
    title: u8,
}

#[tokio::test]
async fn a_flag_is_a_struct_of_parameters() {
    let app = App::new().await;
    let promo: Promo = app
        .client
        .get_struct_value("promos", Some(&user()), None)
        .await
        .unwrap();
    let expected = Promo {
        title: "Hello".to_owned(),
        discount: 0.25,
        call_to_action: "Browse".to_owned(),
    };
    assert_eq!(promo, expected);
    assert_eq!(app.exposures(), ["promos.discount", "promos.title"]);
}

#[tokio::test]
async fn enums_options_lists_and_nested_structs_are_read() {
    let app = App::new().await;
    let limits: Limits = app
        .client
        .get_struct_value("limits", Some(&user()), None)
        .await
        .unwrap();
    let expected = Limits {
        max: 10,
        name: Size::Small,
        none: None,
        inside: Inside { a: 1, b: None },
        list: vec![serde_json::json!(1), serde_json::json!("two")],
    };
    assert_eq!(limits, expected);
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_a_mismatch() {
    let app = App::new().await;
    let user = user();
    let found = app
        .client
        .get_struct_value::<Wrong>("promos", Some(&user), None);
    let error = found.await.unwrap_err();
    assert_eq!(error.code, EvaluationErrorCode::TypeMismatch);
    let value = StructValue::default().with_field("title", "Hello");
    let error = Wrong::try_from(value).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"Wrong.title: layer "promos": expected an integer in 0..=255, found "Hello""#
    );
}
