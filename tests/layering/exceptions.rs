//! Known violations of the rules. Each change may only shorten these lists.

/// Steps of circles, as `imports_form_no_circle` prints them.
pub(crate) const CIRCLES: &[(&str, &str)] = &[];

/// Files that are too long.
pub(crate) const LONG_FILES: &[&str] = &[];

/// For each folder, the number of comments that may be too wide.
pub(crate) const WIDE_COMMENTS: &[(&str, usize)] = &[("statsig", 42)];
