//! Flattened and nested structs, bundles, policies of fields, and the schemas of all attributes.

use std::time::Duration;

use serde_json::json;

use super::*;

#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(embedded)]
struct Banner {
    #[statsig(default = "none")]
    text: String,
    #[statsig(default = 3, range = 1..=5)]
    size: u8,
}

#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(embedded, rename_all = "camelCase")]
struct Paging {
    #[statsig(default = 10)]
    page_size: u32,
    #[statsig(nested, rename = "footer")]
    banner: Banner,
}

#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(layer = "shop")]
struct Shop {
    #[statsig(flatten)]
    paging: Paging,
    #[statsig(default = "Shop")]
    title: String,
    #[statsig(nested)]
    banner: Banner,
    #[statsig(nested)]
    extra: Option<Banner>,
}

#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(layer = "shop", expose = "read")]
struct ShopOnRead {
    #[statsig(default = "Shop")]
    title: String,
    #[statsig(flatten)]
    paging: Paging,
    #[statsig(nested)]
    extra: Option<Banner>,
    #[statsig(expose = "manual", default = 1)]
    quiet: u8,
    #[statsig(expose = "load", default = 1)]
    eager: u8,
}

fn shop() -> Fake {
    Fake::new(json!({
        "title": "Sale",
        "pageSize": 20,
        "footer": {"text": "Bye", "size": 9},
        "banner": {"size": "big"},
        "quiet": 2,
        "eager": 3,
    }))
}

#[test]
fn flattened_parameters_are_those_of_the_struct() {
    let names: Vec<_> = Shop::SCHEMA.params.iter().map(|param| param.name).collect();
    assert_eq!(names, ["title", "banner", "extra", "pageSize", "footer"]);
    let fake = shop();
    let shop = fake.load::<Shop>();
    assert_eq!(shop.paging.page_size, 20);
    assert_eq!(fake.exposed(), ["title", "banner", "pageSize", "footer"]);
    assert_eq!(shop.origin("pageSize"), Some(ParamOrigin::Served));
    assert_eq!(Shop::defaults().paging.page_size, 10);
}

#[test]
fn nested_structs_report_each_field_and_keep_the_rest() {
    let fake = shop();
    let loaded = fake.load::<Shop>();
    let Shop {
        paging,
        banner,
        extra,
        ..
    } = loaded.peek();
    assert_eq!((banner.text.as_str(), banner.size), ("none", 3));
    assert_eq!(
        (paging.banner.text.as_str(), paging.banner.size),
        ("Bye", 3)
    );
    assert_eq!(*extra, None);
    let error = fake.try_load::<Shop>().unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"Shop.banner.size: layer "shop", parameter "footer", rule "rule", group "Test": expected a number in 1..=5, found 9
Shop.banner.size: layer "shop", parameter "banner", rule "rule", group "Test": expected a number in 1..=5, found "big""#
    );
    let extra = Fake::new(json!({"extra": {}})).load::<Shop>();
    assert_eq!(extra.peek().extra, Some(Banner::defaults()));
}

#[test]
fn a_flattened_struct_is_exposed_as_a_whole_when_it_is_read() {
    let fake = shop();
    let shop = fake.load::<ShopOnRead>();
    assert_eq!(fake.exposed(), ["eager"], "on load");
    assert_eq!(shop.paging().page_size, 20);
    assert_eq!(fake.exposed(), ["pageSize", "footer"]);
    assert_eq!((shop.quiet(), shop.eager(), shop.extra()), (2, 3, None));
    assert_eq!(fake.exposed(), NOTHING);
    assert!(shop.log_exposure("quiet"));
    assert_eq!(shop.clone().into_inner().title, "Sale");
    assert_eq!(fake.exposed(), ["quiet (manual)", "title"]);
}

#[derive(Debug, Clone, PartialEq, StatsigParams)]
struct Bundle {
    #[statsig(gate = "new_checkout")]
    new_checkout: bool,
    #[statsig(layer = "promos", default = "Welcome!")]
    title: String,
    #[statsig(config = "limits", rename = "max", default = 5)]
    max_items: u32,
    #[statsig(config = "limits", rename = "min", default = 1, expose = "manual")]
    min_items: u32,
    #[statsig(param_store = "shop", expose = "manual")]
    note: Option<String>,
    #[statsig(config = "quiet", default = 1, expose = "manual")]
    quiet: u32,
}

#[test]
fn a_bundle_exposes_each_entity_as_a_read_by_hand_would() {
    let served = json!({
        "new_checkout": true, "title": "Hi", "max": 7, "min": 2, "note": "n", "quiet": 2,
    });
    let fake = Fake::new(served);
    let bundle = fake.load::<Bundle>();
    assert!(bundle.new_checkout);
    // `max` and `min` belong to one config, so there is one exposure.
    assert_eq!(fake.exposed(), ["new_checkout", "title", "max"]);
    assert!(
        !bundle.log_exposure(Bundle::MIN_ITEMS),
        "its config is exposed"
    );
    bundle.log_exposures();
    assert_eq!(fake.exposed(), ["note (manual)", "quiet (manual)"]);
    let bundle = fake.load::<Bundle>();
    assert!(bundle.log_exposure("min"));
    assert_eq!(bundle.clone().into_inner().max_items, 7);
    assert_eq!(fake.exposed(), ["min (manual)", "new_checkout", "title"]);
}

#[test]
fn a_bundle_names_the_source_of_each_parameter() {
    let sources = Bundle::SCHEMA.sources();
    let expected = [
        ParamSource::gate("new_checkout"),
        ParamSource::layer("promos"),
        ParamSource::dynamic_config("limits"),
        ParamSource::parameter_store("shop"),
        ParamSource::dynamic_config("quiet"),
    ];
    assert_eq!(sources, expected);
    let mut fake = Fake::new(json!({"max": "x"}));
    fake.recognized = false;
    let error = fake.try_load::<Bundle>().unwrap_err().to_string();
    assert_eq!(error.lines().count(), 6, "{error}");
    assert!(error.starts_with("Bundle: expected gate \"new_checkout\" in the specs, found none"));
    assert!(error.ends_with(
        r#"Bundle.max_items: dynamic config "limits", parameter "max", rule "rule", group "Test": expected an integer in 0..=4294967295, found "x""#
    ));
}

#[derive(Debug, StatsigParams)]
struct Page {
    #[statsig(flatten)]
    shop: Shop,
    #[statsig(flatten)]
    old: OnAccess,
    #[statsig(gate = "new_page")]
    is_new: bool,
}

#[test]
fn flattened_structs_bring_their_sources() {
    let [own, others @ ..] = Page::SCHEMA.params else {
        panic!("no parameters");
    };
    assert_eq!(own.source, Some(ParamSource::gate("new_page")));
    let sources: Vec<_> = others.iter().filter_map(|param| param.source).collect();
    assert_eq!(sources[..5], [ParamSource::layer("shop"); 5]);
    assert_eq!(sources[5..], [ParamSource::layer("promos"); 4]);
    let page = Fake::new(json!({"pageSize": 5, "new_page": true})).load::<Page>();
    assert_eq!((page.shop.paging.page_size, page.is_new), (5, true));
}

/// All about it.
#[derive(Debug, Clone, PartialEq, StatsigParams)]
#[statsig(
    experiment = "full",
    id_type = "companyID",
    deny_unknown,
    on_mismatch = "default",
    rename_all = "kebab-case"
)]
struct Full {
    /// How much off.
    #[statsig(default = 10, range = 0..100, clamp, alias = "rebate")]
    discount: u8,
    #[statsig(default = "red", one_of = ["red", "blue"], non_empty)]
    color: String,
    #[statsig(unit = "s", default = 2.5)]
    delay: Duration,
    #[statsig(unit = "s", default = Duration::from_millis(1_500))]
    pause: Duration,
    #[statsig(unit = "h", default = 1)]
    rest: Option<Duration>,
    #[statsig(nested)]
    banner: Banner,
    #[statsig(json, default = vec![1])]
    raw_list: Vec<u8>,
}

#[test]
fn a_schema_tells_all_that_attributes_say() {
    let schema = Full::SCHEMA;
    assert_eq!(schema.description, "All about it.");
    assert_eq!(schema.id_type, Some("companyID"));
    assert!(schema.deny_unknown);
    assert_eq!(schema.on_mismatch, OnMismatch::Default);
    let [discount, color, delay, _, _, banner, raw] = schema.params else {
        panic!("7 parameters");
    };
    assert_eq!(discount.description, "How much off.");
    assert_eq!(discount.aliases, ["rebate"]);
    assert_eq!(discount.range.unwrap().to_string(), "0..100");
    assert!(discount.clamp);
    assert_eq!(
        color.one_of,
        [ParamLiteral::Text("red"), ParamLiteral::Text("blue")]
    );
    assert!(color.non_empty);
    assert_eq!(delay.unit, Some(TimeUnit::Seconds));
    assert_eq!(banner.nested.unwrap().params.len(), 2);
    assert_eq!((raw.name, raw.kind), ("raw-list", ParamKind::Any));
}

#[test]
fn a_schema_tells_the_defaults() {
    assert_eq!(
        (Full::SCHEMA.defaults)(),
        [
            Some(json!(10)),
            Some(json!("red")),
            Some(json!(2.5)),
            Some(json!(1.5)),
            Some(json!(1)),
            Some(json!({"text": "none", "size": 3})),
            None,
        ]
    );
    let flattened = (Shop::SCHEMA.defaults)();
    assert_eq!(flattened[3], Some(json!(10)), "pageSize");
    assert_eq!(flattened[2], None, "nothing stands for an absent struct");
}

#[test]
fn a_schema_checks_values_as_reading_does() {
    let check = |name: &str, value: Value| {
        let mut params = Full::SCHEMA.params.iter();
        let param = params.find(|param| param.name == name).unwrap();
        let wrong = param.check(&value).err()?;
        let (expected, problem) = wrong.into_parts();
        Some(problem.map_or(expected.clone(), |problem| {
            format!("{expected} ({problem})")
        }))
    };
    assert_eq!(check("discount", json!(99)), None);
    assert_eq!(check("discount", json!(100)).unwrap(), "a number in 0..100");
    assert_eq!(
        check("color", json!("green")).unwrap(),
        "one of \"red\", \"blue\""
    );
    assert_eq!(check("delay", json!("1s")).unwrap(), "a number of seconds");
    assert_eq!(check("rest", json!(null)), None);
    assert_eq!(check("banner", json!({"size": 5})), None);
    assert_eq!(
        check("banner", json!({"size": 6})).unwrap(),
        "a number in 1..=5 (at .size)"
    );
    assert!(
        check("raw-list", json!(["a"]))
            .unwrap()
            .starts_with("JSON for")
    );
}

#[test]
fn each_mismatch_of_a_struct_is_reported() {
    let mut reported = 0;
    let fake = Fake::new(json!({"discount": 200, "color": "green"}));
    let full: Typed<Full> = load(fake, |problems| reported = problems.len());
    assert_eq!(
        (full.peek().discount, full.peek().color.as_str()),
        (10, "red")
    );
    assert_eq!(reported, 2);
}

#[test]
fn a_default_of_the_struct_fills_what_is_missing_in_every_kind_of_field() {
    #[derive(Debug, PartialEq, StatsigParams)]
    #[statsig(layer = "l", default)]
    struct Filled {
        #[statsig(nested)]
        banner: Banner,
        #[statsig(nested)]
        maybe: Option<Banner>,
        #[statsig(unit = "ms")]
        delay: Duration,
        #[statsig(flatten)]
        paging: Paging,
    }

    impl Default for Filled {
        fn default() -> Self {
            let banner = Banner {
                text: "default".to_owned(),
                size: 4,
            };
            Self {
                maybe: Some(banner.clone()),
                delay: Duration::from_secs(9),
                paging: Paging {
                    page_size: 0,
                    banner: banner.clone(),
                },
                banner,
            }
        }
    }

    let defaults = Filled::defaults();
    assert_eq!((defaults.banner.size, defaults.delay.as_secs()), (4, 9));
    assert_eq!(defaults.maybe.unwrap().text, "default");
    assert_eq!(
        defaults.paging.page_size, 10,
        "a flattened struct has defaults of its own"
    );
    let served =
        Fake::new(json!({"maybe": {"size": 1}, "banner": {}, "delay": 5})).load::<Filled>();
    assert_eq!(served.maybe.as_ref().unwrap().size, 1);
    assert_eq!((served.banner.size, served.delay.as_millis()), (3, 5));
}
