//! Users.

use std::collections::{HashMap, HashSet};

use serde_json::json;
use statsig::StatsigUser;
use statsig::compat::{self, StatsigUserSetters};

use super::Row;

/// One row of the guide: its section, the first name in it, and code for it.
pub(crate) const ROWS: &[Row] = &[
    ("StatsigUser", "with_user_id", |_| {
        assert_eq!(
            StatsigUser::with_user_id("a").user_id().as_deref(),
            Some("a")
        );
    }),
    ("StatsigUser", "with_custom_ids", |_| {
        let user = StatsigUser::with_custom_ids(HashMap::from([("companyID", "c-9")]));
        assert_eq!(user.custom_id("companyID").as_deref(), Some("c-9"));
    }),
    ("StatsigUser", "new", |_| {
        let user: StatsigUser = serde_json::from_value(json!({"userID": "a"})).expect("a user");
        assert_eq!(user, StatsigUser::builder("a").build());
    }),
    ("StatsigUser", "get_user_id", |_| {
        let user = StatsigUser::builder("a")
            .email("e")
            .ip("i")
            .user_agent("u")
            .country("NZ")
            .locale("l")
            .app_version("1")
            .build();
        let all = [
            user.user_id(),
            user.email(),
            user.ip(),
            user.user_agent(),
            user.country(),
            user.locale(),
            user.app_version(),
        ];
        assert_eq!(
            all.map(|text| text.expect("a text").into_owned()),
            ["a", "e", "i", "u", "NZ", "l", "1"]
        );
    }),
    ("StatsigUser", "get_custom_ids", |_| {
        let user = StatsigUser::with_custom_ids([("companyID", "c-9")]);
        assert_eq!(
            (
                user.custom_ids().count(),
                user.custom_id("companyID").as_deref()
            ),
            (1, Some("c-9"))
        );
    }),
    ("StatsigUser", "get_custom", |_| {
        let user = StatsigUser::builder("a").custom("plan", "pro").build();
        assert_eq!(
            (user.custom("plan"), user.custom_fields().count()),
            (Some(&json!("pro")), 1)
        );
    }),
    ("StatsigUser", "get_private_attributes", |_| {
        let user = StatsigUser::builder("a").private("card", "4111").build();
        assert_eq!(
            (user.private("card"), user.private_attributes().count()),
            (Some(&json!("4111")), 1)
        );
    }),
    ("StatsigUser", "get_statsig_environment", |_| {
        let user = StatsigUser::builder("a")
            .environment_tier("staging")
            .build();
        assert_eq!(user.environment_tier().as_deref(), Some("staging"));
    }),
    ("StatsigUser", "set_user_id", |s| {
        let mut user = s.user.clone();
        user.set_user_id("b");
        assert_eq!(user.user_id().as_deref(), Some("b"));
        user = user.to_builder().user_id("x").build();
        assert_eq!(user.user_id().as_deref(), Some("x"));
    }),
    ("StatsigUser", "set_email", |s| {
        let mut user = s.user.clone();
        user.set_email("b@example.com");
        assert_eq!(user.email().as_deref(), Some("b@example.com"));
        user = user.to_builder().email("x").build();
        assert_eq!(user.email().as_deref(), Some("x"));
    }),
    ("StatsigUser", "set_ip", |s| {
        let mut user = s.user.clone();
        user.set_ip("8.8.8.8");
        assert_eq!(user.ip().as_deref(), Some("8.8.8.8"));
        user = user.to_builder().ip("x").build();
        assert_eq!(user.ip().as_deref(), Some("x"));
    }),
    ("StatsigUser", "set_user_agent", |s| {
        let mut user = s.user.clone();
        user.set_user_agent("Mozilla/5.0");
        assert_eq!(user.user_agent().as_deref(), Some("Mozilla/5.0"));
        user = user.to_builder().user_agent("x").build();
        assert_eq!(user.user_agent().as_deref(), Some("x"));
    }),
    ("StatsigUser", "set_country", |s| {
        let mut user = s.user.clone();
        user.set_country("NZ");
        assert_eq!(user.country().as_deref(), Some("NZ"));
        user = user.to_builder().country("x").build();
        assert_eq!(user.country().as_deref(), Some("x"));
    }),
    ("StatsigUser", "set_locale", |s| {
        let mut user = s.user.clone();
        user.set_locale("en_NZ");
        assert_eq!(user.locale().as_deref(), Some("en_NZ"));
        user = user.to_builder().locale("x").build();
        assert_eq!(user.locale().as_deref(), Some("x"));
    }),
    ("StatsigUser", "set_app_version", |s| {
        let mut user = s.user.clone();
        user.set_app_version("1.2");
        assert_eq!(user.app_version().as_deref(), Some("1.2"));
        user = user.to_builder().app_version("x").build();
        assert_eq!(user.app_version().as_deref(), Some("x"));
    }),
    ("StatsigUser", "set_custom_ids", |s| {
        let mut user = s.user.clone();
        user.set_custom_ids(HashMap::from([("companyID", "c-9")]));
        assert_eq!(user.custom_ids().count(), 1);
        assert_eq!(user.to_builder().without_custom_ids().build(), s.user);
    }),
    ("StatsigUser", "set_custom", |s| {
        let mut user = s.user.clone();
        user.set_custom(HashMap::from([("plan", "pro")]));
        assert_eq!(user.custom("plan"), Some(&json!("pro")));
        assert_eq!(user.to_builder().without_custom_fields().build(), s.user);
    }),
    ("StatsigUser", "set_private_attributes", |s| {
        let mut user = s.user.clone();
        user.set_private_attributes(HashMap::from([("card", "4111")]));
        assert_eq!(user.private("card"), Some(&json!("4111")));
        assert_eq!(
            user.to_builder().without_private_attributes().build(),
            s.user
        );
    }),
    ("StatsigUser", "set_statsig_environment", |s| {
        let mut user = s.user.clone();
        user.set_statsig_environment(Some(HashMap::from([("tier", "staging")])));
        assert_eq!(user.environment_tier().as_deref(), Some("staging"));
        user.set_statsig_environment(None::<HashMap<String, String>>);
        assert_eq!(user, s.user);
    }),
    ("StatsigUserBuilder", "new_with_user_id", |_| {
        assert_eq!(
            compat::StatsigUserBuilder::new_with_user_id("a").build(),
            StatsigUser::builder("a").build()
        );
    }),
    ("StatsigUserBuilder", "new_with_custom_ids", |_| {
        let user = compat::StatsigUserBuilder::new_with_custom_ids([("companyID", "c-9")]).build();
        assert_eq!(
            user,
            StatsigUser::builder_with_custom_ids([("companyID", "c-9")]).build()
        );
    }),
    ("StatsigUserBuilder", "user_id", |_| {
        assert_eq!(
            compat::StatsigUserBuilder::new_with_user_id("a")
                .user_id(Some("b"))
                .build()
                .user_id()
                .as_deref(),
            Some("b")
        );
    }),
    ("StatsigUserBuilder", "custom_ids", |_| {
        let user = compat::StatsigUserBuilder::new_with_user_id("a")
            .custom_ids(Some([("companyID", "c-9")]))
            .build();
        assert_eq!(
            user,
            StatsigUser::builder("a")
                .custom_ids([("companyID", "c-9")])
                .build()
        );
    }),
    ("StatsigUserBuilder", "email", |_| {
        let user = compat::StatsigUserBuilder::new_with_user_id("a")
            .email(Some("b@example.com".to_owned()))
            .build();
        assert_eq!(user.email().as_deref(), Some("b@example.com"));
    }),
    ("StatsigUserBuilder", "ip", |_| {
        let user = compat::StatsigUserBuilder::new_with_user_id("a")
            .ip(Some("8.8.8.8".to_owned()))
            .build();
        assert_eq!(user.ip().as_deref(), Some("8.8.8.8"));
    }),
    ("StatsigUserBuilder", "user_agent", |_| {
        let user = compat::StatsigUserBuilder::new_with_user_id("a")
            .user_agent(Some("Mozilla/5.0".to_owned()))
            .build();
        assert_eq!(user.user_agent().as_deref(), Some("Mozilla/5.0"));
    }),
    ("StatsigUserBuilder", "country", |_| {
        let user = compat::StatsigUserBuilder::new_with_user_id("a")
            .country(Some("NZ".to_owned()))
            .build();
        assert_eq!(user.country().as_deref(), Some("NZ"));
    }),
    ("StatsigUserBuilder", "locale", |_| {
        let user = compat::StatsigUserBuilder::new_with_user_id("a")
            .locale(Some("en_NZ".to_owned()))
            .build();
        assert_eq!(user.locale().as_deref(), Some("en_NZ"));
    }),
    ("StatsigUserBuilder", "app_version", |_| {
        let user = compat::StatsigUserBuilder::new_with_user_id("a")
            .app_version(Some("1.2".to_owned()))
            .build();
        assert_eq!(user.app_version().as_deref(), Some("1.2"));
    }),
    ("StatsigUserBuilder", "statsig_environment", |_| {
        let tier = HashMap::from([("tier".to_owned(), "staging".to_owned())]);
        assert_eq!(
            compat::StatsigUserBuilder::new_with_user_id("a")
                .statsig_environment(Some(tier))
                .build()
                .environment_tier()
                .as_deref(),
            Some("staging")
        );
    }),
    ("StatsigUserBuilder", "custom_from_str_map", |_| {
        let plan = HashMap::from([("plan".to_owned(), "pro".to_owned())]);
        assert_eq!(
            compat::StatsigUserBuilder::new_with_user_id("a")
                .custom_from_str_map(Some(plan.clone()))
                .build(),
            StatsigUser::builder("a").custom_fields(plan).build()
        );
    }),
    ("StatsigUserBuilder", "custom", |_| {
        let plan = HashMap::from([("plan".to_owned(), compat::DynamicValue::from("pro"))]);
        assert_eq!(
            compat::StatsigUserBuilder::new_with_user_id("a")
                .custom(Some(plan))
                .build(),
            StatsigUser::builder("a").custom("plan", "pro").build()
        );
    }),
    (
        "StatsigUserBuilder",
        "private_attributes_from_str_map",
        |_| {
            let card = HashMap::from([("card".to_owned(), "4111".to_owned())]);
            assert_eq!(
                compat::StatsigUserBuilder::new_with_user_id("a")
                    .private_attributes_from_str_map(Some(card.clone()))
                    .build(),
                StatsigUser::builder("a").private_attributes(card).build()
            );
        },
    ),
    ("StatsigUserBuilder", "private_attributes", |_| {
        let card = HashMap::from([("card".to_owned(), json!("4111"))]);
        assert_eq!(
            compat::StatsigUserBuilder::new_with_user_id("a")
                .private_attributes(Some(card))
                .build(),
            StatsigUser::builder("a").private("card", "4111").build()
        );
    }),
    ("StatsigUserBuilder", "id_list_memberships", |_| {
        let lists = HashMap::from([("userID".to_owned(), HashSet::from(["a_list".to_owned()]))]);
        let _ = compat::StatsigUserBuilder::new_with_user_id("a")
            .id_list_memberships(lists)
            .build();
    }),
    ("StatsigUserBuilder", "build", |_| {
        let _ = compat::StatsigUserBuilder::new_with_user_id("a").build();
    }),
];
