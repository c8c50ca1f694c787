//! Users: IDs, attributes, private attributes, and changed copies.

use std::collections::HashMap;

use serde_json::json;
use statsig::StatsigUser;

pub(crate) fn users() -> StatsigUser {
    // A user ID or a custom ID is needed to place the user in a group.
    let user = StatsigUser::with_user_id("a-user");
    assert_eq!(user.user_id().as_deref(), Some("a-user"));
    let company = StatsigUser::with_custom_ids([("companyID", "c-9")]);
    assert_eq!(company.custom_id("companyID").as_deref(), Some("c-9"));

    let user = user
        .to_builder()
        .email("a@example.com")
        .ip("192.168.1.101")
        .user_agent("Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0")
        .country("US")
        .locale("en_US")
        .app_version("4.3.0")
        .custom("cohort", "June 2021")
        .custom_fields(HashMap::from([
            ("plan", json!("premium")),
            ("age", json!(25)),
        ]))
        // Used in evaluation only, and never sent.
        .private_attributes([("phone", "555-0100")])
        .build();
    assert_eq!(user.custom("age"), Some(&json!(25)));
    assert!(!format!("{user:?}").contains("555-0100"));

    let upgraded = user.to_builder().custom("plan", "enterprise").build();
    assert_eq!(upgraded.email(), user.email());
    assert_ne!(upgraded, user);
    user
}
