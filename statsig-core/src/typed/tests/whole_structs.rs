//! Defaults, schemas and sizes of whole structs.

use super::*;

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Banner {
    text: String,
}

#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(param_store = "checkout", default, rename_all = "kebab-case")]
struct Checkout {
    button_color: String,
    #[statsig(json)]
    banner: Banner,
    #[statsig(default = 7)]
    max_items: i64,
    #[statsig(skip)]
    origin: &'static str,
    view: Option<bool>,
}

impl Default for Checkout {
    fn default() -> Self {
        Self {
            button_color: "blue".to_owned(),
            banner: Banner {
                text: "none".to_owned(),
            },
            max_items: 1,
            origin: "code",
            view: Some(true),
        }
    }
}

#[test]
fn the_container_default_fills_what_is_missing() {
    let expected = Checkout {
        max_items: 7,
        ..Checkout::default()
    };
    assert_eq!(Checkout::defaults(), expected);

    let fake = Fake::new(json!({"button-color": "red", "banner": {"text": "Hi"}, "origin": "x"}));
    let checkout = fake.load::<Checkout>();
    assert_eq!(checkout.button_color, "red");
    assert_eq!(checkout.banner.text, "Hi");
    assert_eq!((checkout.max_items, checkout.origin), (7, "code"));
    // `Typed` has a private field with this name.
    assert_eq!(checkout.view, Some(true));
    assert_eq!(fake.exposed(), ["button-color", "banner"]);
}

#[test]
fn json_that_does_not_fit_says_why() {
    let fake = Fake::new(json!({"banner": {"txt": 1}}));
    let error = fake.try_load::<Checkout>().unwrap_err().to_string();
    let (_, problem) = error.split_once("banner: ").unwrap();
    assert!(problem.contains(r#"found {"txt":1}"#), "{problem}");
    assert!(problem.ends_with("(missing field `text`)"), "{problem}");
}

#[test]
fn the_schema_describes_the_struct() {
    let schema = Checkout::SCHEMA;
    assert_eq!(schema.struct_name, "Checkout");
    assert_eq!(
        schema.source,
        Some(ParamSource::parameter_store("checkout"))
    );
    assert_eq!(schema.expose, ExposePolicy::Access);
    let params: Vec<_> = schema
        .params
        .iter()
        .map(|param| {
            (
                param.field,
                param.name,
                param.kind,
                param.nullable,
                param.has_default,
            )
        })
        .collect();
    assert_eq!(
        params,
        [
            (
                "button_color",
                "button-color",
                ParamKind::String,
                false,
                true
            ),
            ("banner", "banner", ParamKind::Any, true, true),
            ("max_items", "max-items", ParamKind::Integer, false, true),
            ("view", "view", ParamKind::Bool, true, true),
        ]
    );
}

macro_rules! wide {
    ($name:ident, $policy:literal, $($field:ident)*) => {
        #[derive(Debug, Clone, StatsigParams)]
        #[allow(dead_code, reason = "with accessors every field is read, without them only some")]
        #[statsig(layer = "wide", expose = $policy)]
        struct $name { $(#[statsig(default)] $field: u32,)* }
    };
}

macro_rules! wide_70 {
    ($name:ident, $policy:literal) => {
        wide! { $name, $policy,
            a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0 b1 b2 b3 b4 b5 b6 b7 b8 b9
            c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 d0 d1 d2 d3 d4 d5 d6 d7 d8 d9
            e0 e1 e2 e3 e4 e5 e6 e7 e8 e9 f0 f1 f2 f3 f4 f5 f6 f7 f8 f9
            g0 g1 g2 g3 g4 g5 g6 g7 g8 g9
        }
    };
}

wide_70!(Wide, "access");
wide_70!(WideOnRead, "read");

#[test]
fn structs_of_more_than_64_fields_expose_each_once() {
    let names: Vec<&str> = Wide::SCHEMA.params.iter().map(|param| param.name).collect();
    let served: BTreeMap<&str, u32> = names.iter().copied().zip(0..).collect();
    let fake = Fake::new(json!(served));
    let wide = fake.load::<Wide>();
    assert_eq!((wide.a0, wide.g9), (0, 69));
    assert_eq!(fake.exposed(), names);

    let wide = fake.load::<WideOnRead>();
    assert_eq!(
        (wide.g9(), wide.g9(), wide.f3(), wide.f4()),
        (69, 69, 53, 54)
    );
    assert_eq!(fake.exposed(), ["g9", "f3", "f4"]);
}

#[test]
fn handles_cross_threads() {
    fn assert_send_sync<T: Send + Sync + 'static>() {}
    assert_send_sync::<Typed<OnRead>>();
    assert_send_sync::<Typed<OnAccess>>();
    assert_send_sync::<ParamsError>();
}
