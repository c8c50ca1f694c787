//! The derive macro with its runtime: which exposures are logged, and when.

mod attributes;
#[allow(dead_code, reason = "fields are seen through `Debug`")]
mod table;
mod whole_structs;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::thread;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::*;

/// Serves fixed values and remembers the exposures.
#[derive(Debug, Clone)]
struct Fake {
    values: HashMap<String, Value>,
    recognized: bool,
    log: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    fn new(values: Value) -> Self {
        Self {
            values: serde_json::from_value(values).unwrap(),
            recognized: true,
            log: Arc::default(),
        }
    }

    /// The exposures since the last call.
    fn exposed(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    fn load<P: StatsigParams>(&self) -> Typed<P> {
        load(self.clone(), |_| ())
    }

    fn try_load<P: StatsigParams>(&self) -> Result<Typed<P>, ParamsError> {
        try_load(self.clone())
    }
}

impl ServedParams for Fake {
    fn value(&self, _param: &ParamSchema, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    fn expose(&self, _param: &ParamSchema, name: &str, manual: bool) {
        let marker = if manual { " (manual)" } else { "" };
        self.log.lock().unwrap().push(format!("{name}{marker}"));
    }

    fn is_recognized(&self, _entity: ParamSource) -> bool {
        self.recognized
    }

    fn decided_by(&self, _param: Option<&ParamSchema>) -> DecidedBy {
        DecidedBy {
            rule_id: Some("rule".to_owned()),
            group_name: Some("Test".to_owned()),
            allocated_experiment: None,
            reason: if self.recognized {
                "Network:Recognized".to_owned()
            } else {
                "Network:Unrecognized".to_owned()
            },
        }
    }
}

const NOTHING: [&str; 0] = [];

macro_rules! promo {
    ($name:ident, $($attributes:tt)*) => {
        #[derive(Debug, Clone, PartialEq, Serialize, StatsigParams)]
        #[statsig($($attributes)*)]
        struct $name {
            #[statsig(default = "Welcome!")]
            title: String,
            #[statsig(default = 0.1)]
            discount: f64,
            #[statsig(alias = "call_to_action")]
            cta: Option<String>,
            #[statsig(default = 3)]
            limit: u8,
        }
    };
}

promo!(OnAccess, layer = "promos");
promo!(OnRead, layer = "promos", expose = "read");
promo!(OnLoad, layer = "promos", expose = "load");
promo!(Manually, layer = "promos", expose = "manual");
promo!(Experiment, experiment = "promo");
promo!(ExperimentOnRead, experiment = "promo", expose = "read");

/// `title` fits, `discount` is missing, `cta` is served under its alias, and `limit` does not fit.
fn mixed() -> Fake {
    Fake::new(json!({"title": "Hi", "call_to_action": null, "limit": 300, "unknown": 1}))
}

#[test]
fn values_defaults_and_misfits_are_told_apart() {
    let promo = mixed().load::<OnAccess>();
    let expected = OnAccess {
        title: "Hi".to_owned(),
        discount: 0.1,
        cta: None,
        limit: 3,
    };
    assert_eq!(*promo.peek(), expected);
    assert_eq!(promo.origin("title"), Some(ParamOrigin::Served));
    assert_eq!(promo.origin("discount"), Some(ParamOrigin::Default));
    assert_eq!(promo.origin("cta"), Some(ParamOrigin::Served));
    assert_eq!(promo.origin("limit"), Some(ParamOrigin::Mismatch));
    assert_eq!(promo.origin("unknown"), None);
    let meta = promo.meta();
    assert_eq!(meta.rule_id.as_deref(), Some("rule"));
    let fields: Vec<_> = meta
        .fields
        .iter()
        .map(|meta| (meta.field, meta.parameter, meta.origin))
        .collect();
    assert_eq!(
        fields,
        [
            ("title", "title", ParamOrigin::Served),
            ("discount", "discount", ParamOrigin::Default),
            ("cta", "call_to_action", ParamOrigin::Served),
            ("limit", "limit", ParamOrigin::Mismatch),
        ]
    );
    assert_eq!(
        meta.field("limit").unwrap().rule_id.as_deref(),
        Some("rule")
    );
}

#[test]
fn on_access_everything_served_is_exposed_once() {
    let fake = mixed();
    let promo = fake.load::<OnAccess>();
    assert_eq!(fake.exposed(), NOTHING);
    assert_eq!(promo.discount, 0.1);
    assert_eq!(fake.exposed(), ["title", "call_to_action"]);
    assert_eq!(promo.title, "Hi");
    assert_eq!(promo.clone().title, "Hi");
    assert_eq!(promo.into_inner().title, "Hi");
    assert_eq!(fake.exposed(), NOTHING);
}

#[test]
fn on_read_each_parameter_is_exposed_at_its_own_first_read() {
    let fake = mixed();
    let promo = fake.load::<OnRead>();
    assert_eq!(promo.discount(), 0.1);
    assert_eq!(promo.limit(), 3);
    assert_eq!(fake.exposed(), NOTHING);
    assert_eq!(promo.cta(), None);
    assert_eq!(promo.cta(), None);
    assert_eq!(fake.exposed(), ["call_to_action"]);
    let clone = promo.clone();
    assert_eq!(clone.title(), "Hi");
    assert_eq!(promo.title(), "Hi");
    assert_eq!(fake.exposed(), ["title"]);
}

#[test]
fn on_load_everything_served_is_exposed_at_once() {
    let fake = mixed();
    let promo = fake.load::<OnLoad>();
    assert_eq!(fake.exposed(), ["title", "call_to_action"]);
    assert_eq!(promo.title, "Hi");
    assert_eq!(promo.into_inner().title, "Hi");
    assert_eq!(fake.exposed(), NOTHING);
}

#[test]
fn manually_only_what_is_asked_for_is_exposed() {
    let fake = mixed();
    let promo = fake.load::<Manually>();
    assert_eq!(promo.title, "Hi");
    assert_eq!(fake.exposed(), NOTHING);
    assert!(promo.log_exposure("title"));
    assert!(!promo.log_exposure("title"), "logged before");
    assert!(!promo.log_exposure("discount"), "not served");
    assert!(!promo.log_exposure("limit"), "does not fit");
    assert!(!promo.log_exposure("unknown"));
    assert_eq!(fake.exposed(), ["title (manual)"]);
    promo.log_exposures();
    promo.log_exposures();
    assert_eq!(fake.exposed(), ["call_to_action (manual)"]);
    let promo = fake.load::<Manually>();
    assert_eq!(promo.into_inner().title, "Hi");
    assert_eq!(fake.exposed(), NOTHING);
}

#[test]
fn a_parameter_exposed_by_hand_is_not_exposed_again() {
    let fake = mixed();
    let promo = fake.load::<OnAccess>();
    assert!(promo.log_exposure("call_to_action"));
    assert_eq!(promo.title, "Hi");
    assert_eq!(fake.exposed(), ["call_to_action (manual)", "title"]);
}

#[test]
fn an_experiment_is_exposed_once_by_whatever_was_served() {
    let fake = mixed();
    let promo = fake.load::<Experiment>();
    assert_eq!(promo.limit, 3);
    assert_eq!(promo.title, "Hi");
    assert_eq!(fake.exposed(), ["title"]);

    let promo = fake.load::<ExperimentOnRead>();
    assert_eq!((promo.limit(), promo.discount()), (3, 0.1));
    assert_eq!(fake.exposed(), NOTHING, "defaults are never exposed");
    assert_eq!(promo.cta(), None);
    assert_eq!(promo.title(), "Hi");
    promo.log_exposures();
    assert_eq!(fake.exposed(), ["call_to_action"]);

    let unserved = Fake::new(json!({"limit": "x"}));
    let promo = unserved.load::<Experiment>();
    assert_eq!(promo.limit, 3);
    promo.log_exposures();
    assert_eq!(unserved.exposed(), NOTHING);
}

#[test]
fn looking_without_reading_exposes_nothing() {
    let fake = mixed();
    let promo = fake.load::<OnAccess>();
    let view = fake.load::<OnRead>();
    assert_eq!(promo.peek().title, "Hi");
    assert_eq!(promo, promo.clone());
    assert!(format!("{promo:?}").starts_with("OnAccess { title: \"Hi\""));
    assert!(format!("{view:?}").starts_with("OnRead { title: \"Hi\""));
    assert_eq!(serde_json::to_value(&promo).unwrap()["title"], "Hi");
    assert_eq!(view.peek().title, "Hi");
    assert_eq!(promo.into_inner_unexposed().title, "Hi");
    assert_eq!(view.into_inner_unexposed().title, "Hi");
    assert_eq!(fake.exposed(), NOTHING);
}

#[test]
fn taking_the_struct_exposes_the_rest() {
    let fake = mixed();
    let promo = fake.load::<OnRead>();
    assert_eq!(promo.title(), "Hi");
    assert_eq!(fake.exposed(), ["title"]);
    assert_eq!(promo.into_inner().title, "Hi");
    assert_eq!(fake.exposed(), ["call_to_action"]);
}

#[test]
fn the_current_name_wins_over_an_alias() {
    let fake = Fake::new(json!({"cta": "new", "call_to_action": "old"}));
    let promo = fake.load::<OnAccess>();
    assert_eq!(promo.cta.as_deref(), Some("new"));
    assert_eq!(fake.exposed(), ["cta"]);
}

#[test]
fn threads_that_share_a_struct_expose_it_once() {
    let fake = mixed();
    let promo = fake.load::<OnAccess>();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(promo.clone().title, "Hi"));
        }
    });
    assert_eq!(fake.exposed().len(), 2);
}

#[test]
fn a_strict_load_lists_every_problem() {
    assert!(
        Fake::new(json!({"title": "Hi"}))
            .try_load::<OnAccess>()
            .is_ok()
    );

    let mut fake =
        Fake::new(json!({"title": 1, "discount": "x", "call_to_action": [], "limit": 3}));
    fake.recognized = false;
    let error = fake.try_load::<OnLoad>().unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"OnLoad: expected layer "promos" in the specs, found none (Network:Unrecognized)
OnLoad.title: layer "promos", rule "rule", group "Test": expected a string, found 1
OnLoad.discount: layer "promos", rule "rule", group "Test": expected a number, found "x"
OnLoad.cta: layer "promos", parameter "call_to_action", rule "rule", group "Test": expected a string, found []"#
    );
    assert_eq!(error.problems().len(), 4);
    assert_eq!(fake.exposed(), NOTHING);
}

#[test]
fn a_lenient_load_reports_mismatches() {
    let mut reported = 0;
    let promo: Typed<OnAccess> = load(mixed(), |problems| reported = problems.len());
    assert_eq!(promo.peek().limit, 3);
    assert_eq!(reported, 1);
}

#[test]
fn a_detached_struct_exposes_nothing() {
    let promo = Typed::detached(OnRead {
        limit: 9,
        ..OnRead::defaults()
    });
    assert_eq!((promo.limit(), promo.title()), (9, "Welcome!"));
    assert!(!promo.log_exposure("limit"));
    assert_eq!(promo.origin("limit"), Some(ParamOrigin::Default));
    assert_eq!(promo.meta().reason, "Detached");
}
