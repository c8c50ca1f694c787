//! What breaks a rule and is still to be put right. These lists only shrink.

/// Steps of circles, as `imports_form_no_circle` prints them.
pub(crate) const CIRCLES: &[(&str, &str)] = &[
    ("evaluation/evaluate.rs", "evaluation/overridden.rs"),
    ("evaluation/trace.rs", "evaluation/evaluate.rs"),
    ("events.rs", "own_events.rs"),
    ("specs/compile.rs", "specs/compile_condition.rs"),
    ("specs/compile.rs", "specs/compile_param_store.rs"),
    ("specs/compiled.rs", "specs/condition.rs"),
    ("specs/compiled.rs", "specs/origins.rs"),
    ("specs/compiled.rs", "specs/rendered.rs"),
    ("specs/lenient.rs", "specs/model.rs"),
];

/// Files that are too long.
pub(crate) const LONG_FILES: &[&str] = &["specs/compile.rs", "user/mod.rs"];

/// How many comments of a folder may be too wide.
pub(crate) const WIDE_COMMENTS: &[(&str, usize)] = &[
    ("statsig", 1118),
    ("statsig-core", 700),
    ("statsig-macros", 5),
    ("statsig-local", 12),
    ("integrations", 100),
    ("examples", 6),
    ("tests", 72),
    ("benches", 41),
];
