//! How described projects are evaluated, and which problems they report.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::country::Countries;
use crate::entity_kind::EntityKind;
use crate::evaluation::{EvaluationContext, Evaluator, NamedEvaluation};
use crate::results::{Served, SpecsSource};
use crate::specs::snapshot::{Loaded, Snapshot};
use crate::user::StatsigUser;

const NOW_MS: u64 = 1_760_000_000_000;

/// A value, the rule that gave it, and the group.
type Answer = (Value, String, Option<String>);

struct Project(Snapshot);

impl Project {
    fn of(specs: &Specs) -> Self {
        let empty = Snapshot::uninitialized(None, Arc::default(), Countries::disabled());
        let json = specs.to_json().unwrap();
        let Loaded::New(compiled) = empty.load(json.as_bytes(), NOW_MS).unwrap() else {
            panic!("expected new specs");
        };
        Self(empty.with_specs(*compiled, SpecsSource::Bootstrap, None, NOW_MS))
    }

    fn ask(&self, kind: EntityKind, name: &str, user: &StatsigUser) -> Answer {
        let entry = self.0.specs.find(name).expect("an entity of this name");
        let context = EvaluationContext::of(&self.0, NOW_MS, 0);
        let evaluation = Evaluator::new(context, user).evaluate(kind, entry);
        let named = NamedEvaluation {
            snapshot: &self.0,
            name,
            entry: Some(entry),
            evaluation: &evaluation,
        };
        let value = match kind {
            EntityKind::Gate => json!(named.feature_gate(Served::default()).value),
            _ => json!(named.dynamic_config(Served::default()).value),
        };
        let group = named.group_name().map(|name| name.to_string());
        (value, named.rule_id().to_string(), group)
    }

    fn passes(&self, gate: &str, user: &StatsigUser) -> bool {
        self.ask(EntityKind::Gate, gate, user).0 == true
    }

    fn config(&self, name: &str, user: &StatsigUser) -> Answer {
        self.ask(EntityKind::DynamicConfig, name, user)
    }

    fn layer(&self, name: &str, user: &StatsigUser) -> Answer {
        self.ask(EntityKind::Layer, name, user)
    }
}

fn ann() -> StatsigUser {
    StatsigUser::with_user_id("ann")
}

fn users() -> impl Iterator<Item = StatsigUser> {
    (0..1_000).map(|number| StatsigUser::with_user_id(format!("user-{number}")))
}

#[test]
fn the_rule_id_is_the_rules_name() {
    let project = Project::of(&Specs::new().gate("free_shipping", |g| {
        g.rule("premium")
            .when(custom("plan").any(["gold"]))
            .pass(100)
            .rule("none")
            .everyone()
            .pass(0)
    }));
    let gold = StatsigUser::builder("ann").custom("plan", "Gold").build();
    let of = |user| {
        let (value, rule, _) = project.ask(EntityKind::Gate, "free_shipping", user);
        (value == true, rule)
    };
    assert_eq!(of(&gold), (true, "premium".to_owned()));
    assert_eq!(of(&ann()), (false, "none".to_owned()));
}

#[test]
fn half_of_the_users_pass_half() {
    let specs = Specs::new().gate("half", |g| g.everyone().pass(50));
    let project = Project::of(&specs);
    let passed = users().filter(|user| project.passes("half", user)).count();
    assert!((450..550).contains(&passed), "{passed}");
}

#[test]
fn conditions_read_like_sentences() {
    let specs = Specs::new()
        .gate("mail", |g| g.when(email().ends_with_any(["@example.com"])))
        .gate("old", |g| g.when(app_version().version_lt("2")))
        .gate("seats", |g| g.when(custom("seats").gt(5)))
        .gate("pattern", |g| g.when(user_id().matches("^a.n$")))
        .gate("beta", |g| {
            g.when(passes_gate("mail")).when(fails_gate("old"))
        })
        .segment("friends", |s| s.when(user_id().any(["ann"])))
        .gate("friendly", |g| g.when(in_segment("friends")))
        .gate("later", |g| g.when(current_time().after(NOW_MS + 1)))
        .gate("company", |g| g.when(unit_id("companyID").any(["c-1"])));
    let project = Project::of(&specs);
    let user = StatsigUser::builder("ann")
        .email("ann@example.com")
        .app_version("1.9")
        .custom("seats", 6)
        .custom_id("companyID", "c-1")
        .build();
    for gate in ["mail", "old", "seats", "pattern", "friendly", "company"] {
        assert!(project.passes(gate, &user), "{gate}");
    }
    for gate in ["beta", "later"] {
        assert!(!project.passes(gate, &user), "{gate}");
    }
    let nobody = StatsigUser::with_user_id("bob");
    for gate in ["mail", "old", "seats", "pattern", "friendly", "company"] {
        assert!(!project.passes(gate, &nobody), "{gate}");
    }
}

#[test]
fn a_config_returns_what_its_rule_says_or_its_defaults() {
    let specs = Specs::new().config("limits", |c| {
        c.default("items", 10)
            .rule("large")
            .when(custom("plan").any(["gold"]))
            .value("items", 100)
    });
    let project = Project::of(&specs);
    let gold = StatsigUser::builder("ann").custom("plan", "gold").build();
    assert_eq!(project.config("limits", &gold).0, json!({"items": 100}));
    let default = (json!({"items": 10}), "default".to_owned(), None);
    assert_eq!(project.config("limits", &ann()), default);
}

#[test]
fn groups_take_their_shares_and_groups_without_a_size_the_rest() {
    let specs = Specs::new().experiment("test", |e| {
        e.default("color", "grey")
            .group("Small", |g| g.size(20).value("color", "red"))
            .group("B", |g| g.value("color", "blue"))
            .group("C", |g| g)
    });
    let project = Project::of(&specs);
    let mut counts = std::collections::BTreeMap::new();
    for user in users() {
        let (value, rule, group) = project.config("test", &user);
        assert_eq!(group.as_ref(), Some(&rule));
        *counts
            .entry((rule, value["color"].clone().to_string()))
            .or_insert(0) += 1;
    }
    let count = |rule: &str, color: &str| counts[&(rule.to_owned(), format!("\"{color}\""))];
    assert!((160..240).contains(&count("Small", "red")), "{counts:?}");
    assert!((350..450).contains(&count("B", "blue")), "{counts:?}");
    assert!((350..450).contains(&count("C", "grey")), "{counts:?}");
}

#[test]
fn experiments_of_a_layer_share_its_users_and_return_whole_layers() {
    let specs = Specs::new()
        .layer("promo", |l| l.default("title", "Hi").default("discount", 0))
        .experiment("titles", |e| {
            e.layer("promo")
                .allocation(30)
                .group("Loud", |g| g.value("title", "HI"))
        })
        .experiment("discounts", |e| {
            e.layer("promo")
                .allocation(50)
                .group("Ten", |g| g.value("discount", 10))
        });
    let project = Project::of(&specs);
    let mut counts = [0, 0, 0];
    for user in users() {
        let (value, rule, group) = project.layer("promo", &user);
        let (place, expected) = match group.as_deref() {
            Some("Loud") => (0, json!({"title": "HI", "discount": 0})),
            Some("Ten") => (1, json!({"title": "Hi", "discount": 10})),
            other => {
                assert_eq!((other, &*rule), (None, "default"));
                (2, json!({"title": "Hi", "discount": 0}))
            }
        };
        assert_eq!(value, expected);
        counts[place] += 1;
    }
    assert!((250..350).contains(&counts[0]), "{counts:?}");
    assert!((450..550).contains(&counts[1]), "{counts:?}");
}

#[test]
fn targeting_overrides_and_holdouts_come_before_the_groups() {
    let specs = Specs::new()
        .holdout("held", |h| h.when(user_id().any(["held"])))
        .gate("members", |g| g.when(custom("member").equals(true)))
        .experiment("test", |e| {
            e.default("color", "grey")
                .holdout("held")
                .target(passes_gate("members"))
                .override_ids("Red", ["forced"])
                .group("Red", |g| g.size(0).value("color", "red"))
                .group("Blue", |g| g.value("color", "blue"))
        })
        .experiment("german", |e| {
            e.target(country().any(["DE"])).group("All", |g| g)
        });
    let project = Project::of(&specs);
    let rule = |name: &str, user: &StatsigUser| project.config(name, user).1;
    let member = |id: &str| StatsigUser::builder(id).custom("member", true).build();
    assert_eq!(rule("test", &member("held")), "held");
    assert_eq!(rule("test", &member("ann")), "Blue");
    assert_eq!(rule("test", &ann()), "targetingGate");
    assert_eq!(
        project.config("test", &StatsigUser::with_user_id("forced")),
        (
            json!({"color": "red"}),
            "Red:userID:id_override".to_owned(),
            Some("Red".to_owned())
        )
    );
    let german = StatsigUser::builder("ann").country("DE").build();
    assert_eq!(rule("german", &german), "All");
    assert_eq!(rule("german", &ann()), "inlineTargetingRules");
}

#[test]
fn an_experiment_that_does_not_run_serves_the_defaults_or_the_launched_group() {
    let specs = |end: fn(Experiment) -> Experiment| {
        Specs::new().experiment("test", |e| {
            end(e.default("color", "grey")).group("Red", |g| g.value("color", "red"))
        })
    };
    let before = Project::of(&specs(|e| e.not_started())).config("test", &ann());
    assert_eq!(
        before,
        (json!({"color": "grey"}), "prestart".to_owned(), None)
    );
    let after = Project::of(&specs(|e| e.launched("Red"))).config("test", &ann());
    assert_eq!(
        (after.0, &*after.1),
        (json!({"color": "red"}), "launchedGroup")
    );
}

#[test]
fn the_same_project_gives_the_same_text() {
    let specs = || {
        Specs::new()
            .time(5)
            .gate("b", |g| g.when(custom("x").any([1, 2])))
            .gate("a", |g| g.when(custom("x").any([1, 2])))
            .store("s", |s| s.by_gate("p", "a", 1, 2))
            .id_list("l", ["x"])
    };
    let json = specs().to_json().unwrap();
    assert_eq!(json, specs().to_json().unwrap());
    let value: Value = json.parse().unwrap();
    assert_eq!(value["time"], 5);
    assert_eq!(value["condition_map"].as_object().unwrap().len(), 1);
}

#[test]
fn each_problem_says_what_was_expected_and_what_to_do() {
    let specs = Specs::new()
        .gate("g", |g| g.rule("r").pass(150).rule("r").when(custom("x")))
        .gate("g", |g| g.when(passes_gate("h")).when(in_segment("s")))
        .config("c", |c| c.returns(true).when(custom("x").matches("(")))
        .layer("l", |l| l.default("title", "Hi"))
        .experiment("e", |e| {
            e.layer("l")
                .group("A", |g| g.size(60).value("tilte", 1))
                .group("B", |g| g.size(50))
                .override_ids("C", ["ann"])
        })
        .experiment("f", |e| e.layer("m").allocation(40).holdout("h"))
        .experiment("k", |e| e.layer("l").allocation(1).group("A", |g| g))
        .store("s", |s| {
            s.from_layer("a", "l", "color")
                .from_experiment("b", "z", "y")
        });
    let found = specs.to_json().unwrap_err().to_string();
    let expected = [
        r#"the project: expected one gate "g", found two; rename or remove one of them"#,
        r#"gate "g": expected one rule "r", found two; rename or remove one of them"#,
        r#"gate "g", rule "r": expected a pass percentage from 0 to 100, found 150; correct it"#,
        r#"gate "g", rule "r": expected a comparison such as `any([…])`, found a condition without one; complete it"#,
        r#"gate "g", rule "rule": expected a known gate, found "h"; add it, or use one of g"#,
        r#"gate "g", rule "rule": expected a known segment, found "segment:s"; add it, or use one of g"#,
        r#"dynamic config "c", rule "rule": expected an object with parameters, found true; correct the value"#,
        r#"dynamic config "c", rule "rule": expected a regular expression, found "(": "#,
        r#"layer "l": expected allocations of its experiments of at most 100 together, found 101; make them smaller"#,
        r#"experiment "e", group "A", layer "l": expected a known parameter, found "tilte"; add it, or use one of title"#,
        r#"experiment "e": expected group sizes of at most 100 together, found 110; make them smaller"#,
        r#"experiment "e": expected a known group, found "C"; add it, or use one of A, B"#,
        r#"experiment "f": expected a known holdout, found "h"; add it"#,
        r#"experiment "f": expected at least one group, found none; add one with `group(…)`"#,
        r#"experiment "f": expected a known layer, found "m"; add it, or use one of l"#,
        r#"parameter store "s", parameter "a", layer "l": expected a known parameter, found "color"; add it, or use one of title"#,
        r#"parameter store "s", parameter "b": expected a known experiment, found "z"; add it, or use one of e, f, k"#,
    ];
    for (line, expected) in found.lines().zip(expected) {
        assert!(line.starts_with(expected), "{line}\nis not\n{expected}");
    }
    assert_eq!(found.lines().count(), expected.len(), "{found}");
    assert!(
        specs.unchecked().to_json().is_ok(),
        "unchecked specs are written"
    );
}

#[test]
fn operators_have_statsigs_names() {
    for (operator, name) in [
        (Operator::None, "none"),
        (Operator::AnyCaseSensitive, "any_case_sensitive"),
        (Operator::StrStartsWithAny, "str_starts_with_any"),
        (Operator::Gte, "gte"),
        (Operator::VersionNeq, "version_neq"),
        (Operator::NotInSegmentList, "not_in_segment_list"),
        (Operator::NotArrayContainsAll, "not_array_contains_all"),
    ] {
        assert_eq!(json!(operator), name);
    }
}
